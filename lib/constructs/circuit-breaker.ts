import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import {
  ApplicationLogLevel,
  type IEventSourceMapping,
  Function as LambdaFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LAMBDA_MAX_BATCH_WITHOUT_WINDOW } from '../core/config/aws-limits.ts';
import { writeBreakerEnvironment, writeOtherEventSources } from '../core/config/breaker-environment.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { BreakerRole } from './functions/breaker-role.ts';
import { functionEnvironment } from './functions/function-environment.ts';
import { allowNetworkInterfaces } from './functions/network-interfaces.ts';
import { nodeFunctionProps } from './functions/node-function.ts';
import { ownFunctionCode } from './functions/own-function.ts';
import { logGroupProps } from './observability/log-group-props.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import type { QueueWithDeadLettersProps } from './storage/queue-with-dead-letters.ts';

/** A message takes some calls, with up to three attempts each. */
const TIMEOUT = Duration.minutes(2);

const MEMORY_MIB = 256;

/**
 * The queue of a {@link CircuitBreaker}. A lost message could leave processing paused, so messages are retried for more
 * than a day, finally every ten minutes.
 */
export const PAUSES_QUEUE: QueueWithDeadLettersProps = {
  retention: Duration.days(4),
  visibilityTimeout: TIMEOUT,
  maxReceiveCount: 200,
};

/** Configures a {@link CircuitBreaker}. */
export interface CircuitBreakerSetup {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  /** The queue of requested pauses, configured by {@link PAUSES_QUEUE}. */
  readonly queue: IQueue;
  /** The event sources that are paused. */
  readonly sources: readonly IEventSourceMapping[];
  /** The table with the pause of an operator; undefined without an HTTP API. */
  readonly requestTable: ITable | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** The function that pauses and resumes the event sources of the processor. */
export class CircuitBreaker extends Construct {
  readonly function: LambdaFunction;
  readonly #role: BreakerRole;
  readonly #otherSources: IEventSourceMapping[] = [];

  constructor(scope: Construct, id: string, props: CircuitBreakerSetup) {
    super(scope, id);
    const { service, settings, queue, sources, requestTable, removalPolicy } = props;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, removalPolicy));
    this.#role = new BreakerRole(this, 'Role', { queue, sources, requestTable, logGroup });
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('breaker'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: {
        ...functionEnvironment(
          settings.serviceName,
          writeBreakerEnvironment({
            ...settings,
            pauseQueueUrl: queue.queueUrl,
            inputEventSources: idsOf(sources),
            otherEventSources: [],
            requestTable: requestTable?.tableName ?? '',
          }),
        ),
      },
      role: this.#role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.#role, service);
    this.function.addEventSourceMapping('Pauses', {
      eventSourceArn: queue.queueArn,
      batchSize: LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
      reportBatchItemFailures: true,
    });
  }
  /** Has a pause of an operator stop the event sources of a service behind this one, too. */
  addProcessor(sources: readonly IEventSourceMapping[]): void {
    this.#otherSources.push(...sources);
    this.#role.allowSources(sources);
    const variables = Object.entries(writeOtherEventSources(idsOf(this.#otherSources)));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
  }
}

function idsOf(sources: readonly IEventSourceMapping[]): string[] {
  return sources.map(({ eventSourceMappingId }) => eventSourceMappingId);
}
