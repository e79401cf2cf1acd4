import { Annotations, AssetStaging, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ApplicationLogLevel, CfnFunction, type EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { traceActively } from './active-tracing.ts';
import { checkBundle } from './check-bundle.ts';
import { nativeCodeProblem } from './native-code.ts';
import { nodeFunctionProps } from './node-function.ts';
import { processorBundling } from './processor-bundling.ts';
import { type ProcessorResources, processorEnvironment } from './processor-environment.ts';
import { ProcessorRole } from './processor-role.ts';

/** Configures a {@link ProcessorFunction}. */
export interface ProcessorFunctionSetup extends ProcessorResources {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly removalPolicy: RemovalPolicy;
}

/** The Lambda function that runs the user's processor, with the input queue as its event source. */
export class ProcessorFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: ProcessorRole;
  /** The event source mapping of the input queue. */
  readonly eventSource: EventSourceMapping;

  constructor(scope: Construct, id: string, props: ProcessorFunctionSetup) {
    super(scope, id);
    const { service, settings } = props;
    const handler = service.handler ?? 'handler';
    const logGroup = new LogGroup(this, 'Logs', {
      retention: service.observability?.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy,
    });
    this.role = new ProcessorRole(this, 'Role', { ...props, prefixes: settings.prefixes, logGroup });
    this.function = new NodejsFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      ...processorBundling(service),
      handler,
      memorySize: settings.memoryMiB,
      timeout: Duration.seconds(settings.timeoutSeconds),
      environment: {
        ...settings.tracing?.variables,
        ...service.function?.environment,
        ...processorEnvironment(settings, props),
      },
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    this.node.addValidation({ validate: () => this.#checkBundle(service.entry, handler) });
    if (settings.tracing?.target === 'xray') traceActively(this.function, this.role);
    this.eventSource = this.function.addEventSourceMapping('InputQueue', {
      eventSourceArn: props.inputQueue.queueArn,
      batchSize: settings.batchSize,
      maxBatchingWindow: Duration.seconds(settings.batchWindowSeconds),
      maxConcurrency: settings.maxConcurrency,
      // If the circuit breaker is removed during a pause, the deployment must end the pause.
      enabled: props.pauseQueue ? undefined : true,
      reportBatchItemFailures: true,
    });
  }
  /** Runs during synthesis, after the app has set all environment variables. */
  #checkBundle(entry: string, handler: string): string[] {
    const { function: checked } = this;
    if (!Stack.of(this).bundlingRequired) return [];
    const staging = checked.node.tryFindChild('Code')?.node.tryFindChild('Stage');
    const resource = checked.node.defaultChild;
    if (!(staging instanceof AssetStaging && resource instanceof CfnFunction))
      throw new TypeError(`${checked.node.path} has no bundled code`);
    const folder = staging.absoluteStagedPath;
    const { error, warning } = checkBundle({
      folder,
      entry,
      handler,
      environment: environmentOf(resource),
    });
    if (warning) Annotations.of(checked).addWarningV2('coatcheck:entryNotImported', warning);
    return [error, nativeCodeProblem(folder, checked.architecture)].filter(
      (problem) => problem !== undefined,
    );
  }
}

/** The environment variables of a function, with placeholders for values that are only known at deployment. */
function environmentOf(resource: CfnFunction): Record<string, string> {
  const { variables = {} }: { variables?: Record<string, unknown> } =
    Stack.of(resource).resolve(resource.environment) ?? {};
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'known-at-deployment',
    ]),
  );
}
