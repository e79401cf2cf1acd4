import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { COMMON_BUNDLING, ESM_BUNDLING } from '../../lib/constructs/functions/bundling-options.ts';
import type { DeployedBundle } from './deployed-bundle.ts';

/**
 * Bundles an entry as a careful team does by `NodejsFunction`: one minified ES module with the SDK inside, whose source
 * map Node reads. Without what `AsyncService` adds to that.
 */
export async function plainBundle(entry: string): Promise<DeployedBundle> {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'));
  const file = join(folder, 'index.mjs');
  await build({
    ...COMMON_BUNDLING,
    ...ESM_BUNDLING,
    banner: { js: ESM_BUNDLING.banner },
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: true,
    logLevel: 'error',
  });
  return {
    file,
    bytes: statSync(file).size,
    environment: { NODE_OPTIONS: '--enable-source-maps', POWERTOOLS_SERVICE_NAME: 'bench' },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
