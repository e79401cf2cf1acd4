import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, App, AssetStaging, Stack, Token } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { checkBundle } from '../functions/check-bundle.ts';
import { nativeCodeProblem } from '../functions/native-code.ts';
import { DEFAULT_ARCHITECTURE, NODE_24 } from '../functions/node-function.ts';
import { processorBundling } from '../functions/processor-bundling.ts';

const DEFAULT_BASE_IMAGE = 'public.ecr.aws/docker/library/node:24-slim';

/** Configures a {@link TaskImage}. */
export interface TaskImageProps {
  readonly service: AsyncServiceProps;
  /** The environment variables of the container. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The image of a worker with its processor: the bundle that a Lambda function would have, on an image with Node. Nothing
 * runs while it is built, so Docker builds it for any architecture without emulation. Synthesis needs no Docker.
 */
export class TaskImage extends Construct {
  readonly image: ContainerImage;
  readonly #asset: DockerImageAsset;

  constructor(scope: Construct, id: string, { service, environment }: TaskImageProps) {
    super(scope, id);
    const architecture = architectureOf(service);
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-image-'));
    try {
      const bundle = Stack.of(this).bundlingRequired ? bundleInto(folder, service) : folder;
      copyFileSync(join(import.meta.dirname, 'Dockerfile'), join(bundle, 'Dockerfile'));
      this.#asset = new DockerImageAsset(this, 'Asset', {
        directory: bundle,
        platform:
          architecture.name === Architecture.ARM_64.name ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
        buildArgs: { BASE_IMAGE: service.host?.fargate?.baseImage ?? DEFAULT_BASE_IMAGE },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    this.image = ContainerImage.fromDockerImageAsset(this.#asset);
    const { entry } = service;
    if (entry !== undefined) {
      this.node.addValidation({
        validate: () => this.#checkBundle(entry, service, architecture, known(environment)),
      });
    }
  }

  /** Runs during synthesis. */
  #checkBundle(
    entry: string,
    { handler = 'handler', secrets = {} }: AsyncServiceProps,
    architecture: Architecture,
    environment: Readonly<Record<string, string>>,
  ): string[] {
    if (!Stack.of(this).bundlingRequired) return [];
    const staging = this.#asset.node.tryFindChild('Staging');
    if (!(staging instanceof AssetStaging)) throw new TypeError(`${this.#asset.node.path} has no folder`);
    const folder = staging.absoluteStagedPath;
    const { error, warning } = checkBundle({
      folder,
      entry,
      handler,
      secrets: Object.keys(secrets),
      environment,
    });
    if (warning) Annotations.of(this).addWarningV2('coatcheck:bundle', warning);
    return [error, nativeCodeProblem(folder, architecture)].filter((problem) => problem !== undefined);
  }
}

/**
 * Bundles the processor with the CDK's own bundler. It can't be used without a function, so the function is in an app of
 * its own, which is never synthesized.
 * @returns the folder of the bundle, in the given folder
 */
function bundleInto(outdir: string, service: AsyncServiceProps): string {
  const stack = new Stack(new App({ outdir, autoSynth: false }), 'Bundle');
  const bundled = new NodejsFunction(stack, 'Function', {
    ...processorBundling(service),
    runtime: NODE_24,
    architecture: architectureOf(service),
    handler: service.handler ?? 'handler',
  });
  const staging = bundled.node.tryFindChild('Code')?.node.tryFindChild('Stage');
  if (!(staging instanceof AssetStaging)) throw new TypeError(`${bundled.node.path} has no bundled code`);
  return staging.absoluteStagedPath;
}

function architectureOf({
  function: { architecture = DEFAULT_ARCHITECTURE } = {},
}: AsyncServiceProps): Architecture {
  return architecture;
}

/** Environment variables with placeholders for values that are only known at deployment. */
function known(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      Token.isUnresolved(value) ? 'known-at-deployment' : value,
    ]),
  );
}
