/** What a CDK app imports, as `coatcheck/cdk`. */
export { AsyncService } from './async-service.ts';
export type { AsyncServiceProps, ClaimCheckSource, PayloadLifecycle } from './async-service-props.ts';
