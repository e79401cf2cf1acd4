/** Lets one request run. Disposing of it gives it back, unless it was freed: the request doesn't start after all. */
export interface Permit extends Disposable {
  /** The request has ended. */
  free(): void;
}

/** A request must wait. */
export interface LimitWait {
  /** Waits until a permit may be free in this process. Absent if that isn't soon. */
  readonly untilFreed?: (signal: AbortSignal) => Promise<void>;
  /**
   * Takes a turn among the requests that are sent back. One whose turn is later than it can wait takes none: when it comes back,
   * the turns before it have been used.
   * @param latest when it must come back, in milliseconds since 1970
   * @returns when to come back
   */
  retryAt(latest: number): number;
}
