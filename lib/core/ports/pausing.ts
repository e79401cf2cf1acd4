/** The event source of a processor. */
export interface EventSource {
  isEnabled(): Promise<boolean>;
  /** Rejects while an earlier change is under way, too. */
  enable(): Promise<void>;
  /** As {@link enable}. */
  disable(): Promise<void>;
  /** The id of the pause that disabled it, or is about to; undefined if there is none. */
  pauseId(): Promise<string | undefined>;
  /** Sets or clears the id of the pause. */
  notePause(id: string | undefined): Promise<void>;
}

/** A queue that can delay messages. */
export interface DelayQueue {
  /** @param delaySeconds up to a quarter of an hour */
  send(message: string, delaySeconds: number): Promise<void>;
}

/** A pause in which no attempts start. */
export interface Pause {
  /** From 1 to {@link PAUSE_MAX_SECONDS}. */
  readonly seconds: number;
  /** What is down, in words for people. */
  readonly reason: string;
}

/** Requests pauses of a processor's message source. The caller doesn't learn whether or when a pause takes effect. */
export interface PauseRequests {
  request(pause: Pause): Promise<void>;
}
