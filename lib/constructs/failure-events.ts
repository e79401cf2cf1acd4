import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EVENT_BUS_SOURCE, sourceOf } from '../core/event-names.ts';

/** Who is told of a service's failures. */
export interface FailureEventsProps {
  readonly serviceName: string;
  /** `true` is the account's default bus. */
  readonly bus: true | IEventBus;
  readonly topic: ITopic | undefined;
}

/** The event bus that is told of outcomes other than successes, and the topic that is told by it. */
export class FailureEvents extends Construct {
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, { serviceName, bus, topic }: FailureEventsProps) {
    super(scope, id);
    this.bus = bus === true ? EventBus.fromEventBusName(this, 'Bus', 'default') : bus;
    if (!topic) return;
    new Rule(this, 'ToTopic', {
      eventBus: this.bus,
      description: `Failures of ${serviceName}`,
      eventPattern: { source: [EVENT_BUS_SOURCE], detail: { source: [sourceOf(serviceName)] } },
      // By a role: a topic that lets EventBridge publish is open to rules of every account.
      targets: [new SnsTopic(topic, { authorizeUsingRole: true })],
    });
  }
}
