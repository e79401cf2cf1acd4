/** What a timer is for, such as a batch or an action. */
export interface TimerKey {
  readonly id: string;
  readonly tenant?: string;
}

/** Timers outside of the process, one for each key: each fires every minute, until it is stopped. */
export interface MinuteTimers {
  /** Starts a timer. Does nothing if it runs. */
  start(key: TimerKey): Promise<void>;
  /** Stops a timer. Does nothing if there is none. */
  stop(key: TimerKey): Promise<void>;
}
