/** Two times, in milliseconds since 1970: the earliest and the latest that something is expected. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What a request waits for, and for how long. */
export interface Forecast {
  /** One sentence for people, without a full stop. Times in it are in UTC. */
  readonly why: string;
  /** Whether it waits because all processing is paused, or that of requests which share its key. */
  readonly isPaused?: true;
  /** When its next attempt starts: at nine of ten requests within the range. Absent if too little is known, or if it has expired. */
  readonly startsAbout?: TimeRange;
  /** When its current attempt ends, or its next one. Absent if too little is known. */
  readonly endsAbout?: TimeRange;
}
