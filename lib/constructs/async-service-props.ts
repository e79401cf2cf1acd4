import type { RemovalPolicy } from 'aws-cdk-lib';
import type { CircuitBreakerProps } from './circuit-breaker-props.ts';
import type { RequestApiProps } from './request-api-props.ts';
import type { InputQueueProps } from './settings/input-queue-props.ts';
import type { ObservabilityProps } from './settings/observability-props.ts';
import type { OutputProps } from './settings/output-props.ts';
import type { PayloadProps } from './settings/payload-props.ts';
import type { ProcessorFunctionProps } from './settings/processor-function-props.ts';
import type { RecordProps } from './settings/record-props.ts';
import type { RetryProps } from './settings/retry-props.ts';
import type { WebhookProps } from './webhook-props.ts';

/**
 * Configures an {@link AsyncService}. Only `entry` is required.
 *
 * Numbers with their ranges, defaults and the sources of their limits are in docs/settings.md.
 */
export interface AsyncServiceProps {
  /** The JavaScript or TypeScript file that exports your processor. A relative path starts at the working directory. */
  readonly entry: string;

  /**
   * The name of the export in `entry`.
   * @default 'handler'
   */
  readonly handler?: string;

  /**
   * The name of the service in its logs and in the `source` of the events it publishes: 1 to 256 letters, digits and
   * `_ . - / :`. Set it if the construct may move within your app; otherwise consumers see the name change.
   * @default - the path of the construct, for example `Coatcheck/Service`
   */
  readonly serviceName?: string;

  /** The input queue, and how Lambda polls it. @default - see {@link InputQueueProps} */
  readonly queue?: InputQueueProps;

  /** When and how often a failed request is retried. @default - see {@link RetryProps} */
  readonly retry?: RetryProps;

  /** Limits on payloads, where they are stored, and for how long. @default - see {@link PayloadProps} */
  readonly payloads?: PayloadProps;

  /** How and where outcomes are published. @default - see {@link OutputProps} */
  readonly output?: OutputProps;

  /** The Lambda function that runs your processor. @default - see {@link ProcessorFunctionProps} */
  readonly function?: ProcessorFunctionProps;

  /** The table of request records. @default - see {@link RecordProps} */
  readonly records?: RecordProps;

  /** Logs, metrics, traces, alarms and events. @default - see {@link ObservabilityProps} */
  readonly observability?: ObservabilityProps;

  /**
   * Pauses processing while something that every request needs is unavailable. No attempts are used up meanwhile.
   * @default - see {@link CircuitBreakerProps}
   */
  readonly circuitBreaker?: CircuitBreakerProps;

  /**
   * Adds an HTTP API to submit requests, query their status, fetch results and cancel. `{}` adds one with defaults.
   * @default - no API: requests arrive by upload and by message only
   */
  readonly api?: RequestApiProps;

  /**
   * Sends outcomes by HTTP, in addition to the output queue: to the callback URL of a request, or to one URL for all
   * requests. They are signed according to Standard Webhooks and retried for three days. `{}` adds them with defaults.
   * @default - no webhooks: a request with a callback URL is rejected
   */
  readonly webhooks?: WebhookProps;

  /**
   * What happens to the payload bucket, the request records and the logs when the service is removed from its stack.
   * With `DESTROY`, empty the bucket first: the service deletes no objects for you, and CloudFormation can't delete a
   * bucket that isn't empty.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE - kept, unless their creation is rolled back
   */
  readonly removalPolicy?: RemovalPolicy;
}
