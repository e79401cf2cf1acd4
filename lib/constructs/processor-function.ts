import { join } from 'node:path';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel, type EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type ICommandHooks, NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { traceActively } from './active-tracing.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { BUNDLING, NODE_RUNTIME } from './node-function.ts';
import { type ProcessorResources, processorEnvironment } from './processor-environment.ts';
import { ProcessorRole } from './processor-role.ts';
import { programFile } from './program-file.ts';
import type { ServiceSettings } from './service-settings.ts';

/** How a {@link ProcessorFunction} is to be. */
export interface ProcessorFunctionProps extends ProcessorResources {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly removalPolicy: RemovalPolicy;
}

/** The user's processor as a Lambda function, fed by the input queue. */
export class ProcessorFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: ProcessorRole;
  /** What gives it its messages. */
  readonly eventSource: EventSourceMapping;

  constructor(scope: Construct, id: string, props: ProcessorFunctionProps) {
    super(scope, id);
    const { service, settings } = props;
    const handler = service.handler ?? 'handler';
    const logGroup = new LogGroup(this, 'Logs', {
      retention: service.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy,
    });
    this.role = new ProcessorRole(this, 'Role', { ...props, prefixes: settings.prefixes, logGroup });
    this.function = new NodejsFunction(this, 'Function', {
      ...NODE_RUNTIME,
      entry: service.entry,
      handler,
      memorySize: settings.memoryMiB,
      timeout: Duration.seconds(settings.timeoutSeconds),
      bundling: { ...BUNDLING, commandHooks: checking(service.entry, handler), ...service.bundling },
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        ...service.environment,
        ...processorEnvironment(settings, props),
      },
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.logLevel ?? ApplicationLogLevel.INFO,
    });
    if (settings.tracing) traceActively(this.function, this.role);
    this.eventSource = this.function.addEventSourceMapping('InputQueue', {
      eventSourceArn: props.inputQueue.queueArn,
      batchSize: settings.batchSize,
      maxBatchingWindow: Duration.seconds(settings.batchWindowSeconds),
      maxConcurrency: settings.maxConcurrency,
      // A breaker that is taken away during a pause can't end it any more: the deployment does.
      enabled: props.pauseQueue ? undefined : true,
      reportBatchItemFailures: true,
    });
  }
}

/** Checks each bundle when it is made. */
function checking(entry: string, handler: string): ICommandHooks {
  const check = programFile('lib/constructs/check-bundle');
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (_, folder) => [
      [process.execPath, check, join(folder, 'index.mjs'), handler, entry]
        .map((word) => `"${word}"`)
        .join(' '),
    ],
  };
}
