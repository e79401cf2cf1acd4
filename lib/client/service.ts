import type { ActivityFigure } from '../core/ports/activity-log.ts';
import type { Load, MeasuredWork } from '../core/ports/admission.ts';

/** Status of the service. */
export interface ServiceStatus {
  readonly load: Load;
  /** Whether it accepts requests now. */
  readonly accepting: boolean;
  /** What attempts took in about the last minute. Absent if no handler ran, or it isn't known. */
  readonly work?: MeasuredWork;
  /** No request starts before it ends. Absent if there is none. */
  readonly pause?: Pause;
  /** When the oldest waiting request was sent to the queue. Absent if none waits, or the queue doesn't say it, as SQS. */
  readonly oldestWaitingSince?: string;
}

/** A setting in effect. */
export interface ServiceSetting {
  /** In code, such as `maxAttempts`. */
  readonly name: string;
  /** Absent for secrets, and for settings that are off or unknown. */
  readonly value?: unknown;
  readonly unit?: string;
  /** Absent if it depends on other settings, or if the setting is off by default. */
  readonly default?: unknown;
  /** What sets it: `prop NAME` of `AsyncService`, or `variable NAME`. Absent where nothing outside of the program does. */
  readonly setBy?: string;
  /** Where the value came from: `default`, `deployment`, `program`, `file`, `option NAME` or `variable NAME`. */
  readonly from: string;
}

/** An alarm of a service. */
export interface ServiceAlarm {
  /** As docs/operations.md names it, such as `DeadLetters`. */
  readonly name: string;
  readonly state: 'ok' | 'alarm' | 'unknown';
  /** Since when, in RFC 3339, if that is known. */
  readonly since?: string;
  /** Why it is in this state, for people. */
  readonly reason?: string;
  /** What raises it, and what to do then. */
  readonly description: string;
}

/** A time in which no request starts. Times are in RFC 3339. */
export interface Pause {
  readonly until: string;
  /** Why, in words for people. */
  readonly reason?: string;
  /** When an operator started it. Absent if the service paused itself. */
  readonly since?: string;
  /** The operator who started it, if known. Only operators see it. */
  readonly by?: string;
}

/** A pause to ask for. */
export interface NewPause {
  /** When processing continues by itself: at most a day from now. A string is in RFC 3339. */
  readonly until: Date | string;
  /** Why: 1 to 200 characters on one line. All who wait for a request may see it. */
  readonly reason: string;
}

/** What a service accepted, and where it is: all figures as of one moment. */
export interface Ledger {
  /** Requests that were accepted. */
  readonly accepted: number;
  /** Requests that have ended: `failed` without those in `deadLettered`. */
  readonly ended: {
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly expired: number;
  };
  readonly waiting: number;
  readonly running: number;
  /** Requests that used up their attempts, and whose record is kept. */
  readonly deadLettered: number;
  /** `accepted` minus all the others. Anything but 0 means that requests are lost. */
  readonly drift: number;
  /** When it was read. */
  readonly at: string;
  /**
   * The audit that the figures come from, where the service can't count at any moment, as on AWS: they are of `at`, when it began, and
   * of the requests whose record is kept.
   */
  readonly audit?: {
    /** How many findings have a verdict. */
    readonly verdicts: Readonly<Record<string, number>>;
    /** How long it took. */
    readonly seconds: number;
  };
}

/** What a service did in its last hours. */
export interface Activity {
  /** When the first bucket begins. */
  readonly from: string;
  /** When it was read. The last bucket isn't over then. */
  readonly to: string;
  /** Length of a bucket. */
  readonly bucketSeconds: number;
  /** All buckets, in order of time. */
  readonly buckets: readonly ActivityBucket[];
  /** Figures without any data, whose counts aren't known to be 0; absent if there are none. */
  readonly missing?: readonly ActivityFigure[];
}

/** How many requests were submitted in a bucket, and how many ended. A request that is redriven ends again. */
export interface ActivityBucket extends Readonly<Record<ActivityFigure, number>> {
  /** When it begins. */
  readonly at: string;
}
