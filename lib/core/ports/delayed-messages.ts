/** Sends messages after delays that are longer than a queue supports. They may be a minute late. */
export interface DelayedMessages {
  /**
   * Sends a message later. A second call with the same name has no effect while the first message waits.
   * @param name up to 64 letters, digits and - _ .
   * @param at milliseconds since 1970
   */
  schedule(name: string, message: string, at: number): Promise<void>;
}

/** Delayed messages that can be found and removed while they wait. */
export interface RemovableMessages extends DelayedMessages {
  /** The message that waits under a name; undefined if there is none. */
  find(name: string): Promise<string | undefined>;
  /** Removes the message that waits under a name, if there is one. It may be sent at the same time. */
  remove(name: string): Promise<void>;
}
