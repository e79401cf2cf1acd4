import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { AsyncServiceProps } from './async-service-props.ts';
import { CircuitBreaker, PAUSES_QUEUE } from './circuit-breaker.ts';
import { ProcessorService } from './fargate/processor-service.ts';
import { ProcessorFunction } from './functions/processor-function.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { QueueWithDeadLetters } from './storage/queue-with-dead-letters.ts';
import type { ServiceStorage } from './storage/service-storage.ts';

/** Configures {@link serviceHost}. */
export interface ServiceHostSetup {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly storage: ServiceStorage;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue: IQueue | undefined;
  /** The event bus for failure events; undefined without them. */
  readonly failureBus: IEventBus | undefined;
  /** The name of the service in front; undefined for a service by itself. */
  readonly frontServiceName: string | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** What runs the processor of a service, and what pauses it. */
export interface ServiceHost {
  readonly processor: ProcessorFunction | ProcessorService;
  /** Undefined on Fargate. */
  readonly onLambda: ProcessorFunction | undefined;
  /** Undefined on Lambda. */
  readonly onFargate: ProcessorService | undefined;
  /** The queue of requested pauses; undefined if pauses don't disable the event source. */
  readonly pauses: QueueWithDeadLetters | undefined;
  /** Undefined if pauses don't disable the event source. */
  readonly breaker: CircuitBreaker | undefined;
}

/** Creates what runs the processor. */
export function serviceHost(scope: Construct, setup: ServiceHostSetup): ServiceHost {
  const { service, settings, storage, webhookQueue, failureBus, frontServiceName, removalPolicy } = setup;
  const { input, output, outcomes, requestTable } = storage;
  const pauses =
    !settings.fargate && (service.circuitBreaker?.pauseEventSource ?? true)
      ? new QueueWithDeadLetters(scope, 'Pauses', { ...PAUSES_QUEUE, encryptionKey: service.encryptionKey })
      : undefined;
  const props = {
    service,
    settings,
    inputQueue: input.queue,
    lanes: storage.lanes,
    maxReceives: input.maxReceives,
    outputQueue: outcomes ? undefined : output?.queue,
    outputMaxMessageBytes: outcomes ? undefined : output?.maxMessageBytes,
    outputTopic: outcomes?.topic,
    deadLetterQueue: input.deadLetterQueue,
    webhookQueue,
    pauseQueue: pauses?.queue,
    requestTable,
    payloadBucket: storage.payloadBucket,
    payloadSources: service.payloads?.sources ?? [],
    secrets: service.secrets ?? {},
    failureBus,
    frontServiceName: frontServiceName ?? '',
    removalPolicy,
  };
  const processor = settings.fargate
    ? new ProcessorService(scope, 'Processor', { ...props, fargate: settings.fargate })
    : new ProcessorFunction(scope, 'Processor', props);
  // Outcomes that are published before the output queue subscribes would be lost.
  if (outcomes) processor.node.addDependency(outcomes);
  const onFargate = processor instanceof ProcessorService ? processor : undefined;
  const onLambda = processor instanceof ProcessorFunction ? processor : undefined;
  const breaker =
    pauses && onLambda
      ? new CircuitBreaker(scope, 'CircuitBreaker', {
          service,
          settings,
          queue: pauses.queue,
          sources: onLambda.eventSources,
          requestTable: service.api && frontServiceName === undefined ? requestTable : undefined,
          removalPolicy,
        })
      : undefined;
  return { processor, onLambda, onFargate, pauses, breaker };
}
