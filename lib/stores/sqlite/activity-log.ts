import { ACTIVITY_FIGURES, type ActivityLog, type LoggedActivity } from '../../core/ports/activity-log.ts';
import type { SqliteFile } from './sqlite-file.ts';

const READ = 'SELECT at, figure, count FROM activity WHERE at >= :from AND at < :to';

/** Counts of the requests of a file by time, which their records are written with. */
export class SqliteActivityLog implements ActivityLog {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async read(from: number, to: number): Promise<LoggedActivity> {
    const counts = this.#file
      .statement(READ)
      .all({ from, to })
      .flatMap(({ at, figure: name, count }) => {
        const figure = ACTIVITY_FIGURES.find((known) => known === name);
        return figure === undefined ? [] : [{ at: Number(at), figure, count: Number(count) }];
      });
    return { counts, missing: [] };
  }
}
