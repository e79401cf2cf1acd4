import { positionOf } from '../../core/model/record-position.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { RecordIndex, RecordListing, RecordPage } from '../../core/ports/record-store.ts';
import { RECORD_COLUMNS, storedOf } from './record-store.ts';
import type { SqliteFile } from './sqlite-file.ts';

// A position begins with a digit, so that each is less than ':'.
const LIST = `SELECT ${RECORD_COLUMNS} FROM records WHERE tenant IS :tenant AND position < :after
  ORDER BY position DESC LIMIT :limit`;
const AFTER_ALL = ':';

/** Lists the records in a file. */
export class SqliteRecordIndex implements RecordIndex {
  readonly #file: SqliteFile;
  readonly #clock: Clock;

  constructor(file: SqliteFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  async list({ tenant, after = AFTER_ALL, limit }: RecordListing): Promise<RecordPage> {
    const rows = this.#file.statement(LIST).all({ tenant: tenant ?? null, after, limit: limit + 1 });
    const page = rows.slice(0, limit).map(storedOf);
    const last = page.at(-1)?.record;
    const records = page.filter(({ keptUntil }) => keptUntil > this.#clock.now()).map(({ record }) => record);
    return rows.length > limit && last ? { records, next: positionOf(last) } : { records };
  }
}
