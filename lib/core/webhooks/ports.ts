/** What a receiver answered. */
export interface WebhookAnswer {
  readonly status: number;
  /** Its header of that name, as it came. */
  readonly retryAfter?: string;
}

/** Calls receivers. Leaves out redirects, proxies and the bodies of answers. */
export interface WebhookSender {
  /**
   * POSTs once, to public addresses only.
   * @throws Error when there was no answer in time, or the URL leads to a place that may not be called; then nothing was
   *   sent there
   */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<WebhookAnswer>;
}

/** What deliveries are signed with. */
export interface WebhookSecrets {
  /** The current one first; the previous one while receivers change over. */
  read(): Promise<readonly string[]>;
}

/** Sends messages later than a queue's own delay can. Leaves out exactness: a minute more is none. */
export interface DelayedMessages {
  /**
   * Sends a message once. Said again under the same name, while the first waits, it changes nothing.
   * @param name up to 64 letters, digits and - _ .
   * @param at milliseconds since 1970
   */
  schedule(name: string, message: string, at: number): Promise<void>;
}
