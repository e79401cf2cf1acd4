import type { OperatorPause, OperatorPauses } from '../../core/ports/pausing.ts';
import type { SqliteFile } from './sqlite-file.ts';

const WRITE = `INSERT INTO operator_pause (id, until, reason, since, caller) VALUES (1, :until, :reason, :since, :by)
  ON CONFLICT (id) DO UPDATE SET until = :until, reason = :reason, since = :since, caller = :by`;

const END = 'DELETE FROM operator_pause';

const READ = 'SELECT until, reason, since, caller FROM operator_pause';

/** The pause of an operator, in a file. */
export class SqliteOperatorPauses implements OperatorPauses {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async read(): Promise<OperatorPause | undefined> {
    return this.#latest();
  }

  async write(pause: OperatorPause | undefined): Promise<OperatorPause | undefined> {
    return this.#file.write(() => {
      const before = this.#latest();
      if (pause) {
        const { until, reason, since, by = null } = pause;
        this.#file.statement(WRITE).run({ until: Math.ceil(until), reason, since, by });
      } else {
        this.#file.statement(END).run({});
      }
      return before;
    }, 'committed');
  }

  #latest(): OperatorPause | undefined {
    const row = this.#file.statement(READ).get({});
    if (!row) return undefined;
    const { until, reason, since, caller } = row;
    return {
      until: Number(until),
      reason: String(reason),
      since: Number(since),
      ...(caller !== null && { by: String(caller) }),
    };
  }
}
