import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type Connections, type IConnectable, type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  Cluster,
  ContainerDependencyCondition,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LinuxParameters,
  type LogDriver,
  LogDrivers,
  OperatingSystemFamily,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel, Architecture } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { emulatorEndpoint } from '../emulated-aws.ts';
import { allowSpans } from '../functions/active-tracing.ts';
import { DEFAULT_ARCHITECTURE } from '../functions/node-function.ts';
import { type ProcessorResources, taskEnvironment } from '../functions/processor-environment.ts';
import { ProcessorRole } from '../functions/processor-role.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import type { FargateSettings } from '../settings/fargate-settings.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { TaskImage } from './task-image.ts';
import { TaskScaling } from './task-scaling.ts';

/** Configures a {@link ProcessorService}. */
export interface ProcessorServiceSetup extends ProcessorResources {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly fargate: FargateSettings;
  readonly removalPolicy: RemovalPolicy;
}

/** The ECS service on Fargate whose tasks run the user's processor in a worker, or beside a worker. */
export class ProcessorService extends Construct implements IGrantable, IConnectable {
  readonly service: FargateService;
  readonly taskDefinition: FargateTaskDefinition;
  readonly role: ProcessorRole;
  readonly logGroup: LogGroup;
  /** The ARN of all tasks of the cluster. */
  readonly tasks: string;
  /** The new cluster; undefined if there is an existing one. */
  readonly ownCluster: Cluster | undefined;

  constructor(scope: Construct, id: string, props: ProcessorServiceSetup) {
    super(scope, id);
    const { fargate } = props;
    const { host } = fargate;
    this.logGroup = new LogGroup(this, 'Logs', logGroupProps(props.service, props.removalPolicy));
    this.ownCluster = host.vpc && newCluster(this, host.vpc);
    const cluster = host.cluster ?? this.ownCluster;
    if (!cluster) throw new TypeError(`${this.node.path} has neither a vpc nor a cluster`);
    this.tasks = tasksOf(this, cluster.clusterName);
    const { prefixes, webhookEndpoints } = props.settings;
    this.role = new ProcessorRole(this, 'Role', { ...props, prefixes, webhookEndpoints, tasks: this.tasks });
    if (props.settings.tracing?.target === 'xray') allowSpans(this.role);
    this.taskDefinition = this.#defineTask(props);
    this.service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: this.taskDefinition,
      vpcSubnets: host.vpcSubnets,
      securityGroups: host.securityGroups,
      assignPublicIp: host.vpcSubnets?.subnetType === SubnetType.PUBLIC,
      capacityProviderStrategies: host.spot ? [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] : undefined,
      // Without a desired count, a deployment leaves the number of tasks to the scaling. The first one starts one task.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      propagateTags: PropagatedTagSource.SERVICE,
    });
    // Emulators reject alarms on metric math.
    if (emulatorEndpoint()) return;
    new TaskScaling(this, 'Scaling', {
      service: this.service,
      inputQueue: props.inputQueue,
      serviceName: props.settings.serviceName,
      fargate,
    });
  }

  /** Whom grants go to: the role of the tasks. */
  get grantPrincipal(): IPrincipal {
    return this.role.grantPrincipal;
  }

  /** The security groups of the tasks. */
  get connections(): Connections {
    return this.service.connections;
  }

  #defineTask(props: ProcessorServiceSetup): FargateTaskDefinition {
    const { service, settings, fargate } = props;
    const isArm = (service.function?.architecture ?? DEFAULT_ARCHITECTURE).name === Architecture.ARM_64.name;
    const taskDefinition = new FargateTaskDefinition(this, 'Task', {
      cpu: fargate.cpu,
      memoryLimitMiB: fargate.memoryLimitMiB,
      taskRole: this.role,
      runtimePlatform: {
        cpuArchitecture: isArm ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const stopTimeout = Duration.seconds(fargate.stopSeconds);
    const environment = {
      ...settings.tracing?.variables,
      ...service.function?.environment,
      ...taskEnvironment(settings, fargate, props),
      AWS_REGION: Stack.of(this).region,
      POWERTOOLS_LOG_LEVEL: logLevel(service.observability?.logLevel),
    };
    const { image } = new TaskImage(this, 'Image', { service, environment });
    const worker = taskDefinition.addContainer('Worker', {
      image,
      environment,
      stopTimeout,
      logging: this.#logs('worker'),
      // The first process of a container ignores a signal that it doesn't handle yet. This one passes it on.
      linuxParameters: new LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
    });
    const { forwardTo } = fargate.host;
    if (!forwardTo) return taskDefinition;
    const target = taskDefinition.addContainer('Service', {
      image: forwardTo.image,
      environment: { ...forwardTo.environment },
      secrets: { ...forwardTo.secrets },
      portMappings: [{ containerPort: forwardTo.port }],
      stopTimeout,
      logging: this.#logs('service'),
    });
    // ECS stops containers in the reverse order: the service stops when the worker has finished its calls.
    worker.addContainerDependencies({ container: target, condition: ContainerDependencyCondition.START });
    return taskDefinition;
  }

  #logs(streamPrefix: string): LogDriver {
    return LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix });
  }
}

function newCluster(scope: Construct, vpc: IVpc): Cluster {
  return new Cluster(scope, 'Cluster', { vpc, enableFargateCapacityProviders: true });
}

/** The ARN of all tasks of a cluster. */
function tasksOf(scope: Construct, clusterName: string): string {
  return Stack.of(scope).formatArn({ service: 'ecs', resource: 'task', resourceName: `${clusterName}/*` });
}

/** The name of a level in Powertools. */
function logLevel(level = ApplicationLogLevel.INFO): string {
  return level === ApplicationLogLevel.FATAL ? 'CRITICAL' : level;
}
