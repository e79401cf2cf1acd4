import type { ErrorSummary } from '../core/base/serialize-error.ts';
import type { Allowance, Limit } from '../core/config/limits.ts';
import type {
  ActionKind,
  ActionProgress,
  ActionState,
  Canary,
  ActionFilter as Filter,
  ItemResult,
} from '../core/model/action.ts';
import type { AttemptError } from '../core/model/attempt-history.ts';
import type { BatchCounts, BatchStatus } from '../core/model/batch.ts';
import type { ImportProblem, ImportState } from '../core/model/batch-import.ts';
import type { Problem as OutcomeProblem } from '../core/model/outcome.ts';
import type { Priority } from '../core/model/priority.ts';
import type { Progress, RequestStatus } from '../core/model/request-record.ts';
import type { NewWebhookEndpoint, WebhookEndpointChanges } from '../core/model/webhook-endpoint.ts';
import type { WebhookStatus } from '../core/model/webhook-state.ts';
import type { ActivityFigure } from '../core/ports/activity-log.ts';
import type { FullKey, Load, MeasuredWork } from '../core/ports/admission.ts';

export type {
  ActionKind,
  ActionState,
  ActivityFigure,
  Allowance,
  AttemptError,
  BatchCounts,
  BatchStatus,
  Canary,
  FullKey,
  ImportProblem,
  ImportState,
  Limit,
  Load,
  MeasuredWork,
  NewWebhookEndpoint,
  OutcomeProblem,
  Priority,
  Progress,
  RequestStatus,
  WebhookEndpointChanges,
  WebhookStatus,
};

/** A request in the API. Times are in RFC 3339, UTC. */
export interface RequestResource {
  /** The ticket. */
  readonly id: string;
  /** Tenant that it belongs to, if it has one: only in lists for operators. */
  readonly tenant?: string;
  /** Issuer of the id, if it isn't this API; such a request is found only with `source`. */
  readonly source?: string;
  readonly status: RequestStatus;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it succeeded, failed, was cancelled or expired. */
  readonly endedAt?: string;
  /** It doesn't start before this time. */
  readonly notBefore?: string;
  /** It doesn't start after this time. */
  readonly expiresAt?: string;
  /** Oldest version of the handler that may run it. */
  readonly minVersion?: string;
  /** What it is about. */
  readonly topic?: string;
  /** How urgent it is; absent if its sender stated none: then it is `normal`. */
  readonly priority?: Priority;
  /** Metadata that its record keeps: of the keys that the service declares. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Trace that it belongs to, if any. */
  readonly traceparent?: string;
  /** The failed request that it retries. */
  readonly retryOf?: string;
  /** Attempts started. */
  readonly attempts: number;
  /** The latest attempts that ran, in order, at most 20. Absent in lists, and if none is known. */
  readonly attemptHistory?: readonly Attempt[];
  /** Version of the code that took the latest attempt, if it has one. */
  readonly handlerVersion?: string;
  /** Progress that the latest attempt reported. */
  readonly progress?: Progress;
  /** Checkpoints that the handler saved, if any. */
  readonly checkpoints?: number;
  /** Error of the latest failed attempt. */
  readonly lastError?: ErrorSummary;
  /** Group of its failure, if it failed. */
  readonly failureGroup?: string;
  /** What it waits for, in one sentence for people. Absent once it has ended. */
  readonly why?: string;
  /** True if it waits because processing is paused, or that of requests which share its key; absent otherwise. */
  readonly isPaused?: true;
  /** When its next attempt starts, for nine of ten requests. Absent if too little is known, while it runs, once it has expired, and in lists. */
  readonly startsAbout?: TimeRange;
  /** When its current or next attempt ends, for nine of ten requests. Absent if too little is known, and in lists. */
  readonly endsAbout?: TimeRange;
  /** Size and type of its result, if it succeeded. */
  readonly result?: { readonly size: number; readonly contentType: string };
  /** Why it has no result, if it failed, was cancelled or expired. */
  readonly problem?: OutcomeProblem;
  /** State of its webhook, if it has one. */
  readonly webhook?: WebhookDelivery;
  /** Paths relative to the API's base URL. */
  readonly links: { readonly self: string; readonly result: string; readonly cancel: string };
}

/** An attempt of a request. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly startedAt: string;
  /** Absent while it runs, and if it never reported its end: crash, out of memory or timeout. */
  readonly endedAt?: string;
  /** Version of its code, if it has one. */
  readonly handlerVersion?: string;
  /** Why it failed, in short. */
  readonly error?: AttemptError;
  /** It doesn't count, since the request didn't cause its failure. */
  readonly uncounted?: true;
  /** Of the first attempt after a redrive: the number of the redrive, from 1. */
  readonly redrive?: number;
  /** Its trace, if it has one apart from that of its request. */
  readonly traceparent?: string;
}

/** A request that was submitted. */
export interface SubmittedRequest extends RequestResource {
  /** The signed receipt, if the service gives one; for an upload, only with `sha256`, and of its ticket. See docs/ledger.md. */
  readonly receipt?: string;
}

/** The earliest and the latest time that something is expected. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

/** State of a webhook. */
export interface WebhookDelivery {
  /**
   * Final: `delivered`, `disabled` (its receiver answered 410) and `dead_lettered` (it is in the webhooks' dead-letter
   * queue).
   */
  readonly status: WebhookStatus;
  /** Time of the last attempt; while it is pending, the request's end. */
  readonly at: string;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason?: string;
  readonly nextAttemptAt?: string;
}

/** A schedule to add. One of `json`, `text` and `base64` is the payload of its requests. */
export interface NewSchedule {
  /** 1 to 64 letters, digits, `_`, `-` and `.`. A schedule of this name is replaced. */
  readonly name: string;
  /** Minute, hour, day of month, month, day of week. Instead of {@link everyMinutes}. */
  readonly cron?: string;
  /** The time zone of the cron expression, such as `Europe/Berlin`. @default 'UTC' */
  readonly timeZone?: string;
  /** Whole minutes from one run to the next. Instead of {@link cron}. */
  readonly everyMinutes?: number;
  /** No run is before it. A string is in RFC 3339. */
  readonly startAt?: Date | string;
  /** No run is after it. A string is in RFC 3339. */
  readonly endAt?: Date | string;
  /** What happens to a run if the request of the previous run hasn't ended. @default 'queue' */
  readonly overlap?: 'queue' | 'skip' | 'cancel';
  /** Whether the last of the runs that could not be submitted in time is submitted late. @default 'last' */
  readonly missed?: 'last' | 'skip';
  readonly json?: unknown;
  readonly text?: string;
  readonly base64?: string;
  /** @default - by the form of the payload */
  readonly contentType?: string;
  /** Metadata for the processor, in printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly priority?: Priority;
}

/** A schedule. Times are in RFC 3339, UTC. */
export interface Schedule {
  readonly name: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly everyMinutes?: number;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly overlap: 'queue' | 'skip' | 'cancel';
  readonly missed: 'last' | 'skip';
  readonly topic?: string;
  readonly priority?: Priority;
  readonly createdAt: string;
  /** Since when it is paused; absent unless it is. */
  readonly pausedAt?: string;
  /** Its latest run that was submitted. */
  readonly lastRun?: ScheduleRun;
  /** Its latest run outside of its times, by `schedules.run()`. */
  readonly lastManualRun?: ScheduleRun;
  /** Its next runs, up to 5. */
  readonly nextRuns: readonly string[];
}

/** A run of a schedule, and its request. */
export interface ScheduleRun {
  readonly at: string;
  readonly requestId: string;
}

/** Many requests under one ticket. Times are in RFC 3339, UTC. */
export interface Batch {
  readonly id: string;
  /** `open` while items can be added, `running` when it is sealed. `completed`, `cancelled` and `expired` are final. */
  readonly status: BatchStatus;
  /** Topic of the items that have none of their own. */
  readonly topic?: string;
  readonly notBefore?: string;
  readonly expiresAt?: string;
  readonly createdAt: string;
  /** When sealing was requested during an import: it is sealed after the import. */
  readonly sealRequestedAt?: string;
  /** Of an open batch: when it is sealed without a further call, if no item is added until then. */
  readonly sealsAt?: string;
  readonly sealedAt?: string;
  readonly endedAt?: string;
  /** Items by their status. `queued` includes scheduled ones, `running` those that are being cancelled. */
  readonly counts: BatchCounts & { readonly total: number };
  /** The fraction of the items that have ended, from 0 to 1. */
  readonly progress: number;
  /** When it ends if its items continue to end as fast as since its start. */
  readonly estimatedEndAt?: string;
  /** The latest import of a manifest. @default - there was none */
  readonly import?: BatchImport;
  /** Paths relative to the API's base URL. */
  readonly links: {
    readonly self: string;
    readonly items: string;
    readonly seal: string;
    readonly results: string;
    readonly cancel: string;
    /** All results in one file. Present on AWS, from when it is written until it expires. */
    readonly manifest?: string;
  };
}

/** The import of the items of a manifest, and how far it is. */
export interface BatchImport {
  /** `running` until the end of the manifest is reached, `cancelled` with its batch. If it `failed`, the batch stays open. */
  readonly state: ImportState;
  /** The object, `s3://BUCKET/KEY`. */
  readonly manifest: string;
  /** Its size. */
  readonly bytes: number;
  /** The bytes of the lines that are imported. */
  readonly bytesDone: number;
  /** The lines that are imported, with empty and refused ones. */
  readonly lines: number;
  /** Lines that didn’t become items of the batch. The others did. */
  readonly refused: number;
  /** The first 100 refused lines. */
  readonly problems: readonly ImportProblem[];
  /** Why it failed. */
  readonly failure?: { readonly code: string; readonly detail: string };
}

/** An item of a batch, and how far its request is. */
export interface BatchResultLine {
  readonly key: string;
  /** The ticket of its request. */
  readonly id: string;
  readonly status: RequestStatus;
  readonly endedAt?: string;
  /** The result, if it succeeded: in one of `json`, `text` and `base64`, or at `link`, unless it is no longer kept. */
  readonly result?: {
    readonly contentType: string;
    readonly size: number;
    readonly json?: unknown;
    readonly text?: string;
    readonly base64?: string;
    /** Path of the result: `client.result(id)` gets it. */
    readonly link?: string;
    readonly gone?: true;
  };
  /** Why it has no result, if it failed, was cancelled or expired. */
  readonly problem?: OutcomeProblem;
}

/** What one value of a limit's key allows now, and how it stands. Times are in RFC 3339, UTC. */
export interface LimitView extends Allowance {
  /** `tenant`, `topic`, `all` or `metadata.NAME`. */
  readonly key: Limit['key'];
  /** Absent for the key `all`. */
  readonly value?: string;
  /** Requests that run, with places that processes keep for the next ones. Absent without `concurrency`. */
  readonly running?: number;
  /** Number of waiting requests. Absent without `maxWaiting`. */
  readonly waiting?: number;
  /** What was changed live. */
  readonly changed?: Allowance;
  /** No request starts before. */
  readonly pausedUntil?: string;
}

/** A live change of one value of a key. What is absent stays as it is. */
export interface LimitChange extends Allowance {
  /** No request starts before; a time that has passed ends a pause. A string is in RFC 3339. */
  readonly pausedUntil?: Date | string;
}

/** Selects requests for an action: all of its members must match. It has at least one. */
export interface ActionFilter extends Omit<Filter, 'since' | 'until' | 'createdSince' | 'createdUntil'> {
  /** Ended since then, or submitted since then if it hasn't ended. A string is in RFC 3339. */
  readonly since?: Date | string;
  /** Ended before then, or submitted before then if it hasn't ended. A string is in RFC 3339. */
  readonly until?: Date | string;
  /** Submitted since then. A string is in RFC 3339. */
  readonly createdSince?: Date | string;
  /** Submitted before then. A string is in RFC 3339. */
  readonly createdUntil?: Date | string;
}

/** What applying a plan takes of it. */
export interface SeenPlan {
  readonly hash: string;
  readonly count: number;
}

/** A request that an action lists. */
export interface ListedRequest {
  readonly id: string;
  readonly source?: string;
  readonly tenant?: string;
  /** When it was listed. */
  readonly status: RequestStatus;
}

/** A request that an action lists, with its result. */
export interface ActionRequestLine extends ListedRequest {
  /** Absent until it is handled. */
  readonly result?: ItemResult;
  /** Why it was skipped, or what failed. */
  readonly detail?: string;
  /** The new request, if it was retried: by this action, or before if it was skipped. */
  readonly retriedAs?: string;
}

/** An action on many requests. Times are in RFC 3339, UTC. */
export interface Action extends SeenPlan {
  readonly id: string;
  readonly action: ActionKind;
  readonly filter: ActionFilter;
  readonly state: ActionState;
  /** The first requests that it lists, up to 20. */
  readonly sample: readonly ListedRequest[];
  readonly rate: number;
  readonly canary?: Canary;
  readonly reason?: string;
  /** The payload that it retries a request with, instead of the original one: {@link ActionsClient.payload} gets it. Its size is in bytes. */
  readonly payload?: { readonly size: number; readonly contentType: string };
  readonly createdAt: string;
  /** Who planned it, if the service can tell callers apart. */
  readonly createdBy?: string;
  /** Until then, a plan can be applied. */
  readonly expiresAt: string;
  readonly appliedAt?: string;
  readonly endedAt?: string;
  readonly progress: ActionProgress & { readonly handled: number };
  /** Why its canary stopped it. */
  readonly stoppedBecause?: string;
}

/** A page of requests. */
export interface RequestPage {
  /** Can be fewer than the limit even if there are more. */
  readonly requests: readonly RequestResource[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** Requests that failed with the same error. Times are in RFC 3339, UTC. */
export interface FailureGroup {
  readonly id: string;
  /** Code of the error, or its name: of the last one, if a request used up its attempts. */
  readonly code: string;
  /** Message of the error, with placeholders for what differs between the requests. */
  readonly message: string;
  /** Where the error was thrown: a function and its file, if that is known. */
  readonly frame?: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  /** Failed requests. Exact up to 100,000; above that, a minimum. */
  readonly count: number;
  /** Up to 10 of the tenants whose requests failed. */
  readonly tenants: readonly string[];
  /** The note of an operator. Only operators see it. */
  readonly note?: {
    readonly text: string;
    /** Who noted it, if the API knows its callers. */
    readonly by?: string;
    readonly at: string;
  };
}

/** A page of groups of failed requests. */
export interface FailureGroupPage {
  readonly groups: readonly FailureGroup[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** An event that a webhook can report. */
export type WebhookEvent = NonNullable<NewWebhookEndpoint['events']>[number];

/** A receiver of webhooks. Times are in RFC 3339, UTC. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly topics?: readonly string[];
  readonly description?: string;
  /** Nothing is sent to a disabled endpoint. */
  readonly status: 'enabled' | 'disabled';
  /** When deliveries began to fail: the first failure since the last success. */
  readonly failingSince?: string;
  /** Why it began to fail or was disabled. */
  readonly lastError?: string;
  readonly createdAt: string;
  /** Until when deliveries are also signed with the previous secret. */
  readonly previousSecretUntil?: string;
}

/** A webhook endpoint with the secret that verifies its webhooks. */
export interface WebhookEndpointWithSecret extends WebhookEndpoint {
  readonly secret: string;
}

/** What one call sent again, or would send. */
export interface ReplayedWebhooks {
  /** Requests that were looked at. */
  readonly examined: number;
  /** Outcomes that were sent, or would be without `dryRun`. */
  readonly sent: number;
  /** Cursor of the next call; absent when the window is done. */
  readonly next?: string;
}

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

/**
 * An error response of the API (problem details), with extension members.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Identifies the kind of error. */
  readonly code: string;
  readonly instance?: string;
  readonly [fact: string]: unknown;
}

const FINAL_STATUSES: readonly RequestStatus[] = ['succeeded', 'failed', 'cancelled', 'expired'];

/** Whether a request has ended. Its status is then final. */
export function hasEnded({ status }: Pick<RequestResource, 'status'>): boolean {
  return FINAL_STATUSES.includes(status);
}

/** Whether a batch has ended. Its status is then final. */
export function hasBatchEnded({ status }: Pick<Batch, 'status'>): boolean {
  return FINAL_BATCH_STATUSES.includes(status);
}

/** Whether an action has ended. Its state is then final. */
export function hasActionEnded({ state }: Pick<Action, 'state'>): boolean {
  return state !== 'planned' && state !== 'running';
}

const FINAL_BATCH_STATUSES: readonly BatchStatus[] = ['completed', 'cancelled', 'expired'];
