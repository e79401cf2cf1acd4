import { Annotations, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { allowDeliveryKey } from './key-use.ts';
import { queueIdentity } from './queue-resource.ts';

/** Configures a {@link QueueSubscription}. */
export interface QueueSubscriptionProps {
  readonly topic: ITopic;
  readonly queue: IQueue;
  /** Receives what SNS can't deliver. */
  readonly deadLetterQueue: IQueue;
  /** What warnings call the queue. */
  readonly queueName: string;
  /** Undefined for all messages. */
  readonly filterPolicy?: Readonly<Record<string, unknown>> | undefined;
}

/** The subscription of a queue to a topic, which delivers messages as they were published. */
export class QueueSubscription extends Construct {
  readonly topic: ITopic;
  readonly queue: IQueue;

  constructor(scope: Construct, id: string, props: QueueSubscriptionProps) {
    super(scope, id);
    const { topic, queue, deadLetterQueue, filterPolicy } = props;
    this.topic = topic;
    this.queue = queue;
    const subscription = new CfnSubscription(this, 'Subscription', {
      topicArn: topic.topicArn,
      protocol: 'sqs',
      endpoint: queue.queueArn,
      rawMessageDelivery: true,
      filterPolicy,
      redrivePolicy: { deadLetterTargetArn: deadLetterQueue.queueArn },
    });
    for (const [each, name] of [
      [queue, props.queueName],
      [deadLetterQueue, `the dead-letter queue of ${props.queueName}`],
    ] as const) {
      const statement = deliveryStatement(each, topic);
      const { statementAdded, policyDependable } = each.addToResourcePolicy(statement);
      // What comes before the policy would be lost.
      if (policyDependable) subscription.node.addDependency(policyDependable);
      if (!statementAdded) this.#warn(name, statement);
      allowDeliveryKey(this, each, name);
    }
    this.node.addValidation({ validate: () => this.#duplicates() });
  }

  /** SNS has one subscription of a queue, so that one would replace the filter policy of the other. */
  #duplicates(): string[] {
    const [, ...others] = subscriptionsIn(this).filter(
      ({ topic, queue }) =>
        topic.topicArn === this.topic.topicArn && queueIdentity(queue) === queueIdentity(this.queue),
    );
    return others.map(
      ({ node }) =>
        `${this.queue.node.path} can have one subscription to a topic, got ${this.node.path} and ${node.path}: use one, or two queues`,
    );
  }

  #warn(name: string, statement: PolicyStatement): void {
    const json = JSON.stringify(Stack.of(this).resolve(statement.toStatementJson()), null, 2);
    Annotations.of(this).addWarningV2(
      'coatcheck:subscribedQueue',
      `${name} isn't part of this app, so its policy can't be changed. Its owner must add this statement; otherwise SNS delivers ` +
        `nothing to it:\n${json}`,
    );
  }
}

/** The subscriptions of queues in the app of a construct. */
export function subscriptionsIn({ node }: IConstruct): QueueSubscription[] {
  return node.root.node.findAll().filter((construct) => construct instanceof QueueSubscription);
}

/** What the policy of a queue must allow. */
function deliveryStatement(queue: IQueue, { topicArn }: ITopic): PolicyStatement {
  return new PolicyStatement({
    principals: [new ServicePrincipal('sns.amazonaws.com')],
    actions: ['sqs:SendMessage'],
    resources: [queue.queueArn],
    conditions: { ArnEquals: { 'aws:SourceArn': topicArn } },
  });
}
