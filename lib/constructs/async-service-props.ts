import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { ApplicationLogLevel, Architecture } from 'aws-cdk-lib/aws-lambda';
import type { BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { OutputFormat } from '../core/settings.ts';
import type { CircuitBreakerProps } from './circuit-breaker-props.ts';
import type { RequestApiProps } from './request-api-props.ts';
import type { WebhookProps } from './webhook-props.ts';

/** How an {@link AsyncService} is to be. Only `entry` is required. */
export interface AsyncServiceProps {
  /**
   * The file that exports your processor: JavaScript or TypeScript. A relative path starts at the working directory.
   */
  readonly entry: string;

  /**
   * The name under which `entry` exports it.
   * @default 'handler'
   */
  readonly handler?: string;

  /**
   * Names the service in its logs and as the `source` of the events it publishes: letters, digits and `_ . - / :`.
   * Give one when the construct may move in its app, so that consumers see no other name then.
   * @default - the construct's path, `Coatcheck/Service` for example
   */
  readonly serviceName?: string;

  /**
   * Most messages one invocation is given: 1 to 10,000. They are handled at the same time, so a bigger batch costs
   * less where handlers mostly wait, and needs more memory. Over 10 needs a `batchWindow`.
   * @default 10
   */
  readonly batchSize?: number;

  /**
   * How long to wait for a batch to fill: 0 to 300 seconds. Raise it to trade latency for fewer invocations.
   * @default Duration.seconds(0)
   */
  readonly batchWindow?: Duration;

  /**
   * Most batches processed at a time: 2 to 1,000. Lower it to protect what the handler calls, and in an account that has
   * less concurrency than the usual 1,000: new accounts may have 10. The default leaves half of the usual to the HTTP
   * API, to webhooks and to other functions of the account.
   * @default 500
   */
  readonly maxConcurrency?: number;

  /**
   * Most requests of one batch handled at a time: 1 to 400, since a function may have 1,024 files and sockets open.
   * Lower it where a handler needs much memory or CPU, or opens more than one of them.
   * @default - the whole batch, up to 400
   */
  readonly concurrency?: number;

  /**
   * Memory of the processor: 128 to 10,240 MiB. CPU grows with it; 1,769 MiB is one whole vCPU.
   * @default 512
   */
  readonly memoryMiB?: number;

  /**
   * Longest time one invocation, that is one batch, may take: 3 to 900 seconds. Handlers are told shortly before.
   * @default Duration.minutes(1)
   */
  readonly timeout?: Duration;

  /**
   * How long a message stays hidden after a crash before it is tried again: from `timeout` + `batchWindow` up to
   * 12 hours. AWS advises the default, which leaves room for throttled invocations; lower it for a quicker retry
   * after a crash. Retries of failed handlers don't wait for it.
   * @default - 6 × `timeout` + `batchWindow`
   */
  readonly visibilityTimeout?: Duration;

  /**
   * How long a request may wait in the input queue: 60 seconds to just below 14 days. It must have room for all its
   * attempts. The dead-letter queue always keeps 14 days, since SQS counts there from the first enqueue.
   * @default Duration.days(4)
   */
  readonly inputRetention?: Duration;

  /**
   * Attempts before a request fails for good and its message goes to the dead-letter queue: 1 to 400. A delivery without
   * an attempt, while Lambda throttles for example, doesn't count, up to as many again.
   * @default 5
   */
  readonly maxAttempts?: number;

  /**
   * Upper bound of the first wait before a retry: 1 second to 12 hours. It doubles with every attempt.
   * @default Duration.seconds(10)
   */
  readonly retryBase?: Duration;

  /**
   * Upper bound of every wait before a retry: `retryBase` to 12 hours; none is longer than 11 h 40 min all the same.
   * @default Duration.minutes(15)
   */
  readonly retryCap?: Duration;

  /**
   * Largest result that travels inside the outcome: 0 to 1,000,000 bytes. A larger one is stored in the bucket and
   * referred to. Raise it to spare consumers a fetch, lower it to pay less for SQS.
   * @default 262144
   */
  readonly inlineLimitBytes?: number;

  /**
   * Largest payload accepted, in bytes: up to S3's 50 TB. A larger one fails without being read.
   * @default 5368709120 - 5 GiB
   */
  readonly maxPayloadBytes?: number;

  /**
   * Largest payload `json()`, `text()` and `bytes()` hold in memory: up to 536,870,888 bytes. Keep it, times
   * `concurrency`, well below `memoryMiB` where large payloads are common. `stream()` has no such limit.
   * @default 16777216 - 16 MiB
   */
  readonly maxBufferedBytes?: number;

  /**
   * Deepest nesting of JSON that is parsed: 1 to 1,000 levels.
   * @default 128
   */
  readonly maxJsonDepth?: number;

  /**
   * How outcomes are written to the output queue, see {@link OutputFormat}.
   * @default 'cloudevents'
   */
  readonly outputFormat?: OutputFormat;

  /**
   * Uploads under this prefix are requests. Ends with a slash; no prefix may lie inside another.
   * @default 'requests/'
   */
  readonly uploadPrefix?: string;

  /**
   * Payloads that messages refer to lie under this prefix: uploading one is no request yet, the message is.
   * @default 'payloads/'
   */
  readonly payloadPrefix?: string;

  /**
   * Results above the inline limit are stored under this prefix.
   * @default 'results/'
   */
  readonly resultPrefix?: string;

  /**
   * Copies of results, for consumers that delete what they fetched, are stored under this prefix.
   * @default 'disposable/'
   */
  readonly disposablePrefix?: string;

  /** How long the bucket keeps what. @default - see {@link PayloadLifecycle} */
  readonly lifecycle?: PayloadLifecycle;

  /**
   * Other places payloads may lie. Messages that refer to an object anywhere else are refused: a message must not
   * make the service read for its sender what the sender itself couldn't.
   * @default - the payload bucket only
   */
  readonly claimCheckSources?: readonly ClaimCheckSource[];

  /**
   * Publish outcomes to a queue of yours, for example the input queue of the next service. Its retention, its
   * dead-letter queue and its alarms are yours too. A chain of services that leads back to its start is refused.
   * @default - a queue of its own, with a dead-letter queue
   */
  readonly outputQueue?: IQueue;

  /**
   * How long an outcome waits in the output queue: 60 seconds to just below 14 days.
   * @default - as `inputRetention`
   */
  readonly outputRetention?: Duration;

  /**
   * How long a consumer has an outcome to itself before it is delivered again: 1 second to 12 hours. Set it above
   * the time your consumer takes; for a Lambda consumer, to six times its timeout.
   * @default Duration.minutes(1)
   */
  readonly outputVisibilityTimeout?: Duration;

  /**
   * How often a consumer is given an outcome before it goes to the output dead-letter queue: 1 to 1,000.
   * @default 5
   */
  readonly outputMaxReceiveCount?: number;

  /**
   * An HTTP API: hand in requests, see where they stand, fetch results, cancel.
   * @default - none: requests come by upload and by message only
   */
  readonly api?: RequestApiProps;

  /**
   * Webhooks: outcomes are sent by HTTP to whom a request names, or to one URL for all, signed as Standard Webhooks
   * asks, and again for three days until they are taken. They come besides the output queue.
   * @default - none: a request that names a callback URL is refused
   */
  readonly webhooks?: WebhookProps;

  /**
   * How long a request's record is kept after its last change, in whole days: at least `inputRetention` and the 14 days
   * of the dead-letter queue. So long a duplicate of the request is known as one. DynamoDB may take days more to drop
   * it.
   * @default Duration.days(30)
   */
  readonly recordRetention?: Duration;

  /**
   * Whether the table of records can be put back to any second of the last 35 days. Costs about as much as storing it.
   * @default true
   */
  readonly recordRecovery?: boolean;

  /**
   * How long a request waits in the input queue before the alarm is raised: 60 seconds to 14 days.
   * @default Duration.hours(1)
   */
  readonly oldestRequestAlarm?: Duration;

  /**
   * Told when an alarm is raised.
   * @default - alarms are raised, nobody is told
   */
  readonly alarmTopic?: ITopic;

  /**
   * When to pause: while what every request needs is down, nothing is begun and no attempt is used up. `false` leaves
   * out what pauses the event source; an instance that finds something down still puts off what it is given.
   * @default - a pause of 30 seconds when five attempts in a row threw `DownstreamUnavailable`, or the service's own
   * table, bucket or output queue could not be used
   */
  readonly circuitBreaker?: CircuitBreakerProps | false;

  /**
   * Tell an event bus of EventBridge of every outcome other than a success: `true` for the account's default bus, or a
   * bus of yours. Best effort, once the outcome is published: what must not be missed is in the output queue.
   * @default false
   */
  readonly failureEvents?: boolean | IEventBus;

  /**
   * Told of every outcome other than a success, by a rule on the event bus of `failureEvents`, which it needs. A topic
   * of another account must let the rule's role publish to it.
   * @default - nobody is told by a topic
   */
  readonly failureTopic?: ITopic;

  /**
   * Whether the processor tells figures of every batch, as a line in its log from which CloudWatch makes metrics in the
   * namespace `Coatcheck`. In a month of steady use $1.80, and $0.30 for every kind of trouble: see docs/operations.md.
   * It needs `logLevel` INFO or less severe.
   * @default true
   */
  readonly metrics?: boolean;

  /**
   * Whether X-Ray traces the functions: a sample of the calls of the HTTP API, of the processor's batches with every
   * attempt in them, and of webhooks. Requests that came without a `traceparent` then belong to the trace of X-Ray they
   * were handed in by. $5 for a million traces: see docs/operations.md.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * A dashboard in CloudWatch: the queue, waits, successes, failures, the processor, the HTTP API, the cost by the hour.
   * $3 a month.
   * @default false
   */
  readonly dashboard?: boolean;

  /**
   * More environment variables for your handler. Those the service sets itself are refused.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Options for bundling the processor, laid over those of the service (one ES module with the SDK inside, minified, with
   * a source map). Examples: `nodeModules` for a package with native code, `format: OutputFormat.CJS`. A `banner`,
   * `define`, `environment` or `commandHooks` of yours are used along with those of the service.
   *
   * When the template is synthesized, the bundle is imported in a process of its own, with the environment variables of
   * the function and no credentials: an entry whose `handler` isn't what `processor()` returned is refused.
   * @default - the options of the service
   */
  readonly bundling?: BundlingOptions;

  /**
   * The lock file of your project: `package-lock.json`, `pnpm-lock.yaml`, `yarn.lock`, `bun.lock` or `bun.lockb`. Its
   * name decides which package manager runs the bundler and installs `bundling.nodeModules`. Give it where a folder
   * has several of them. Without `nodeModules` none is needed.
   * @default - the one in the working directory or in the nearest folder above it
   */
  readonly depsLockFilePath?: string;

  /**
   * The folder in which the bundler runs: `esbuild` must be installed there or in a folder above it. Give it in a
   * monorepo where the app is in a folder without `esbuild`. The entry may lie outside of it.
   * @default - the folder of the lock file
   */
  readonly projectRoot?: string;

  /**
   * The processor architecture of the functions. npm installs packages in `bundling.nodeModules` for it; native code for
   * other platforms only is refused.
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;

  /**
   * The least severe lines that are logged.
   * @default ApplicationLogLevel.INFO
   */
  readonly logLevel?: ApplicationLogLevel;

  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * What happens to the payload bucket, the records and the logs when the service is removed from its stack. With
   * `DESTROY` the bucket must be empty by then: nothing here deletes objects for you.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE - kept, except when their very creation is rolled back
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * How long the bucket keeps what, in whole days from 1 up. The defaults outlast every message that can still point at
 * the object: SQS keeps a message 14 days at most, dead-letter queues included. Shorten them where you never redrive.
 */
export interface PayloadLifecycle {
  /** Payloads. At least `inputRetention`. @default Duration.days(15) */
  readonly uploads?: Duration;

  /** Results. At least `outputRetention`. @default Duration.days(15) */
  readonly results?: Duration;

  /**
   * Copies of results that their consumer should have deleted. At least `outputRetention`.
   * @default Duration.days(15)
   */
  readonly disposableCopies?: Duration;

  /**
   * Payloads after they were overwritten, deleted or expired: a request is about the version that was uploaded, and may
   * still be waiting. At least `inputRetention`.
   * @default Duration.days(5)
   */
  readonly replacedUploads?: Duration;

  /** The parts of multipart uploads that nobody completes. @default Duration.days(1) */
  readonly incompleteUploads?: Duration;
}

/** A place payloads may lie besides the payload bucket. */
export interface ClaimCheckSource {
  /** The bucket. One of another account must allow the processor's role in its policy. */
  readonly bucket: IBucket;

  /** Only objects under this prefix. Ends with a slash. @default - the whole bucket */
  readonly prefix?: string;
}
