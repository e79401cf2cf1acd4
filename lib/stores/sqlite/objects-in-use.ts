import type { ClaimCheck } from '../../core/model/claim-check.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import { RECORD_COLUMNS, storedOf } from './record-store.ts';
import { RECORD_IN_USE } from './schema.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Most records that are read in one turn of the event loop. */
const MAX_ROWS = 500;

const READ = `SELECT id, ${RECORD_COLUMNS} FROM records WHERE (${RECORD_IN_USE}) AND id > :after
  ORDER BY id LIMIT ${MAX_ROWS}`;

/**
 * The stored objects that another attempt may need: payloads and checkpoints of requests that haven't ended, or that a
 * dead letter can revive.
 */
export async function* objectsInUse(file: SqliteFile): AsyncGenerator<ClaimCheck> {
  let after = 0;
  while (true) {
    const rows = file.statement(READ).all({ after });
    for (const row of rows) yield* checksOf(storedOf(row).record);
    if (rows.length < MAX_ROWS) return;
    after = Number(rows.at(-1)?.id);
  }
}

function* checksOf({ payload, checkpoint }: RequestRecord): Generator<ClaimCheck> {
  if (payload?.check) yield payload.check;
  if (checkpoint && 'check' in checkpoint.state) yield checkpoint.state.check;
}
