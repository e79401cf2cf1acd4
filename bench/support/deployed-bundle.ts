import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnFunction, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import {
  ASSET_RESOURCE_METADATA_ENABLED_CONTEXT,
  ASSET_RESOURCE_METADATA_PATH_KEY,
} from 'aws-cdk-lib/cx-api';
import { ApiAuth, AsyncService, type AsyncServiceProps } from '../../lib/constructs/index.ts';

/** A function's code as it is deployed, in a temporary folder. */
export interface DeployedBundle extends Disposable {
  readonly file: string;
  readonly bytes: number;
  /** The function's environment variables, with placeholders for values that are known at deployment only. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Bundles an entry with the construct that deploys it, so that the measured bundle is the deployed one. */
export function deployedBundle(entry: string): DeployedBundle {
  return bundleOf({ entry }, ({ processorFunction }) => processorFunction);
}

/** The HTTP API's bundle. @param entry processor of the same service */
export function deployedApiBundle(entry: string): DeployedBundle {
  const auth = ApiAuth.none({ openToAnyone: true });
  return bundleOf({ entry, api: { auth } }, ({ api }) => api?.function);
}

function bundleOf(
  props: AsyncServiceProps,
  pick: (service: AsyncService) => LambdaFunction | undefined,
): DeployedBundle {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'));
  const app = new App({ outdir: folder, context: { [ASSET_RESOURCE_METADATA_ENABLED_CONTEXT]: true } });
  const stack = new Stack(app, 'Bench');
  // Not synthesized, because synthesis rejects entries that aren't processors.
  const service = new AsyncService(stack, 'Service', props);
  const resource = pick(service)?.node.defaultChild;
  if (!(resource instanceof CfnFunction)) throw new TypeError('the service has no such function');
  const file = join(folder, resource.cfnOptions.metadata?.[ASSET_RESOURCE_METADATA_PATH_KEY], 'index.mjs');
  return {
    file,
    bytes: statSync(file).size,
    environment: environmentOf(stack, resource),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function environmentOf(stack: Stack, resource: CfnFunction): Record<string, string> {
  const variables: Readonly<Record<string, unknown>> = stack.resolve(resource.environment).variables;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'https://aws.invalid/known-at-deployment',
    ]),
  );
}
