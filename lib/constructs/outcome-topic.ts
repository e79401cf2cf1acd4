import type { IKey } from 'aws-cdk-lib/aws-kms';
import { FifoThroughputScope, Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ServiceSettings } from './settings/service-settings.ts';
import { QueueSubscription } from './storage/queue-subscription.ts';
import { undeliveredQueue } from './storage/undelivered-queue.ts';

/** Configures an {@link OutcomeTopic}. */
export interface OutcomeTopicSetup {
  readonly settings: Pick<ServiceSettings, 'serviceName' | 'keepsOrder' | 'resultAgeDays'>;
  /** Receives all outcomes. */
  readonly outputQueue: IQueue;
  /** Undefined for an existing output queue. */
  readonly outputDeadLetterQueue: IQueue | undefined;
  readonly encryptionKey: IKey | undefined;
}

/** The topic that a service publishes its outcomes to, and the subscription of its output queue. */
export class OutcomeTopic extends Construct {
  readonly topic: Topic;
  /** Encrypts the topic, and the queues that subscriptions create. */
  readonly encryptionKey: IKey | undefined;
  /** What subscriptions must know of the service. */
  readonly settings: OutcomeTopicSetup['settings'];

  constructor(scope: Construct, id: string, props: OutcomeTopicSetup) {
    super(scope, id);
    const { settings, outputQueue, outputDeadLetterQueue, encryptionKey } = props;
    this.settings = settings;
    this.encryptionKey = encryptionKey;
    this.topic = new Topic(this, 'Topic', {
      enforceSSL: true,
      masterKey: encryptionKey,
      // High throughput: the limits and the duplicates are those of each message group, as in the queues.
      ...(settings.keepsOrder && { fifo: true, fifoThroughputScope: FifoThroughputScope.MESSAGE_GROUP }),
    });
    new QueueSubscription(this, 'Output', {
      topic: this.topic,
      queue: outputQueue,
      queueName: 'output.queue',
      deadLetterQueue: outputDeadLetterQueue ?? undeliveredQueue(this, { settings, encryptionKey }),
    });
  }
}
