import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Limit } from '../core/config/limits.ts';
import type { CircuitBreakerProps } from './circuit-breaker-props.ts';
import type { Host } from './host.ts';
import type { ReleaseProps } from './release-props.ts';
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
 * Configures an {@link AsyncService}. Only `entry` is required, or a `host` with `forwardTo`.
 *
 * Numbers with their ranges, defaults and the sources of their limits are in docs/settings.md.
 */
export interface AsyncServiceProps {
  /**
   * The JavaScript or TypeScript file that exports your processor. A relative path starts at the working directory. Leave it
   * out only if `host` has `forwardTo`.
   */
  readonly entry?: string;

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

  /**
   * Identifies the code of your processor: a commit, a release or a build number of 1 to 128 letters, digits and
   * `. _ + : -`. It is in the record of each request that the code handles, in logs and in traces. A new value is a change
   * of the function, even if its code is the same.
   * @default - the number of the function's published version if the service has `release`, else none
   */
  readonly version?: string;

  /**
   * What runs your processor: `Host.lambda()` or `Host.fargate({ vpc })`. The other props mean the same on both; those that
   * only Lambda has are rejected on Fargate.
   * @default Host.lambda()
   */
  readonly host?: Host;

  /** The input queue, and how Lambda polls it. @default - see {@link InputQueueProps} */
  readonly queue?: InputQueueProps;

  /**
   * With `fifo`, requests with one ordering key run one after another, in the order they came, and requests with different
   * keys at the same time. The queues are FIFO queues then, which cost $0.50 a million requests instead of $0.40. A change of
   * it replaces the queues, with what waits in them. See docs/order.md.
   * @default - requests run at the same time, in any order
   */
  readonly order?: 'fifo';

  /**
   * The topics of requests that this processor is for, as patterns: a topic like `images.thumbnail`, or one that ends in `*`,
   * which stands for one or more names, like `images.*`. `*` also matches requests without a topic. A request with
   * another topic is refused, unless a processor of {@link AsyncService.addProcessor} is for it. See docs/topics.md.
   * @default ['*']
   */
  readonly topics?: readonly string[];

  /**
   * Limits of the requests that share a key, across all instances: how many run at a time, how many start in a time, and how
   * many may wait. A processor of {@link AsyncService.addProcessor} has limits of its own, without `maxWaiting`. See docs/limits.md.
   * @default - no limits
   */
  readonly limits?: readonly Limit[];

  /** When and how often a failed request is retried. @default - see {@link RetryProps} */
  readonly retry?: RetryProps;

  /** Limits on payloads, where they are stored, and for how long. @default - see {@link PayloadProps} */
  readonly payloads?: PayloadProps;

  /**
   * How and where outcomes are published. With false there is no output queue: outcomes are in the records, which the API
   * reads, and in webhooks. @default - see {@link OutputProps}
   */
  readonly output?: OutputProps | false;

  /**
   * The Lambda function that runs your processor, and the network of all functions.
   * @default - see {@link ProcessorFunctionProps}
   */
  readonly function?: ProcessorFunctionProps;

  /**
   * The secrets that the handler gets as `request.secrets`, by the names in `processor({ secrets: ['MODEL_KEY'] }, …)`. Their
   * values are texts. They are read at the start and again every five minutes, and are neither in the template nor in the
   * environment of the function. Pass the key of an imported secret with `Secret.fromSecretAttributes`.
   * @default - no secrets
   */
  readonly secrets?: Readonly<Record<string, ISecret>>;

  /**
   * The KMS key that encrypts the bucket, the queues, the table, the logs and the webhooks' secret of the service. The
   * service grants its use to its roles, to S3 and CloudWatch Logs, and by `grantSubmit` and `grantConsume`. The policy of an
   * imported key can't be changed: a warning lists what its owner must add. An existing `payloads.bucket` or `output.queue` keeps
   * its own key.
   * @default - keys that AWS manages, which cost nothing
   */
  readonly encryptionKey?: IKey;

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
   * Releases each new version of the processor step by step, and rolls it back if too many of its attempts fail or a batch
   * crashes. `{}` releases with defaults. Lambda then keeps all versions, which count against its limit for stored code.
   * @default - a deployment replaces the processor at once
   */
  readonly release?: ReleaseProps;

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
   * An existing `payloads.bucket` is kept. With `DESTROY`, empty the bucket first: the service deletes no objects for you,
   * and CloudFormation can't delete a bucket that isn't empty.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE - kept, unless their creation is rolled back
   */
  readonly removalPolicy?: RemovalPolicy;
}
