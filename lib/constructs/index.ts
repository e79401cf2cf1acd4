/** What a CDK app imports, as `coatcheck/cdk`. */
export { ApiAuth, type JwtAuthOptions, type NoAuthOptions } from './api-auth.ts';
export { AsyncService } from './async-service.ts';
export type { AsyncServiceProps, ClaimCheckSource, PayloadLifecycle } from './async-service-props.ts';
export type { CircuitBreakerProps } from './circuit-breaker-props.ts';
export { RequestApi } from './request-api.ts';
export type { RequestApiProps } from './request-api-props.ts';
export type { WebhookProps } from './webhook-props.ts';
export { Webhooks } from './webhooks.ts';
