import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AsyncService } from './async-service.ts';
import type { OutcomeSelection } from './settings/filter-policy.ts';
import type { OutputQueueProps } from './settings/output-props.ts';

/** Configures an {@link OutcomeSubscription}. */
export interface OutcomeSubscriptionProps extends OutcomeSelection {
  /** The service whose outcomes the subscription receives. It has `output: { fanOut: true }`. */
  readonly service: AsyncService;

  /**
   * The topics of the requests, as patterns: a topic like `images.thumbnail`, or one that ends in `*`, which stands for one or
   * more names, like `images.*`. At least one of them must match. See docs/topics.md.
   * @default - all outcomes, also those of requests without a topic
   */
  readonly topics?: readonly string[];

  /**
   * How the requests ended: `succeeded`, `failed`, `cancelled`, `expired`.
   * @default - all
   */
  readonly statuses?: OutcomeSelection['statuses'];

  /**
   * The tenants of the requests.
   * @default - all outcomes, also those of requests without a tenant
   */
  readonly tenants?: readonly string[];

  /**
   * Where the outcomes go: options for a queue that the subscription creates, an existing queue, for example the input queue
   * of another service, or a function, which Lambda invokes with batches of a queue that the subscription creates. The
   * function answers with `batchItemFailures`; without them, its batch is consumed. An existing queue is a FIFO queue if the
   * service keeps order. Its retention, dead-letter queue and alarms are yours to configure.
   * @default - a new queue with a dead-letter queue, to consume with `coatcheck/consumer`
   */
  readonly target?: IQueue | IFunction | OutputQueueProps;

  /**
   * The KMS key of the queues that the subscription creates. Its policy must let SNS encrypt: a key of this app gets the
   * statement.
   * @default - the key of the service, else keys that SQS manages, which cost nothing
   */
  readonly encryptionKey?: IKey;

  /**
   * The SNS topic that is notified when the alarm fires.
   * @default - none: the alarm only shows in CloudWatch
   */
  readonly alarmTopic?: ITopic;
}
