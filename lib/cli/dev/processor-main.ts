/**
 * The process of a processor: runs requests until its parent disconnects, or ends.
 *
 *     node processor-main.js FILE FOLDER
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { openParts } from '../../embedded/open-service.ts';
import { Service } from '../../embedded/service.ts';
import { readKeys } from '../secret-keys.ts';
import { loadProcessor } from '../worker/load-processor.ts';
import type { ProcessorMessage } from './messages.ts';
import { devServiceOptions } from './service-options.ts';

const [processorFile = '', folder = ''] = process.argv.slice(2);

// Ctrl-C reaches all processes of a terminal: the parent decides what it means.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});

// Says which files to watch. Before Node 22.15, which has no such hooks, only the processor's own file is watched.
module.registerHooks?.({
  load(url, context, next) {
    if (url.startsWith('file:') && !url.includes('/node_modules/')) {
      void send({ type: 'loaded', file: fileURLToPath(url) });
    }
    return next(url, context);
  },
});

const disconnected = new Promise<void>((resolve) => process.once('disconnect', resolve));
try {
  const processor = await loadProcessor(processorFile);
  const { webhookSecret } = await readKeys(folder);
  await using _service = new Service({
    ...(await openParts(devServiceOptions(folder, webhookSecret), Date)),
    processor,
  });
  await send({ type: 'ready' });
  await disconnected;
} catch (error) {
  await send({ type: 'failed', problem: problemOf(error) });
  process.exitCode = 1;
}
// A handler may have left timers or connections behind.
process.exit();

function send(message: ProcessorMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

/** A syntax error has its line in its stack. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof SyntaxError ? `${error.message}\n${error.cause.stack}` : error.message;
}
