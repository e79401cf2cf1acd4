import type { Priority } from '../model/priority.ts';
import type { NotedPause } from './telemetry.ts';

/** The load that an admission decision uses. Unknown figures are absent; all others are finite. */
export interface Load {
  /** Requests that wait or are being processed. Those between two attempts count up to the number of slots. */
  readonly backlog?: number;
  /** Requests that the service completes a second, at least, judged by recent work. */
  readonly completionsPerSecond?: number;
  /** Expected time until a request that is admitted now is done, in seconds. */
  readonly predictedWaitSeconds?: number;
  readonly maxWaitSeconds: number;
}

/** How fast a service handles requests while none of its slots is free, judged by recent work. */
export interface Pace {
  /** Requests that are handled at a time. */
  readonly slots: number;
  /** Mean time that an attempt holds its slot. */
  readonly meanSeconds: number;
  /** Variance of that time, as a part of the square of its mean. */
  readonly variation: number;
  /** How many attempts give back their slots together: those of a batch. */
  readonly together: number;
  /** How far the mean of one time differs from that of another: the standard deviation, as a part of the mean. */
  readonly drift: number;
  /** How many attempts this is judged by. */
  readonly sample: number;
}

/** What decides when a request starts, as far as it is known. */
export interface LoadFigures {
  /** As in {@link Load}, and as it has probably become since it was read. */
  readonly backlog?: number;
  /** The standard deviation of the backlog. @default 0 */
  readonly backlogSpread?: number;
  readonly pace?: Pace;
  /** A time in which nothing starts. */
  readonly pause?: NotedPause;
}

/** A value of a limit's key whose `maxWaiting` is reached. */
export interface FullKey {
  readonly key: string;
  /** Empty for the key `all`. */
  readonly value: string;
  readonly waiting: number;
  readonly maxWaiting: number;
}

/** Why a request isn't admitted. */
export type RefusalReason =
  /** The service has too many requests, or this tenant has too large a share of them. */
  | { readonly reason: 'overloaded' | 'tenant_over_share' }
  | { readonly reason: 'too_many_waiting'; readonly full: FullKey };

/** A request isn't admitted. */
export type AdmissionRefusal = RefusalReason & {
  readonly admitted: false;
  /** Seconds after which to try again, a whole number from 1. */
  readonly retryAfterSeconds: number;
  readonly load: Load;
};

/** A request is admitted. */
export interface AdmissionGrant {
  readonly admitted: true;
  readonly load: Load;
  /** The requests ahead of it: the backlog as it has probably become since it was read. Absent if unknown. */
  readonly ahead?: number;
  /** Whether the request was counted as waiting for a limit. @default false */
  readonly countsAsWaiting?: true;
}

/** Whether a request is admitted. */
export type AdmissionDecision = AdmissionGrant | AdmissionRefusal;

/** The submitter of a request. */
export interface Submitter {
  readonly tenant?: string;
  readonly topic?: string;
  /** @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
  /** When the request expires, in milliseconds since 1970. */
  readonly expiresAt?: number;
  /** @default 'normal' */
  readonly priority?: Priority;
}

/** What attempts took lately. */
export interface MeasuredWork {
  /** The length of the time in which they ended, in seconds: about a minute. */
  readonly seconds: number;
  /** Attempts whose handler ran, successfully or not. */
  readonly attempts: number;
  /** Requests that ended. */
  readonly completed: number;
  /** Mean time that an attempt held its slot, in seconds: in a batch, until its slowest request was done. */
  readonly meanAttemptSeconds: number;
}

/** The load, and its consequence. */
export interface AdmissionState {
  readonly load: Load;
  /** Absent if unknown, or no handler ran lately. */
  readonly work?: MeasuredWork;
  /** Whether a request would be admitted now, apart from the share of its tenant. */
  readonly accepting: boolean;
  /** The latest time in which nothing starts, which may have passed. */
  readonly pause?: NotedPause;
  /** When the oldest request that waits was sent, in milliseconds since 1970. Absent if unknown, or none waits. */
  readonly oldestSentAt?: number;
}

/** Decides whether requests are admitted. */
export interface Admission {
  decide(submitter: Submitter): Promise<AdmissionDecision>;
  /**
   * Stops counting a request as waiting that was counted when it was admitted, and won't start. Never rejects. Absent where none
   * is counted.
   */
  leave?(submitter: Submitter): Promise<void>;
  /** How many requests wait or run, of all priorities; undefined if unknown. @default - the backlog of {@link state} */
  backlog?(): Promise<number | undefined>;
  /** Reads the load without a request to decide on. */
  state(): Promise<AdmissionState>;
  /** Reads what decides when the requests of a priority start. It may be a few seconds old. */
  figures(priority?: Priority): Promise<LoadFigures>;
}
