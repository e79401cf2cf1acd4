import { latestPause } from '../../core/ports/latest-pause.ts';
import type { LoadLog, NotedPause, RecentWork, WorkDone } from '../../core/ports/telemetry.ts';
import { SqliteOperatorPauses } from './operator-pauses.ts';
import type { SqliteFile } from './sqlite-file.ts';

const ADD = `INSERT INTO load (second, completed, handled, milliseconds, releases, squares)
  VALUES (:second, :completed, :handled, :milliseconds, :releases, :squares) ON CONFLICT (second) DO UPDATE
  SET completed = completed + :completed, handled = handled + :handled, milliseconds = milliseconds + :milliseconds,
    releases = releases + :releases, squares = squares + :squares`;

const SUM = `SELECT total(completed) AS completed, total(handled) AS handled, total(milliseconds) AS milliseconds,
    total(releases) AS releases, total(squares) AS squares
  FROM load WHERE second BETWEEN :first AND :last`;

const WINDOWS = `SELECT total(handled) AS handled, total(milliseconds) AS milliseconds FROM load
  WHERE second BETWEEN :first AND :last GROUP BY (:last - second) / 10 ORDER BY (:last - second) / 10`;

const NOTE = `INSERT INTO pauses (id, until, reason) VALUES (1, :until, :reason)
  ON CONFLICT (id) DO UPDATE SET until = :until, reason = :reason`;

const PAUSE = 'SELECT until, reason FROM pauses';

const RECENT_SECONDS = 60;

/** Work done, in a file, to the second. */
export class SqliteLoadLog implements LoadLog {
  readonly #file: SqliteFile;
  readonly #operatorPauses: SqliteOperatorPauses;

  constructor(file: SqliteFile) {
    this.#file = file;
    this.#operatorPauses = new SqliteOperatorPauses(file);
  }

  async add(at: number, { completed, handled, milliseconds, releases, squares }: WorkDone): Promise<void> {
    const row = { second: secondAt(at), completed, handled, milliseconds, releases, squares };
    await this.#file.write(() => this.#file.statement(ADD).run(row), 'committed');
  }

  async notePause({ until, reason }: NotedPause): Promise<void> {
    const row = { until: Math.ceil(until), reason };
    await this.#file.write(() => this.#file.statement(NOTE).run(row), 'committed');
  }

  async recent(now: number): Promise<RecentWork> {
    const last = secondAt(now);
    const first = last - RECENT_SECONDS;
    const sums = this.#file.statement(SUM).get({ first, last });
    const windows = this.#file.statement(WINDOWS).all({ first, last });
    const pause = latestPause(this.#notedPause(), await this.#operatorPauses.read());
    return {
      completed: Number(sums?.completed),
      handled: Number(sums?.handled),
      milliseconds: Number(sums?.milliseconds),
      releases: Number(sums?.releases),
      squares: Number(sums?.squares),
      seconds: (now - first * 1_000) / 1_000,
      windows: windows.map(({ handled, milliseconds }) => ({
        handled: Number(handled),
        milliseconds: Number(milliseconds),
      })),
      ...(pause && { pause }),
    };
  }

  #notedPause(): NotedPause | undefined {
    const row = this.#file.statement(PAUSE).get({});
    return row && { until: Number(row.until), reason: String(row.reason) };
  }
}

function secondAt(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}
