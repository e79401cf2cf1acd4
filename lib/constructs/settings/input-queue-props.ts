import type { Duration } from 'aws-cdk-lib';
import type { IEventSource } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** Configures the provisioned pollers of an `AsyncService`. */
export interface PollerProps {
  /** Pollers that are always ready, and paid also while the queue is empty: 2 to 200. */
  readonly min: number;

  /** Maximum number of pollers: `min` to 2,000. Ten times as many batches are processed concurrently. */
  readonly max: number;
}

/** Configures the queues of an `AsyncService` for requests of high and of low priority. */
export interface LaneProps {
  /**
   * Maximum number of batches of high priority processed concurrently: 2 to 1,000.
   * @default 100
   */
  readonly highMaxConcurrency?: number;

  /**
   * Maximum number of batches of low priority processed concurrently: 2 to 1,000.
   * @default 10
   */
  readonly lowMaxConcurrency?: number;
}

/** Configures the input queue of an `AsyncService` and the event source mapping that polls it. */
export interface InputQueueProps {
  /**
   * An existing queue to take messages from: a standard queue, or a FIFO queue with `order`, which no other consumer uses. It must be in the account and region
   * of the service. The service changes nothing of it but its policy, and its key's, which must let S3 send notifications
   * of uploads: a warning says what the queue lacks. For a queue of this app, `visibilityTimeout` and `retention` are
   * those of the queue; for an imported one, set both props to what it has.
   * @default - a new queue
   */
  readonly queue?: IQueue;

  /**
   * The dead-letter queue of an imported `queue`. Messages whose requests have used up their attempts go there.
   * @default - the dead-letter queue of `queue`, which a queue of this app must have
   */
  readonly deadLetterQueue?: IQueue;

  /**
   * Topics of Kafka and queues of RabbitMQ whose messages are relayed to the input queue: `ManagedKafkaEventSource` and
   * `SelfManagedKafkaEventSource` of the CDK, and `RabbitMqEventSource`. See docs/recipes/take-messages-from-kafka-or-rabbitmq.md.
   * @default []
   */
  readonly sources?: readonly IEventSource[];

  /**
   * Maximum number of messages in a batch, that is in one invocation: 1 to 10,000. The messages of a batch are handled
   * concurrently, so larger batches cost less if handlers mostly wait, and need more memory. More than 10 requires a
   * `batchWindow`.
   * @default 10
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
   */
  readonly batchSize?: number;

  /**
   * How long Lambda waits for a batch to fill: 0 to 300 seconds. A longer window means fewer invocations and more
   * latency.
   * @default Duration.seconds(0)
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
   */
  readonly batchWindow?: Duration;

  /**
   * Maximum number of batches processed concurrently: 2 to 1,000. Lower it to protect the systems your handler calls,
   * or if your account has less than the usual Lambda concurrency of 1,000 (new accounts may have 10). The default
   * leaves half of the usual concurrency to the HTTP API, to webhooks and to other functions in the account.
   * @default 500
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
   */
  readonly maxConcurrency?: number;

  /**
   * Provisioned pollers instead of those that Lambda scales by itself: for surges that must not wait. They start at
   * once with 10 batches each instead of five in all, add 1,000 a minute instead of 300, and run up to 20,000 instead of
   * 1,250. The least costs $13 a month; see docs/capacity.md. Must not be set together with `maxConcurrency`.
   * @default - Lambda scales the pollers, and they cost nothing
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
   */
  readonly pollers?: PollerProps;

  /**
   * Adds a queue for requests of high and one for requests of low priority, each with an event source mapping and a concurrency
   * of its own: high requests never wait behind others, and low ones always get theirs. `{}` adds them with defaults. They share
   * the function, the dead-letter queue and the other settings of the input queue. On Lambda only, without `order`. See
   * docs/priorities.md.
   * @default - all requests share the input queue, and one of another priority than normal is refused
   */
  readonly lanes?: LaneProps;

  /**
   * How long a message stays hidden after a crash before it is retried: `function.timeout` + `batchWindow` to 12 hours.
   * AWS recommends the default, which leaves room for throttled invocations. Lower it for faster retries after a crash.
   * Retries of failed handlers don't wait for it.
   * @default - 6 × `function.timeout` + `batchWindow`
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
   */
  readonly visibilityTimeout?: Duration;

  /**
   * How long a request can wait in the queue: 60 seconds to just under 14 days, and long enough for all its attempts.
   * The dead-letter queue always keeps messages for 14 days, because SQS counts from the first enqueue.
   * @default Duration.days(4)
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
   */
  readonly retention?: Duration;
}
