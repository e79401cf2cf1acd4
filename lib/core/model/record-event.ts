import type { ErrorSummary } from '../base/serialize-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Metadata } from './kept-metadata.ts';
import type { Outcome } from './outcome.ts';
import type { PinnedPayload } from './pinned-payload.ts';
import type { Progress, RecordedRequest } from './request-record.ts';

/** An event in the life of a request. */
export type RecordEvent =
  | {
      readonly type: 'submit';
      readonly request: RecordedRequest;
      /** {@link RequestRecord.metadata} */
      readonly metadata?: Metadata;
      /** Whether the payload is already stored. */
      readonly uploaded: boolean;
      /** {@link RequestRecord.backlog} */
      readonly backlog?: number;
    }
  | { readonly type: 'uploaded' | 'cancel' }
  | {
      readonly type: 'dead_letter';
      /** How often the request had been redriven when its message was dead-lettered. */
      readonly redrives: number;
      /** The dead letter doesn't contain the number of the redrive. */
      readonly bare?: boolean;
    }
  | {
      readonly type: 'claim';
      readonly request: RecordedRequest;
      /** {@link RequestRecord.metadata}, for a request without a record */
      readonly metadata?: Metadata;
      readonly leaseEndsAt: number;
      /** Unique for each claim. A claim that is repeated because its response was lost keeps its id. */
      readonly leaseId: string;
      /** The version of the code that claims it, if it has one. */
      readonly handlerVersion?: string;
      /** Whether to leave the request to newer code, if this code is too old for it. @default false */
      readonly awaitsVersion?: boolean;
      /** When the message was sent. */
      readonly sentAt?: number;
      /** The payload of the message; absent if it can't be read. */
      readonly payload?: PinnedPayload;
      /** The queue has deleted all messages that were sent before this time. */
      readonly goneBefore?: number;
      /** The number of redrives before this one, if the message is a redriven dead letter with that number. */
      readonly deadLetterOf?: number;
      /** Whether to take over from an attempt that never reported its end. @default true */
      readonly mayTakeOver?: boolean;
      /** Whether to claim it before its time, since it can't wait and so fails. @default false */
      readonly mayBeEarly?: boolean;
    }
  | { readonly type: 'progress'; readonly leaseId: string; readonly progress: Progress }
  | {
      readonly type: 'checkpoint';
      readonly leaseId: string;
      readonly checkpoint: Checkpoint;
      /** The latest progress, if it isn't recorded yet. */
      readonly progress?: Progress;
      /** Whether the attempt ends here, to be continued by the next claim. */
      readonly suspend: boolean;
      /** {@link RequestRecord.metadata}, as the attempt knows it */
      readonly metadata?: Metadata;
      /** {@link RecordedAttempt.traceparent} */
      readonly traceparent?: string;
    }
  | {
      readonly type: 'renew';
      readonly leaseId: string;
      /** When the renewed lease expires. */
      readonly leaseEndsAt: number;
    }
  | {
      readonly type: 'release';
      readonly leaseId: string;
      readonly error: ErrorSummary;
      /** Whether the attempt doesn't count, since the request didn't cause its failure. */
      readonly uncounted?: boolean;
      /** When the next attempt starts at the earliest. */
      readonly nextAttemptAt?: number;
      /** {@link RequestRecord.metadata}, as the attempt knows it */
      readonly metadata?: Metadata;
      /** {@link RecordedAttempt.traceparent} */
      readonly traceparent?: string;
    }
  | {
      readonly type: 'complete';
      readonly leaseId: string;
      readonly outcome: Outcome;
      /** Set if the outcome is a failure because the attempts are used up. */
      readonly attemptsExhausted?: Exhaustion;
      /** Whether the claim only served to record the outcome: the request didn't run. @default false */
      readonly unrun?: boolean;
      /** Whether the outcome is that of the attempt before, which couldn't record it. @default false */
      readonly recovered?: boolean;
      /** {@link RequestRecord.metadata}, as the attempt knows it */
      readonly metadata?: Metadata;
      /** {@link RecordedAttempt.traceparent} */
      readonly traceparent?: string;
    }
  /** The output queue rejects the success in every form, so this failure replaces it. */
  | { readonly type: 'unpublishable'; readonly outcome: Outcome };

/** A request has used up its attempts. */
export interface Exhaustion {
  /** The latest error that an attempt reported. */
  readonly error: ErrorSummary | undefined;
}

/** An event that can create a record. */
export type BeginningEvent = Extract<RecordEvent, { readonly type: 'submit' | 'claim' }>;

/** An attempt releases the lease after a failure. */
export type ReleaseEvent = Extract<RecordEvent, { readonly type: 'release' }>;

/** An attempt takes the lease of a request. */
export type ClaimEvent = Extract<RecordEvent, { readonly type: 'claim' }>;

/** An attempt saves a checkpoint. */
export type CheckpointEvent = Extract<RecordEvent, { readonly type: 'checkpoint' }>;

/** An attempt records the outcome. */
export type CompleteEvent = Extract<RecordEvent, { readonly type: 'complete' }>;
