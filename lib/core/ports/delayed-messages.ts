/** Sends messages after delays that are longer than a queue supports. They may be a minute late. */
export interface DelayedMessages {
  /**
   * Sends a message later. A second call with the same name has no effect while the first message waits.
   * @param name up to 64 letters, digits and - _ .
   * @param at milliseconds since 1970
   */
  schedule(name: string, message: string, at: number): Promise<void>;
}
