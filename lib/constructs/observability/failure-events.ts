import { Stack } from 'aws-cdk-lib';
import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EVENT_BUS_SOURCE, sourceOf } from '../../core/model/event-names.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';

/** Configures {@link FailureEvents}. */
export interface FailureEventsSetup {
  readonly serviceName: string;
  /** Absent for the default event bus of the account. */
  readonly bus: IEventBus | undefined;
  readonly topic: ITopic | undefined;
}

/** The event bus that receives an event for every outcome other than a success, and the rule for the topic. */
export class FailureEvents extends Construct {
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, { serviceName, bus, topic }: FailureEventsSetup) {
    super(scope, id);
    this.bus = bus ?? EventBus.fromEventBusName(this, 'Bus', 'default');
    if (!topic) return;
    const role = this.#publisher(topic);
    new Rule(this, 'ToTopic', {
      eventBus: this.bus,
      description: `Failures of ${serviceName}`,
      eventPattern: { source: [EVENT_BUS_SOURCE], detail: { source: [sourceOf(serviceName)] } },
      targets: [{ bind: () => ({ arn: topic.topicArn, targetResource: topic, role }) }],
    });
  }

  /**
   * The role that EventBridge assumes to publish, for rules of this account only. A topic policy that allows
   * EventBridge itself would allow the rules of every account.
   */
  #publisher(topic: ITopic): Role {
    const { account } = Stack.of(this);
    const conditions = { StringEquals: { 'aws:SourceAccount': account } };
    const role = new Role(this, 'PublisherRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', { conditions }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }));
    topic.masterKey?.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey');
    return role;
  }
}

/** The event bus that receives the failures of a service; undefined without the prop `observability.failureEvents`. */
export function failureBusOf(
  scope: Construct,
  { observability: { failureEvents } = {} }: AsyncServiceProps,
  { serviceName }: ServiceSettings,
): IEventBus | undefined {
  if (!failureEvents) return undefined;
  const { bus, topic } = failureEvents;
  return new FailureEvents(scope, 'FailureEvents', { serviceName, bus, topic }).bus;
}
