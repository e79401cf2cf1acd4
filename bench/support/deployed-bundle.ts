import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { ICommandHooks } from 'aws-cdk-lib/aws-lambda-nodejs';
import { AsyncService } from '../../lib/constructs/index.ts';

/** A processor's code as it is deployed, in a temporary folder. */
export interface DeployedBundle extends Disposable {
  readonly file: string;
  readonly bytes: number;
  /** The function's variables; those that are only known at deployment have stand-ins. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Bundles an entry by the construct that deploys it, so that nothing measured can differ from what is deployed. */
export function deployedBundle(entry: string): DeployedBundle {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'));
  const stack = new Stack(new App({ outdir: folder }), 'Bench');
  const { processor } = new AsyncService(stack, 'Service', { entry, bundling: { commandHooks: UNCHECKED } });
  const asset = readdirSync(folder).find((name) => name.startsWith('asset.')) ?? '';
  const file = join(folder, asset, 'index.mjs');
  return {
    file,
    bytes: statSync(file).size,
    environment: environmentOf(stack, processor.node.defaultChild),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** What is compared with a processor is none, and would be refused. */
const UNCHECKED: ICommandHooks = {
  beforeBundling: () => [],
  beforeInstall: () => [],
  afterBundling: () => [],
};

function environmentOf(stack: Stack, resource: unknown): Record<string, string> {
  if (!(resource instanceof CfnFunction)) throw new TypeError('the processor has no function');
  const variables: Readonly<Record<string, unknown>> = stack.resolve(resource.environment).variables;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'https://aws.invalid/known-at-deployment',
    ]),
  );
}
