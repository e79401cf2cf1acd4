import type { Duration } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { ContainerImage, ICluster, Secret } from 'aws-cdk-lib/aws-ecs';

/** Configures the Fargate tasks that run the processor of an `AsyncService`. */
export interface FargateProps {
  /**
   * The VPC of the tasks, in which a cluster is created. The tasks need a way to SQS, S3, DynamoDB, CloudWatch Logs, ECR and
   * ECS: a NAT gateway, VPC endpoints or public subnets.
   * @default - the VPC of `cluster`: exactly one of the two must be set
   */
  readonly vpc?: IVpc;

  /**
   * An existing cluster. With `spot`, it must have Fargate's capacity providers.
   * @default - a new cluster in `vpc`
   */
  readonly cluster?: ICluster;

  /**
   * The subnets of the tasks. In public subnets, tasks have public IP addresses.
   * @default - private subnets with a way to the internet
   */
  readonly vpcSubnets?: SubnetSelection;

  /** The security groups of the tasks. @default - a new one without ingress */
  readonly securityGroups?: ISecurityGroup[];

  /**
   * CPU units of a task, 1,024 a vCPU: 256, 512, 1024, 2048, 4096, 8192 or 16384.
   * @default 1024
   */
  readonly cpu?: number;

  /**
   * Memory of a task in MiB. `cpu` decides which sizes there are.
   * @default 2048
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
   */
  readonly memoryLimitMiB?: number;

  /**
   * Maximum number of requests that a task handles at a time: 1 to 400.
   * @default 10
   */
  readonly concurrency?: number;

  /**
   * Minimum number of tasks: 0 to 5,000. With 0 the service scales to zero, and the first request then waits 2 to 4 minutes
   * until a task has started; up to 15 minutes longer if the queue wasn't used for 6 hours.
   * @default 0
   */
  readonly minTasks?: number;

  /**
   * Maximum number of tasks: 1 to 5,000.
   * @default 10
   */
  readonly maxTasks?: number;

  /**
   * How soon the backlog should be done: 1 minute to 1 day. There are as many tasks as that takes, up to `maxTasks`.
   * @default Duration.minutes(5)
   */
  readonly targetWait?: Duration;

  /**
   * Whether the tasks run on Fargate Spot, for about a third of the price. AWS may stop such a task with a notice of two
   * minutes; a job that takes longer then starts again elsewhere, or continues at its checkpoint.
   * @default false
   */
  readonly spot?: boolean;

  /**
   * How long a task may take to stop: 10 to 120 seconds.
   * @default Duration.seconds(120)
   */
  readonly stopTimeout?: Duration;

  /**
   * The base image for your processor, with Node.js 24 and a user `node`. Choose another to add programs that your handler
   * runs.
   * @default 'public.ecr.aws/docker/library/node:24-slim'
   */
  readonly baseImage?: string;

  /**
   * Sends the payloads to your own service, in any language, which runs in the same task. Leave out `entry` then.
   * @default - your processor is `entry`
   */
  readonly forwardTo?: ForwardToContainer;
}

/** A container with an HTTP service that handles the requests of an `AsyncService`. */
export interface ForwardToContainer {
  /** The image of your service. */
  readonly image: ContainerImage;

  /** The port that it listens on: 1 to 65,535. */
  readonly port: number;

  /** The path that payloads are sent to. @default '/' */
  readonly path?: string;

  /** A path that answers 2xx once the service is up. @default - the service is up when its port is open */
  readonly readyPath?: string;

  /** Environment variables of your service. @default - none */
  readonly environment?: Readonly<Record<string, string>>;

  /** Environment variables of your service whose values are secrets. @default - none */
  readonly secrets?: Readonly<Record<string, Secret>>;
}
