import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';

/** Receives and acknowledges messages without an end, and prints each body. */
const [, , path = ''] = process.argv;
const file = await SqliteFile.open(path, { synchronous: 'normal' });
const queue = new SqliteInputQueue(file, { queue: 'in', visibilitySeconds: 60, clock: { now: Date.now } });
const { signal } = new AbortController();

process.stdout.write('ready\n');
while (true) {
  for (const { body, ack } of await queue.receive(5, signal)) {
    await ack();
    process.stdout.write(`${body}\n`);
  }
}
