import { once } from 'node:events';
import { access, mkdir } from 'node:fs/promises';
import { ConfigurationError } from '../../core/base/errors.ts';
import { note } from '../../terminal/output.ts';
import { styled } from '../../terminal/terminal.ts';
import { announceService, assertNoneRuns } from '../running-service.ts';
import { readKeys } from '../secret-keys.ts';
import { ReloadedProcessor } from './reload.ts';

/** What to run, and where. */
export interface DevOptions {
  /** The processor's file. */
  readonly file: string;
  /** The folder for everything that is stored. */
  readonly folder: string;
  /** The API's; 0 for any free one. */
  readonly port: number;
  /** The debugger's. @default - none */
  readonly inspectPort?: number;
}

/**
 * Runs a service on this machine until the signal fires.
 * @throws ConfigurationError if there is no such file, a service runs in the folder, or the port is in use
 */
export async function runDev(
  { file, folder, port, inspectPort }: DevOptions,
  signal: AbortSignal,
): Promise<void> {
  await access(file).catch((cause) => {
    throw new ConfigurationError(`There is no processor at ${file}`, { cause });
  });
  await mkdir(folder, { recursive: true });
  await assertNoneRuns(folder);
  await readKeys(folder);
  await using processor = new ReloadedProcessor({ file, folder, inspectPort });
  // The processor's process loads its modules while this one loads those of the API.
  const starting = processor.start();
  const { serveApi } = await import('./serve-api.ts');
  await using api = await serveApi(folder, port);
  await using _announcement = await announceService(folder, {
    url: api.url,
    pid: process.pid,
    command: 'dev',
  });
  await starting;
  showReady(api.url, folder);
  if (!signal.aborted) await once(signal, 'abort');
  note('Stopping after running requests have finished. Press Ctrl-C again to end at once.');
}

function showReady(url: string, folder: string): void {
  const seconds = process.uptime().toFixed(1);
  console.log(`${styled('bold', `Ready at ${url}`)} after ${seconds} s. Data and keys are in ${folder}. Ctrl-C stops it.

Commands to try, in another terminal in this folder:

  ${styled('cyan', 'npx coatcheck submit FILE --wait')}
  ${styled('cyan', `curl -i '${url}/v1/requests' -H 'Prefer: wait=10' -H 'Content-Type: text/plain' -d 'some text'`)}
`);
}
