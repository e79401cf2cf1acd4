import type { Duration, Size } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { Architecture, FileSystem, ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs';

/** Configures the Lambda function that runs the processor of an `AsyncService`. */
export interface ProcessorFunctionProps {
  /**
   * Memory in MiB: 128 to 10,240. CPU grows with it; 1,769 MiB correspond to one vCPU.
   * @default 512
   * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
   */
  readonly memoryMiB?: number;

  /**
   * Maximum duration of an invocation, that is of one batch: 3 to 900 seconds. Handlers receive a signal shortly
   * before.
   * @default Duration.minutes(1)
   * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
   */
  readonly timeout?: Duration;

  /**
   * Maximum number of requests of one batch handled concurrently: 1 to 400, because a function can have 1,024 files and
   * sockets open. Lower it for handlers that need much memory or CPU, or that open several files or sockets each.
   * @default - the whole batch, up to 400
   */
  readonly requestConcurrency?: number;

  /**
   * Invocations of the account's concurrency that only the processor can use: at least as many as the event source runs
   * batches at a time: `queue.maxConcurrency`, or 10 × `queue.pollers.max`. Lambda would throttle the batches above it, and each throttled delivery
   * counts as a receive of its messages. Leave at least 100 of the account's concurrency unreserved.
   * @default - the processor shares the concurrency of the account with all functions that reserve none
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
   */
  readonly reservedConcurrency?: number;

  /**
   * Size of `/tmp`: 512 MiB to 10 GiB. It is shared by the requests of a batch, and kept for later batches of the
   * instance.
   * @default Size.mebibytes(512)
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
   */
  readonly ephemeralStorage?: Size;

  /**
   * Lambda layers of the processor, up to 5. Their architecture must be `architecture`, and their runtime Node.js 24;
   * the CDK doesn't know either of an imported layer.
   * @default - none
   */
  readonly layers?: readonly ILayerVersion[];

  /**
   * A file system that is mounted in the processor, for example `FileSystem.fromEfsAccessPoint(accessPoint, '/mnt/models')`.
   * Requires `vpc`.
   * @default - none
   */
  readonly filesystem?: FileSystem;

  /**
   * The VPC of the processor, and of the service's own functions: those of the HTTP API, the webhooks and the circuit
   * breaker. Its subnets need a way to the AWS services that the functions call, and with webhooks to the internet: see
   * docs/recipes/run-in-a-vpc.md.
   * @default - the functions run outside your VPCs and reach the internet
   */
  readonly vpc?: IVpc;

  /**
   * The subnets of the functions, up to 16. Requires `vpc`.
   * @default - the private subnets of the VPC
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The security groups of all functions, 1 to 5. Requires `vpc`.
   * @default - one group for each function, which allows all outbound traffic
   */
  readonly securityGroups?: readonly ISecurityGroup[];

  /**
   * Whether the functions may be in public subnets. They have no public address there, so they don't reach the internet.
   * Requires `vpc`.
   * @default false
   */
  readonly allowPublicSubnet?: boolean;

  /**
   * Additional environment variables for your handler. Variables that the service sets itself are rejected.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Bundling options, merged over those of the service (one ES module that includes the SDK, minified, with a source
   * map). Examples: `nodeModules` for a package with native code, `format: OutputFormat.CJS`, `keepNames: true` for code
   * that reads the names of its classes or functions, at a tenth of a cold start. A `banner`, `define`, `environment` or
   * `commandHooks` of yours are used together with those of the service.
   *
   * During synthesis the bundle is imported in a separate process, with the environment variables of the function and
   * without credentials. An entry whose `handler` wasn't returned by `processor()` is rejected.
   * @default - the options of the service
   */
  readonly bundling?: BundlingOptions;

  /**
   * The lock file of your project: `package-lock.json`, `pnpm-lock.yaml`, `yarn.lock`, `bun.lock` or `bun.lockb`. Its
   * name decides which package manager runs the bundler and installs `bundling.nodeModules`. Set it if a folder has
   * several lock files. Without `nodeModules` no lock file is needed.
   * @default - the lock file in the working directory or the nearest folder above it
   */
  readonly depsLockFilePath?: string;

  /**
   * The folder in which the bundler runs. `esbuild` must be installed in it or in a folder above it. Set it in a
   * monorepo if the folder of the app has no `esbuild`. The entry can be outside of it.
   * @default - the folder of the lock file
   */
  readonly projectRoot?: string;

  /**
   * The CPU architecture of the processor, and of the service's own functions. npm installs `bundling.nodeModules` for
   * it. A bundle with native code for other platforms only is rejected.
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;
}
