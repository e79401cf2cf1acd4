/** The first use of an idempotency key. */
export interface KeyUse {
  /** The id of its request; of a request whose client chose the id, another one, which only names this use. */
  readonly requestId: string;
  /** A digest of the submission. With another fingerprint, the same key is used for another request. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** Until when the use is remembered, in milliseconds since 1970, rounded up to the second. */
  readonly keptUntil: number;
}

/** Remembers the uses of idempotency keys. Each tenant has its own keys. */
export interface IdempotencyKeys {
  /**
   * Takes a key for a use, atomically: only one of several concurrent callers gets the key.
   * @returns the current use of the key: this one, recognizable by its `requestId`, or an earlier one that is still
   * remembered at `use.usedAt`
   */
  take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse>;
  /** The use of a key at a time, in milliseconds since 1970; undefined if the key is free. */
  find(tenant: string | undefined, key: string, at: number): Promise<KeyUse | undefined>;
}
