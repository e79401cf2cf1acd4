/** Starts a bundle like Lambda in its own process, and reports the time to its parent. */
import { pathToFileURL } from 'node:url';
import { LAMBDA_CONTEXT } from '../../test/support/lambda-context.ts';
import type { BundleStart } from './bundle-start.ts';

const [bundle = '', event = ''] = process.argv.slice(2);

const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const { handler } = await import(pathToFileURL(bundle).href);
const importedAt = performance.now();
const response = await handler(JSON.parse(event), LAMBDA_CONTEXT);
const readyAt = performance.now();
const { user, system } = process.cpuUsage(cpuBefore);
if (response.batchItemFailures?.length > 0 || response.statusCode >= 300) {
  throw new Error(`${bundle} failed: ${JSON.stringify(response)}`);
}

const start: BundleStart = {
  importMilliseconds: importedAt - startedAt,
  readyMilliseconds: readyAt - startedAt,
  cpuMilliseconds: (user + system) / 1_000,
};
process.send?.(start);
process.disconnect();
