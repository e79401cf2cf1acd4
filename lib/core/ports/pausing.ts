/** What gives a processor its messages. */
export interface EventSource {
  isEnabled(): Promise<boolean>;
  /** Rejects while an earlier change is under way, too. */
  enable(): Promise<void>;
  /** As {@link enable}. */
  disable(): Promise<void>;
  /** The id of the pause that it is off for, or about to be; undefined where it is off for none. */
  pauseId(): Promise<string | undefined>;
  /** Notes a pause on it, in place of an earlier one; undefined notes that there is none. */
  notePause(id: string | undefined): Promise<void>;
}

/** A queue whose messages can be held back. */
export interface DelayQueue {
  /** @param delaySeconds up to a quarter of an hour */
  send(message: string, delaySeconds: number): Promise<void>;
}

/** A time in which nothing is to be begun. */
export interface Pause {
  /** From 1 to {@link PAUSE_MAX_SECONDS}. */
  readonly seconds: number;
  /** What is down, for people. */
  readonly reason: string;
}

/** Whoever can keep messages away from a processor. Leaves out an answer: whether and when it does so isn't told. */
export interface PauseRequests {
  request(pause: Pause): Promise<void>;
}
