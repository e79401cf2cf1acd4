import type { Duration } from 'aws-cdk-lib';
import type { Architecture } from 'aws-cdk-lib/aws-lambda';
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
   * Additional environment variables for your handler. Variables that the service sets itself are rejected.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Bundling options, merged over those of the service (one ES module that includes the SDK, minified, with a source
   * map). Examples: `nodeModules` for a package with native code, `format: OutputFormat.CJS`. A `banner`, `define`,
   * `environment` or `commandHooks` of yours are used together with those of the service.
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
