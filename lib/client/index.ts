/**
 * The package export `coatcheck/client`.
 */

export { isRate } from '../core/config/limits.ts';
export {
  type ItemsReceipt,
  type Receipt,
  type ReceiptKey,
  type ReceiptKeys,
  type ReceiptVerification,
  type RequestReceipt,
  type UploadReceipt,
  verifyReceipt,
} from '../core/model/receipt.ts';
export type {
  ActionListOptions,
  ActionPage,
  ActionPageOptions,
  ActionRequestPage,
  ActionsClient,
  ActionWaitOptions,
  NewAction,
} from './actions.ts';
export type { Auth, Signature, UnsignedCall } from './auth/auth.ts';
export { bearer } from './auth/bearer.ts';
export { type AwsCredentials, type SigV4Options, sigv4 } from './auth/sigv4.ts';
export type {
  AddedLines,
  AddOptions,
  BatchesClient,
  BatchItem,
  BatchListOptions,
  BatchPage,
  BatchPageOptions,
  BatchWaitOptions,
  LinesReceipt,
  NewBatch,
  RefusedLine,
} from './batches.ts';
export { type ActivityOptions, type ClientOptions, CoatcheckClient } from './client.ts';
export type { RequestContent } from './content.ts';
export {
  AnswerInvalid,
  ApiError,
  BatchWaitTimedOut,
  CoatcheckError,
  ConnectionFailed,
  IdempotencyKeyReused,
  NotAuthorized,
  Overloaded,
  PayloadGone,
  PayloadTooLarge,
  PayloadUnavailable,
  PayloadUnreadable,
  RequestCancelled,
  RequestExpired,
  RequestFailed,
  RequestFinished,
  RequestIdReused,
  RequestNotSucceeded,
  RequestPending,
  RequestUnknown,
  ResultGone,
  TransferRefused,
  WaitTimedOut,
} from './errors.ts';
export type {
  FailuresClient,
  GroupListOptions,
  GroupOptions,
  GroupPageOptions,
  GroupRequestOptions,
  GroupRequestPageOptions,
} from './failures.ts';
export type { LimitsClient } from './limits.ts';
export type { ListOptions, PageOptions } from './list.ts';
export type { PayloadBody } from './payload.ts';
export type { OnRetry, RetryPolicy, Timing } from './retry.ts';
export { latestRun, type ScheduleRunOptions, type SchedulesClient } from './schedules.ts';
export type { RequestOptions } from './status.ts';
export type { SubmissionOptions, SubmissionProgress } from './submission.ts';
export { DIRECT_MAX_BYTES } from './submit.ts';
export type { BatchOptions, BatchRequest, BatchResult } from './submit-batch.ts';
export {
  type Action,
  type ActionFilter,
  type ActionKind,
  type ActionRequestLine,
  type ActionState,
  type Activity,
  type ActivityBucket,
  type ActivityFigure,
  type Allowance,
  type ApiProblem,
  type Attempt,
  type AttemptError,
  type Batch,
  type BatchCounts,
  type BatchImport,
  type BatchResultLine,
  type BatchStatus,
  type Canary,
  type FailureGroup,
  type FailureGroupPage,
  type FullKey,
  hasActionEnded,
  hasBatchEnded,
  hasEnded,
  type ImportProblem,
  type ImportState,
  type Ledger,
  type Limit,
  type LimitChange,
  type LimitView,
  type ListedRequest,
  type Load,
  type MeasuredWork,
  type NewPause,
  type NewSchedule,
  type NewWebhookEndpoint,
  type OutcomeProblem,
  type Pause,
  type Priority,
  type Progress,
  type ReplayedWebhooks,
  type RequestPage,
  type RequestResource,
  type RequestStatus,
  type Schedule,
  type ScheduleRun,
  type SeenPlan,
  type ServiceAlarm,
  type ServiceSetting,
  type ServiceStatus,
  type SubmittedRequest,
  type TimeRange,
  type WebhookDelivery,
  type WebhookEndpoint,
  type WebhookEndpointChanges,
  type WebhookEndpointWithSecret,
  type WebhookEvent,
  type WebhookStatus,
} from './types.ts';
export type { WaitOptions } from './wait.ts';
export type {
  CallOptions,
  ReplayOptions,
  RotationOptions,
  WebhookEndpointsClient,
} from './webhook-endpoints.ts';
