import { SqliteOutputQueue } from '../../../lib/stores/sqlite/output-queue.ts';
import { SqliteRecordStore } from '../../../lib/stores/sqlite/record-store.ts';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';

/** Writes a record and a message a time, several at once, without an end, and prints each number that was confirmed. */
const [, , path = '', synchronous, name = ''] = process.argv;
const file = await SqliteFile.open(path, { synchronous: synchronous === 'full' ? 'full' : 'normal' });
const records = new SqliteRecordStore(file);
const queue = new SqliteOutputQueue(file, 'in', { now: Date.now });

let next = 0;
async function writeOn(): Promise<void> {
  while (true) {
    const id = `${name}${next++}`;
    const times = { createdAt: Date.now(), updatedAt: Date.now() };
    const record = { request: { id, source: '' }, status: 'queued', attempts: 0, ...times } as const;
    await records.write({ record, revision: 1, keptUntil: Date.now() });
    await queue.send([{ body: id, attributes: {} }]);
    process.stdout.write(`${id}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, writeOn));
