import { ManagedKafkaEventSource, SelfManagedKafkaEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { RabbitMqEventSource } from '../rabbitmq-event-source.ts';
import type { InputQueueProps } from './input-queue-props.ts';

/** The event sources whose events the relay reads. */
const KNOWN = [ManagedKafkaEventSource, SelfManagedKafkaEventSource, RabbitMqEventSource];

/** Problems with the sources besides the input queue. */
export function sourceProblems({ sources = [] }: InputQueueProps = {}): string[] {
  return sources.flatMap((source, index) => {
    if (KNOWN.some((known) => source instanceof known)) return [];
    return [
      `queue.sources[${index}] must be a ManagedKafkaEventSource, SelfManagedKafkaEventSource or RabbitMqEventSource, got ` +
        `${source.constructor.name}: to take messages from a queue of SQS, use queue.queue`,
    ];
  });
}
