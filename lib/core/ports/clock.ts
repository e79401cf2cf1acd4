/** The current time, injected so that tests can set it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** A clock that can also wait. */
export interface Timer extends Clock {
  sleep(milliseconds: number): Promise<void>;
}

/** A source of random numbers from 0 (inclusive) to 1 (exclusive), injected so that tests can set it. */
export type Random = () => number;
