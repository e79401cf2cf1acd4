/**
 * The process of a rehearsal: rehearses the messages that its parent sends, until the parent disconnects.
 *
 *     node rehearsal-main.js FILE FOLDER COMMAND
 */
import { readServeEnvironment } from '../../../core/config/serve-environment.ts';
import { Deadline } from '../../../core/engine/deadline.ts';
import { rehearse } from '../../../core/engine/rehearsal.ts';
import { openParts } from '../../../embedded/open-service.ts';
import { rehearsalPartsOf } from '../../../embedded/rehearse.ts';
import { processLogger } from '../../../lambda/powertools-logger.ts';
import { devServiceOptions } from '../../dev/service-options.ts';
import { readKeys } from '../../secret-keys.ts';
import { serveServiceOptions } from '../../serve/service-options.ts';
import { loadProcessor } from '../../worker/load-processor.ts';
import type { RehearsalMessage } from './process-rehearser.ts';

const [processorFile = '', folder = '', command = ''] = process.argv.slice(2);

// Ctrl-C reaches all processes of a terminal: the parent decides what it means.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});

const disconnected = new Promise<void>((resolve) => process.once('disconnect', resolve));
try {
  const processor = await loadProcessor(processorFile);
  const parts = await openParts(await optionsOf(), Date);
  await using _storage = parts.storage;
  const rehearsal = rehearsalPartsOf(parts, processor);
  using deadline = new Deadline(Date.now(), Number.POSITIVE_INFINITY);
  process.on('message', async (messages: Parameters<typeof rehearse>[0]) => {
    send({ type: 'rehearsed', found: await rehearse(messages, rehearsal, deadline) });
  });
  send({ type: 'ready' });
  await disconnected;
} catch (error) {
  send({ type: 'failed', problem: error instanceof Error ? error.message : String(error) });
  await disconnected;
}
// A handler may have left timers or connections behind.
process.exit();

/** The options of the service, by the variables of this process. */
async function optionsOf() {
  const { webhookSecret } = await readKeys(folder);
  if (command === 'dev') return devServiceOptions(folder, webhookSecret);
  const environment = readServeEnvironment({ ...process.env, COATCHECK_DATA: folder });
  return serveServiceOptions(environment, webhookSecret, processLogger(environment));
}

function send(message: RehearsalMessage): void {
  if (process.connected) process.send?.(message);
}
