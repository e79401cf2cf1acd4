import type { LimitStore, LimitWriteResult, StoredLimit } from '../../core/ports/limit-store.ts';
import { numberOf, type Row } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

const READ = 'SELECT * FROM limits WHERE name = :name';

const INSERT = `INSERT INTO limits (name, revision, state, kept_until)
  VALUES (:name, :revision, :state, :keptUntil) ON CONFLICT (name) DO NOTHING`;

const UPDATE = `UPDATE limits SET revision = :revision, state = :state, kept_until = :keptUntil
  WHERE name = :name AND revision = :revision - 1`;

/** The states of limits in a file, a row for each value of a key. */
export class SqliteLimitStore implements LimitStore {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async read(name: string): Promise<StoredLimit | undefined> {
    return this.#read(name);
  }

  /** Leases don't wait for the disk: the processes whose leases a loss of power undoes end with it. */
  write(name: string, { state, revision, keptUntil }: StoredLimit): Promise<LimitWriteResult> {
    const row = { name, revision, keptUntil: keptUntil ?? null, state: JSON.stringify(state) };
    const statement = revision === 1 ? INSERT : UPDATE;
    const write = (): LimitWriteResult =>
      this.#file.statement(statement).run(row).changes === 1
        ? { written: true }
        : { written: false, stored: this.#read(name) };
    const lasts = state.changed !== undefined || state.pausedUntil !== undefined;
    return this.#file.write(write, lasts ? 'on disk' : 'committed');
  }

  #read(name: string): StoredLimit | undefined {
    const row = this.#file.statement(READ).get({ name });
    return row && storedOf(row);
  }
}

function storedOf(row: Row): StoredLimit {
  const keptUntil = numberOf(row.kept_until);
  return {
    state: JSON.parse(String(row.state)),
    revision: Number(row.revision),
    ...(keptUntil !== undefined && { keptUntil }),
  };
}
