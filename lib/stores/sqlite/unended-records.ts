import { setImmediate } from 'node:timers/promises';
import type { StoredRecord } from '../../core/ports/record-store.ts';
import { RECORD_COLUMNS, storedOf } from './record-store.ts';
import { RECORD_IN_USE } from './schema.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Most records that are read in one turn of the event loop. */
const MAX_ROWS = 500;

// The first condition is that of the index.
const READ = `SELECT id, ${RECORD_COLUMNS} FROM records WHERE (${RECORD_IN_USE}) AND outcome IS NULL AND id > :after
  ORDER BY id LIMIT ${MAX_ROWS}`;

/** The records of requests that haven't ended, in pages and in the order in which they were written first. */
export async function* unendedRecords(file: SqliteFile): AsyncGenerator<readonly StoredRecord[], void> {
  let after = 0;
  while (true) {
    const rows = file.statement(READ).all({ after });
    if (rows.length > 0) yield rows.map(storedOf);
    if (rows.length < MAX_ROWS) return;
    after = Number(rows.at(-1)?.id);
    await setImmediate();
  }
}
