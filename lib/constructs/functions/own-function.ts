import { execFileSync } from 'node:child_process';
import { extname, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';

/** The functions that belong to the service itself, by their folders in `functions/`. */
export const OWN_FUNCTIONS = [
  'action',
  'api',
  'audit',
  'batch',
  'breaker',
  'console',
  'outbox',
  'relay',
  'schedule',
  'webhook',
] as const;

/** One of {@link OWN_FUNCTIONS}. */
export type OwnFunction = (typeof OWN_FUNCTIONS)[number];

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * The code of one of the service's own functions. The package contains the built code, so it deploys from a project
 * with any package manager and layout. A checkout of the repository bundles it with the program that builds the
 * package.
 */
export function ownFunctionCode(name: OwnFunction): Code {
  const folder = join(ROOT, 'functions', name);
  if (extname(import.meta.filename) === '.js') return Code.fromAsset(folder);
  return Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      local: {
        tryBundle: (output) => {
          execFileSync(process.execPath, [join(ROOT, 'bin', 'bundle-function.ts'), name, output]);
          return true;
        },
      },
    },
  });
}
