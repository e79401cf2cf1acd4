import type { LoadLog, RecentWork, WorkDone } from '../../core/ports/telemetry.ts';
import type { SqliteFile } from './sqlite-file.ts';

const ADD = `INSERT INTO load (second, completed, handled, milliseconds)
  VALUES (:second, :completed, :handled, :milliseconds) ON CONFLICT (second) DO UPDATE
  SET completed = completed + :completed, handled = handled + :handled, milliseconds = milliseconds + :milliseconds`;

const SUM = `SELECT total(completed) AS completed, total(handled) AS handled, total(milliseconds) AS milliseconds
  FROM load WHERE second BETWEEN :first AND :last`;

const RECENT_SECONDS = 60;

/** Work done, in a file, to the second. */
export class SqliteLoadLog implements LoadLog {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async add(at: number, { completed, handled, milliseconds }: WorkDone): Promise<void> {
    const row = { second: secondAt(at), completed, handled, milliseconds };
    await this.#file.write(() => this.#file.statement(ADD).run(row), 'committed');
  }

  async recent(now: number): Promise<RecentWork> {
    const last = secondAt(now);
    const first = last - RECENT_SECONDS;
    const sums = this.#file.statement(SUM).get({ first, last });
    return {
      completed: Number(sums?.completed),
      handled: Number(sums?.handled),
      milliseconds: Number(sums?.milliseconds),
      seconds: now / 1_000 - first,
    };
  }
}

function secondAt(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}
