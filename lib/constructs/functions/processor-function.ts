import { Annotations, AssetStaging, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  CfnFunction,
  EventSourceMapping,
  type EventSourceMappingOptions,
} from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import { Release } from '../release.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { traceActively } from './active-tracing.ts';
import { checkBundle } from './check-bundle.ts';
import { nativeCodeProblem } from './native-code.ts';
import { allowNetworkInterfaces } from './network-interfaces.ts';
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
export class ProcessorFunction extends Construct implements IGrantable, IConnectable {
  readonly function: NodejsFunction;
  readonly role: ProcessorRole;
  /** The releases of its versions; undefined without the prop `release`. */
  readonly release: Release | undefined;
  readonly logGroup: LogGroup;
  /** The event source mapping of the input queue. */
  readonly eventSource: EventSourceMapping;
  /** The event source mappings of all queues, that of the input queue first. */
  readonly eventSources: readonly EventSourceMapping[];
  readonly #secrets: ProcessorResources['secrets'];

  constructor(scope: Construct, id: string, props: ProcessorFunctionSetup) {
    super(scope, id);
    const { service, settings } = props;
    this.#secrets = props.secrets;
    const handler = service.handler ?? 'handler';
    this.logGroup = new LogGroup(this, 'Logs', logGroupProps(service, props.removalPolicy));
    const { logGroup } = this;
    this.role = new ProcessorRole(this, 'Role', {
      ...props,
      prefixes: settings.prefixes,
      webhookEndpoints: settings.webhookEndpoints,
      logGroup,
    });
    this.function = new NodejsFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      ...processorBundling(service),
      handler,
      memorySize: settings.memoryMiB,
      ephemeralStorageSize: service.function?.ephemeralStorage,
      reservedConcurrentExecutions: settings.reservedConcurrency,
      layers: [...(service.function?.layers ?? [])],
      filesystem: service.function?.filesystem,
      timeout: Duration.seconds(settings.timeoutSeconds),
      environment: {
        ...settings.tracing?.variables,
        ...service.function?.environment,
        ...processorEnvironment(settings, props),
      },
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
      // A rollback needs the old versions. The version of a deployment that failed is deleted: Lambda publishes the same code
      // only once, so the next deployment of that code would fail.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
    });
    this.node.addValidation({ validate: () => this.#checkBundle(service.entry ?? '', handler) });
    this.node.addValidation({ validate: () => capacityProviderProblems(this.function) });
    allowNetworkInterfaces(this.role, service);
    if (settings.tracing?.target === 'xray') traceActively(this.function, this.role);
    this.release =
      service.release &&
      new Release(this, 'Release', { release: service.release, settings, function: this.function });
    // Always in the scope of the function, so that turning releases on updates the mapping instead of replacing it.
    const mapping = (id: string, { queueArn }: IQueue, polling: Polling) =>
      new EventSourceMapping(this.function, id, {
        target: this.release?.alias ?? this.function,
        eventSourceArn: queueArn,
        batchSize: settings.batchSize,
        // Lambda has none for FIFO queues.
        maxBatchingWindow: settings.keepsOrder ? undefined : Duration.seconds(settings.batchWindowSeconds),
        ...polling,
        // If the circuit breaker is removed during a pause, the deployment must end the pause.
        enabled: props.pauseQueue ? undefined : true,
        reportBatchItemFailures: true,
      });
    this.eventSource = mapping('InputQueue', props.inputQueue, pollingOf(settings));
    const { highMaxConcurrency, lowMaxConcurrency } = settings;
    this.eventSources = [
      this.eventSource,
      ...(props.lanes
        ? [
            mapping('HighInputQueue', props.lanes.high, { maxConcurrency: highMaxConcurrency }),
            mapping('LowInputQueue', props.lanes.low, { maxConcurrency: lowMaxConcurrency }),
          ]
        : []),
    ];
  }

  /** The role of the function. */
  get grantPrincipal(): IPrincipal {
    return this.function.grantPrincipal;
  }

  /** The security groups of the function. Throws without a VPC. */
  get connections(): Connections {
    return this.function.connections;
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
      secrets: Object.keys(this.#secrets),
      environment: environmentOf(resource),
    });
    if (warning) Annotations.of(checked).addWarningV2('coatcheck:bundle', warning);
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

/**
 * On Lambda Managed Instances, an invocation that times out isn't killed and its environment goes on with others. A
 * lease lasts until the invocation times out, so two attempts at a request could run at the same time.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
 */
function capacityProviderProblems({ node }: NodejsFunction): string[] {
  const resource = node.defaultChild;
  if (!(resource instanceof CfnFunction) || resource.capacityProviderConfig === undefined) return [];
  return [
    'The processor must not run on a capacity provider (Lambda Managed Instances), got one: an invocation that times out ' +
      'is not killed there, so two attempts at a request could run at the same time. For jobs of more than 15 minutes, save ' +
      'checkpoints or run a worker: see docs/recipes/work-longer-than-an-invocation.md',
  ];
}

/** How Lambda polls a queue. */
type Polling = Pick<EventSourceMappingOptions, 'maxConcurrency' | 'provisionedPollerConfig'>;

/** Lambda accepts either a maximum concurrency or provisioned pollers. */
function pollingOf({ pollers, maxConcurrency }: ServiceSettings): Polling {
  if (!pollers) return { maxConcurrency };
  return { provisionedPollerConfig: { minimumPollers: pollers.min, maximumPollers: pollers.max } };
}
