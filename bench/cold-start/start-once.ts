/** Starts a bundle as Lambda does, in a process of its own, and tells its parent how long that took. */
import { pathToFileURL } from 'node:url';
import type { BundleStart } from './bundle-start.ts';

const [bundle = '', event = ''] = process.argv.slice(2);

const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const { handler } = await import(pathToFileURL(bundle).href);
const importedAt = performance.now();
await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 60_000 });
const readyAt = performance.now();
const { user, system } = process.cpuUsage(cpuBefore);

const start: BundleStart = {
  importMilliseconds: importedAt - startedAt,
  readyMilliseconds: readyAt - startedAt,
  cpuMilliseconds: (user + system) / 1_000,
};
process.send?.(start);
process.disconnect();
