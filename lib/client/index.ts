/**
 * The package export `coatcheck/client`.
 */

export { type Allowance, isRate, type Limit } from '../core/config/limits.ts';
export type { ActionKind, ActionState, Canary } from '../core/model/action.ts';
export type { AttemptError } from '../core/model/attempt-history.ts';
export type { BatchCounts, BatchStatus } from '../core/model/batch.ts';
export type { ImportProblem, ImportState } from '../core/model/batch-import.ts';
export type { Problem as OutcomeProblem } from '../core/model/outcome.ts';
export type { Priority } from '../core/model/priority.ts';
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
export type { Progress, RequestStatus } from '../core/model/request-record.ts';
export type { NewWebhookEndpoint, WebhookEndpointChanges } from '../core/model/webhook-endpoint.ts';
export type { WebhookStatus } from '../core/model/webhook-state.ts';
export type { ActivityFigure } from '../core/ports/activity-log.ts';
export type { FullKey, Load, MeasuredWork } from '../core/ports/admission.ts';
export {
  type Action,
  type ActionFilter,
  type ActionListOptions,
  type ActionPage,
  type ActionPageOptions,
  type ActionRequestLine,
  type ActionRequestPage,
  type ActionsClient,
  type ActionWaitOptions,
  hasActionEnded,
  type ListedRequest,
  type NewAction,
  type SeenPlan,
} from './actions.ts';
export type { Auth, Signature, UnsignedCall } from './auth/auth.ts';
export { bearer } from './auth/bearer.ts';
export { type AwsCredentials, type SigV4Options, sigv4 } from './auth/sigv4.ts';
export { type Batch, type BatchImport, type BatchResultLine, hasBatchEnded } from './batch.ts';
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
  type ApiProblem,
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
  FailureGroup,
  FailureGroupPage,
  FailuresClient,
  GroupListOptions,
  GroupOptions,
  GroupPageOptions,
  GroupRequestOptions,
  GroupRequestPageOptions,
} from './failures.ts';
export type { LimitChange, LimitsClient, LimitView } from './limits.ts';
export type { ListOptions, PageOptions } from './list.ts';
export type { PayloadBody } from './payload.ts';
export {
  type Attempt,
  hasEnded,
  type RequestPage,
  type RequestResource,
  type SubmittedRequest,
  type TimeRange,
  type WebhookDelivery,
} from './request.ts';
export type { OnRetry, RetryPolicy, Timing } from './retry.ts';
export {
  latestRun,
  type NewSchedule,
  type Schedule,
  type ScheduleRun,
  type ScheduleRunOptions,
  type SchedulesClient,
} from './schedules.ts';
export type {
  Activity,
  ActivityBucket,
  Ledger,
  NewPause,
  Pause,
  ServiceAlarm,
  ServiceSetting,
  ServiceStatus,
} from './service.ts';
export type { RequestOptions } from './status.ts';
export type { SubmissionOptions, SubmissionProgress } from './submission.ts';
export { DIRECT_MAX_BYTES } from './submit.ts';
export type { BatchOptions, BatchRequest, BatchResult } from './submit-batch.ts';
export type { WaitOptions } from './wait.ts';
export type {
  CallOptions,
  ReplayedWebhooks,
  ReplayOptions,
  RotationOptions,
  WebhookEndpoint,
  WebhookEndpointsClient,
  WebhookEndpointWithSecret,
  WebhookEvent,
} from './webhook-endpoints.ts';
