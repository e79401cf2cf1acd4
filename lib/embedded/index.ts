/**
 * The package export `coatcheck/embedded`: a service in one process, with its queue and its records in a file.
 */

export type { OutcomeFacts, ReceivedOutcome } from '../consumer/outcome.ts';
export type { OutcomeResult } from '../consumer/outcome-result.ts';
export { CoatcheckError, ConfigurationError } from '../core/base/errors.ts';
export type { Allowance, Limit, LimitKey, MetadataName, Rate } from '../core/config/limits.ts';
export type { BatchViewPage } from '../core/intake/batches.ts';
export {
  BatchNotFound,
  IdempotencyKeyBusy,
  IdempotencyKeyTaken,
  RequestNotFound,
  RequestRefused,
} from '../core/intake/errors.ts';
export type { ServiceScheduleOptions, ServiceSubmitOptions } from '../core/intake/request-reader.ts';
export type { NewSchedule, ScheduleView } from '../core/intake/schedules.ts';
export type { SubmitOptions } from '../core/intake/submit-options.ts';
export { LimitContended, LimitRefused } from '../core/limits/errors.ts';
export type { LimitChange, LimitView, LiveLimits } from '../core/limits/live-limits.ts';
export type { BatchCounts, BatchStatus } from '../core/model/batch.ts';
export type { BatchView } from '../core/model/batch-view.ts';
export type { Problem } from '../core/model/outcome.ts';
export type { Priority } from '../core/model/priority.ts';
export type { Rehearsal } from '../core/model/rehearsal.ts';
export type { Progress, RequestStatus } from '../core/model/request-record.ts';
export type { AttemptView, DateRange, RequestView } from '../core/model/request-view.ts';
export type { NewWebhookEndpoint, WebhookEndpointChanges } from '../core/model/webhook-endpoint.ts';
export type { NewPause, ServicePause } from '../core/operations/service-pause.ts';
export { PauseRefused } from '../core/operations/service-pause.ts';
export type { OperatorPause } from '../core/ports/pausing.ts';
export type { Logger } from '../core/ports/telemetry.ts';
export type { ProcessorExport } from '../core/processor/handler.ts';
export type {
  EndpointOwner,
  RotationOptions,
  WebhookEndpoints,
  WebhookEndpointView,
  WebhookEndpointWithSecret,
} from '../core/webhooks/endpoints.ts';
export { WebhookEndpointNotFound, WebhookEndpointRefused } from '../core/webhooks/errors.ts';
export type { Replayed, ReplayWindow } from '../core/webhooks/replay.ts';
export type { OutcomeFilter } from '../stores/sqlite/subscriptions.ts';
export type {
  AddedItems,
  BatchListOptions,
  BatchOptions,
  BatchOwner,
  BatchResult,
  RefusedItem,
  ServiceBatches,
  ServiceBatchItem,
} from './batches.ts';
export { openService, type ServiceOptions } from './open-service.ts';
export type { OutcomeContext, OutcomeHandler } from './outcomes.ts';
export type {
  ConsumeOptions,
  OutboxFileOptions,
  RehearseOptions,
  RequestOptions,
  ScheduleRunOptions,
  Service,
  WaitOptions,
} from './service.ts';
export type { ServiceSettings, WebhookOptions } from './settings.ts';
