/** The exports of `coatcheck/cdk`, for CDK apps. */

export type { VerdictName } from '../core/config/audit-verdicts.ts';
export type { Allowance, Limit, LimitKey, MetadataName, Rate } from '../core/config/limits.ts';
export type { OperatorClaim } from '../core/config/operator-claim.ts';
export { ApiAuth, type JwtAuthOptions, type NoAuthOptions } from './api-auth.ts';
export { AsyncService } from './async-service.ts';
export type { AsyncServiceProps } from './async-service-props.ts';
export type { CircuitBreakerProps } from './circuit-breaker-props.ts';
export { Host } from './host.ts';
export { type OtlpTracingOptions, Tracing } from './observability/tracing.ts';
export { Outbox } from './outbox.ts';
export type { OutboxProps } from './outbox-props.ts';
export { OutcomeSubscription } from './outcome-subscription.ts';
export type { OutcomeSubscriptionProps } from './outcome-subscription-props.ts';
export { OutcomeTopic } from './outcome-topic.ts';
export type { ProcessorProps } from './processor-props.ts';
export { RabbitMqEventSource, type RabbitMqEventSourceProps } from './rabbitmq-event-source.ts';
export { Release } from './release.ts';
export type { ReleaseProps } from './release-props.ts';
export { RequestApi } from './request-api.ts';
export type { ConsoleProps, RequestApiProps } from './request-api-props.ts';
export { RequestAudit } from './request-audit.ts';
export type { RelayedService, ServiceRelay } from './service-relay.ts';
export { ServiceSchedule, type ServiceScheduleProps } from './service-schedule.ts';
export type { FargateProps, ForwardToContainer } from './settings/fargate-props.ts';
export type { InputQueueProps, LaneProps, PollerProps } from './settings/input-queue-props.ts';
export type { AuditProps, FailureEventsProps, ObservabilityProps } from './settings/observability-props.ts';
export type { OutputProps, OutputQueueProps } from './settings/output-props.ts';
export type {
  PayloadLifecycle,
  PayloadPrefixes,
  PayloadProps,
  PayloadSource,
} from './settings/payload-props.ts';
export type { ProcessorFunctionProps } from './settings/processor-function-props.ts';
export type { RecordProps } from './settings/record-props.ts';
export type { RetryProps } from './settings/retry-props.ts';
export type { RequestLanes } from './storage/request-lanes.ts';
export type { WebhookProps } from './webhook-props.ts';
export { Webhooks } from './webhooks.ts';
