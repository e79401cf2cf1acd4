/**
 * Runs a service, and two relays of an outbox, in files that others use at the same time. Argument: an empty folder. Prints what
 * comes of it, as JSON.
 */
import { DatabaseSync } from 'node:sqlite';
import { processor } from '../../../functions/processor/index.ts';
import { openService } from '../../../lib/embedded/index.ts';
import { outboxRow, SQLITE_OUTBOX, SQLITE_OUTBOX_INSERT } from '../../../lib/outbox/index.ts';
import type { PublishRows } from '../../../lib/outbox/outbox-source.ts';
import { SqliteOutbox } from '../../../lib/outbox/sqlite/sqlite-outbox.ts';
import { SqliteOutboxTable } from '../../../lib/outbox/sqlite/table.ts';

const [, , folder = '.'] = process.argv;

const handler = processor(async (request) => ({ characters: (await request.text()).length }));
const service = await openService({ file: `${folder}/jobs.db`, processor: handler });
const { id } = await service.submit('some text');
const outcome = await service.wait(id, { signal: AbortSignal.timeout(30_000) });
await service.close();

const path = `${folder}/app.db`;
const application = new DatabaseSync(path);
application.exec(`PRAGMA journal_mode = WAL; ${SQLITE_OUTBOX}`);
const insert = () => application.prepare(SQLITE_OUTBOX_INSERT).run(...Object.values(outboxRow('x')));
const open = () => SqliteOutbox.open({ path, table: new SqliteOutboxTable(), ordered: false });
const publish: PublishRows = async (rows) => rows.map(() => ({ published: true }));

const relays = [await open(), await open()];
const relayed: number[] = [];
for (const relay of relays) {
  insert();
  relayed.push((await relay.relay(publish)).length);
}
application.exec('BEGIN IMMEDIATE');
setTimeout(() => application.exec('COMMIT'), 100);
relayed.push((await relays[0]?.relay(publish))?.length ?? 0);
for (const relay of relays) await relay[Symbol.asyncDispose]();
application.close();

console.log(JSON.stringify({ status: outcome.status, relayed }));
