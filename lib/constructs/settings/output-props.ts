import type { Duration } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { SqsOutputFormat } from '../../core/config/settings.ts';

/** Configures how an `AsyncService` publishes outcomes. */
export interface OutputProps {
  /**
   * The output queue: either options for the queue that the service creates, or an existing standard queue, for example
   * the input queue of the next service. The retention, dead-letter queue and alarms of an existing queue are yours to
   * configure. A chain of services that leads back to its start is rejected.
   * @default - a new queue with a dead-letter queue, see {@link OutputQueueProps}
   */
  readonly queue?: IQueue | OutputQueueProps;

  /**
   * Publishes outcomes to a topic of SNS, so that each `OutcomeSubscription` receives those that it selects. The output
   * queue is one subscription, of all outcomes. An outcome larger than 256 KiB refers to its result, also below
   * `inlineLimitBytes`, and with the format `truefoundry` fails. See docs/topics.md for what it costs.
   * @default false
   */
  readonly fanOut?: boolean;

  /**
   * The format of the messages in the output queue, see {@link SqsOutputFormat}.
   * @default 'cloudevents'
   */
  readonly format?: SqsOutputFormat;

  /**
   * Maximum size in bytes of a result inside an outcome: 0 to 1,000,000. Larger results are stored in the payload
   * bucket, and the outcome refers to them. Raise the limit so that consumers fetch less from S3; lower it to pay less
   * for SQS.
   * @default 262144 - 256 KiB
   */
  readonly inlineLimitBytes?: number;
}

/** Configures the output queue that an `AsyncService` creates. */
export interface OutputQueueProps {
  /**
   * How long an outcome can wait in the queue: 60 seconds to just under 14 days.
   * @default - the same as `queue.retention`
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
   */
  readonly retention?: Duration;

  /**
   * How long an outcome stays hidden from other consumers after one received it: 1 second to 12 hours. Set it to more
   * than your consumer needs, or to six times the timeout of a Lambda consumer.
   * @default Duration.minutes(1)
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
   */
  readonly visibilityTimeout?: Duration;

  /**
   * How many times an outcome is delivered before it goes to the dead-letter queue of the output queue: 1 to 1,000.
   * @default 5
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
   */
  readonly maxReceiveCount?: number;
}
