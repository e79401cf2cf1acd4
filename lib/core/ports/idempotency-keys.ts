/** What an idempotency key was used for first. */
export interface KeyUse {
  readonly requestId: string;
  /** Stands for all that was asked for: another one under the same key is another request. */
  readonly fingerprint: string;
  /** When, in milliseconds since 1970. */
  readonly usedAt: number;
  /** Until when the key means this use, in milliseconds since 1970, rounded up to the second. */
  readonly keptUntil: number;
}

/** Remembers what idempotency keys were used for; one tenant's keys are nothing to another's. */
export interface IdempotencyKeys {
  /**
   * Takes a key for a use. Of any number of callers at a time one gets it.
   * @returns the use the key has now: this one, which has its `requestId`, or an earlier one whose time isn't over at
   * `use.usedAt`
   */
  take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse>;
  /** The use a key has at a time, in milliseconds since 1970; undefined when it could be taken. */
  find(tenant: string | undefined, key: string, at: number): Promise<KeyUse | undefined>;
}
