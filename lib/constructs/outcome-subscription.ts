import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LAMBDA_MAX_BATCH_WITHOUT_WINDOW } from '../core/config/aws-limits.ts';
import type { AsyncService } from './async-service.ts';
import { allowAlarmsToPublish } from './observability/alarm-topic.ts';
import { messagesIn, newAlarm } from './observability/new-alarm.ts';
import { ServiceOutputs } from './observability/service-outputs.ts';
import type { OutcomeSubscriptionProps } from './outcome-subscription-props.ts';
import {
  type SubscriptionSettings,
  subscriptionSettings,
  unmatchedTopicProblems,
} from './settings/subscription-settings.ts';
import { grantConsumeQueue } from './storage/grant-queue.ts';
import { QueueSubscription } from './storage/queue-subscription.ts';
import { QueueWithDeadLetters } from './storage/queue-with-dead-letters.ts';
import { undeliveredQueue } from './storage/undelivered-queue.ts';

/**
 * Receives the outcomes of a service that it selects by topic, status and tenant, in a queue or in a function. It can be in
 * another stack than the service: a team adds and removes its subscriptions while the service runs. A new subscription
 * receives what is published after it.
 */
export class OutcomeSubscription extends Construct {
  /** The queue of the outcomes: `target` if that is a queue. */
  readonly queue: IQueue;
  /**
   * What SNS could not deliver, and, if the subscription created the queue, the outcomes that consumers failed to process.
   */
  readonly deadLetterQueue: IQueue;
  /** The alarm on a message in the dead-letter queue. */
  readonly alarm: Alarm;

  readonly #service: AsyncService;

  /** @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value */
  constructor(scope: Construct, id: string, props: OutcomeSubscriptionProps) {
    super(scope, id);
    const settings = subscriptionSettings(this, props);
    const { outcomes, filterPolicy } = settings;
    const { queue, deadLetterQueue } = this.#queues(settings, props);
    this.#service = props.service;
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
    new QueueSubscription(this, 'Subscription', {
      topic: outcomes.topic,
      queue,
      queueName: 'target',
      deadLetterQueue,
      filterPolicy,
    });
    if (settings.function) this.#invoke(settings.function);
    this.alarm = this.#onDeadLetters(outcomes.settings.serviceName, props.alarmTopic);
    new ServiceOutputs(this, {
      SubscriptionQueueUrl: queue.queueUrl,
      SubscriptionDeadLetterQueueUrl: deadLetterQueue.queueUrl,
    });
    this.node.addValidation({ validate: () => unmatchedTopicProblems(props) });
  }

  /**
   * Grants permission to consume the outcomes: to receive and delete them, and to fetch results.
   * @throws ConfigurationError for a role of a stack in another account or region, unless names that you chose connect both
   */
  grantConsume(grantee: IGrantable): Grant {
    return grantConsumeQueue(grantee, this.queue).combine(this.#service.grantReadResults(grantee));
  }

  #queues(
    { outcomes, existingQueue, ...numbers }: SubscriptionSettings,
    props: OutcomeSubscriptionProps,
  ): Pick<OutcomeSubscription, 'queue' | 'deadLetterQueue'> {
    const { settings } = outcomes;
    const encryptionKey = props.encryptionKey ?? outcomes.encryptionKey;
    if (existingQueue) {
      return {
        queue: existingQueue,
        deadLetterQueue: undeliveredQueue(this, { settings, encryptionKey }),
      };
    }
    return new QueueWithDeadLetters(this, 'Received', {
      retention: Duration.seconds(numbers.retentionSeconds),
      visibilityTimeout: Duration.seconds(numbers.visibilityTimeoutSeconds),
      maxReceiveCount: numbers.maxReceiveCount,
      fifo: settings.keepsOrder,
      encryptionKey,
    });
  }

  #invoke(target: IFunction): void {
    this.grantConsume(target);
    new EventSourceMapping(this, 'EventSource', {
      target,
      eventSourceArn: this.queue.queueArn,
      batchSize: LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
      reportBatchItemFailures: true,
    });
  }

  #onDeadLetters(serviceName: string, topic: ITopic | undefined): Alarm {
    const alarm = newAlarm(this, 'DeadLetters', messagesIn(this.deadLetterQueue), 1, [
      `An outcome of ${serviceName} did not reach the consumers of ${this.node.path}, or they did not process it.`,
      'It is in the dead-letter queue. Fix the consumer, or the policies of the queue and of its key, then redrive the queue.',
    ]);
    if (topic) {
      allowAlarmsToPublish(this, topic, 'alarmTopic');
      alarm.addAlarmAction(new SnsAction(topic));
    }
    return alarm;
  }
}
