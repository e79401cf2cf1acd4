import { OUTCOME_STATUSES, type OutcomeStatus } from '../../core/config/outcome-statuses.ts';
import type { LedgerBook, LedgerFigures } from '../../core/ports/ledger.ts';
import { ACCEPTED, PUBLICATIONS_SINCE, RECORD_IS_DEAD, RECORD_STATUS } from './ledger-tables.ts';
import { MessageRequests, UNNAMED } from './message-requests.ts';
import { numberOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

const COUNTED = 'SELECT figure, count FROM ledger';

const BY_STATUS = `SELECT ${RECORD_STATUS} AS status, ${RECORD_IS_DEAD} AS dead, count(*) AS count FROM records
  GROUP BY 1, 2`;

const WITHOUT_MESSAGE = `SELECT ${RECORD_STATUS} AS status, count(*) AS count FROM records
  WHERE ${RECORD_STATUS} IN ('queued', 'running', 'cancelling')
    AND NOT EXISTS (SELECT 1 FROM temp.message_requests
      WHERE request = records.key AND queue IN (SELECT value FROM json_each(:queues)))
  GROUP BY 1`;

const UNNAMED_MESSAGES = `SELECT count(*) AS count FROM temp.message_requests
  WHERE request = '${UNNAMED}' AND queue IN (SELECT value FROM json_each(:queues))`;

/** Counts the requests of a file. */
export class SqliteLedger implements LedgerBook {
  readonly #file: SqliteFile;
  readonly #messages: MessageRequests | undefined;
  readonly #queues: string;

  /** @param queues the queues of requests in the file. Without them, the records are believed: the messages are elsewhere */
  constructor(file: SqliteFile, queues?: readonly string[]) {
    this.#file = file;
    this.#queues = JSON.stringify(queues ?? []);
    this.#messages = queues && new MessageRequests(file, queues);
  }

  async read(): Promise<LedgerFigures> {
    await this.#messages?.refresh();
    // In one transaction, so that no request is between two figures.
    return this.#file.read(() => this.#figures());
  }

  #figures(): LedgerFigures {
    const counts = new Map(
      this.#file
        .statement(COUNTED)
        .all()
        .map(({ figure, count }) => [String(figure), Number(count)]),
    );
    const add = (figure: string, count: number) => counts.set(figure, (counts.get(figure) ?? 0) + count);
    for (const { status, dead, count } of this.#file.statement(BY_STATUS).all()) {
      add(dead === null ? String(status) : 'dead', Number(count));
    }
    for (const [status, count] of this.#withoutMessage()) add(status, -count);
    const figure = (name: string) => counts.get(name) ?? 0;
    return {
      accepted: figure(ACCEPTED),
      ended: endedBy(figure),
      waiting: figure('awaiting_upload') + figure('queued'),
      running: figure('running') + figure('cancelling'),
      deadLettered: figure('dead'),
    };
  }

  /** Requests that no message will bring to an end, by their statuses. */
  #withoutMessage(): [status: string, count: number][] {
    if (!this.#messages) return [];
    this.#messages.complete();
    const queues = { queues: this.#queues };
    // Each of these may be the message of one of the requests.
    let unnamed = numberOf(this.#file.statement(UNNAMED_MESSAGES).get(queues)?.count) ?? 0;
    return this.#file
      .statement(WITHOUT_MESSAGE)
      .all(queues)
      .map(({ status, count }) => {
        const lost = Math.max(0, Number(count) - unnamed);
        unnamed = Math.max(0, unnamed - Number(count));
        return [String(status), lost];
      });
  }
}

function endedBy(figure: (name: string) => number): Record<OutcomeStatus, number> {
  const ended: Record<OutcomeStatus, number> = { succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  for (const status of OUTCOME_STATUSES) ended[status] = figure(status);
  return ended;
}

const NOTE_SINCE = `INSERT OR IGNORE INTO ledger VALUES ('${PUBLICATIONS_SINCE}', :now)`;
const FORGET_SINCE = `DELETE FROM ledger WHERE figure = '${PUBLICATIONS_SINCE}'`;
const SINCE = `SELECT count AS at FROM ledger WHERE figure = '${PUBLICATIONS_SINCE}'`;

/**
 * Says from when on each outcome of a file is published to a queue of the file, or that they aren't.
 * @param now milliseconds since 1970
 */
export async function notePublications(file: SqliteFile, arePublished: boolean, now: number): Promise<void> {
  if (arePublished === (publicationsSince(file) !== undefined)) return;
  const note = () => file.statement(arePublished ? NOTE_SINCE : FORGET_SINCE).run({ now });
  await file.write(note, 'committed');
}

/** When {@link notePublications} was called, in milliseconds since 1970; undefined if outcomes aren't published. */
export function publicationsSince(file: SqliteFile): number | undefined {
  return numberOf(file.statement(SINCE).get()?.at);
}
