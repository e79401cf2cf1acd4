import type { VerdictName } from '../config/audit-verdicts.ts';
import { OUTCOME_STATUSES, type OutcomeStatus } from '../config/outcome-statuses.ts';
import { deadLetterOf, type RequestRecord } from '../model/request-record.ts';
import type { LedgerFigures, VerdictCounts } from '../ports/ledger.ts';
import type { AuditFinding } from './audit.ts';
import { knownIn } from './ledger.ts';
import type { JudgedRequest } from './run-audit.ts';

/** Counts the requests of an audit: each that adds up by where it is, and those that don't. */
export class AuditTally {
  readonly #excepted: readonly VerdictName[];
  readonly #ended = Object.fromEntries(OUTCOME_STATUSES.map((status) => [status, 0])) as Record<
    OutcomeStatus,
    number
  >;
  readonly #verdicts: Partial<Record<VerdictName, number>> = {};
  #waiting = 0;
  #running = 0;
  #deadLettered = 0;
  #audited = 0;
  #drift = 0;

  /** @param excepted verdicts that are no drift */
  constructor(excepted: readonly VerdictName[]) {
    this.#excepted = excepted;
  }

  /** Requests with a record. */
  get audited(): number {
    return this.#audited;
  }

  /** Requests that don't add up. */
  get drift(): number {
    return this.#drift;
  }

  get verdicts(): VerdictCounts {
    return this.#verdicts;
  }

  /** Balances by construction: a request that doesn't add up is in no figure but `accepted`. */
  get figures(): LedgerFigures {
    const known = {
      ended: this.#ended,
      waiting: this.#waiting,
      running: this.#running,
      deadLettered: this.#deadLettered,
    };
    return { accepted: knownIn(known) + this.#drift, ...known };
  }

  /** Counts a request. @returns its findings, without those that are excepted */
  add({ record, findings }: JudgedRequest): readonly AuditFinding[] {
    const counted = findings.filter(({ verdict }) => !this.#excepted.includes(verdict));
    for (const { verdict } of counted) this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
    if (record) this.#audited++;
    if (counted.length > 0) this.#drift++;
    else if (record) this.#place(record);
    return counted;
  }

  #place(record: RequestRecord): void {
    const { outcome, status } = record;
    if (outcome && deadLetterOf(record) !== 'no') this.#deadLettered++;
    else if (outcome) this.#ended[outcome.status]++;
    else if (status === 'running' || status === 'cancelling') this.#running++;
    else this.#waiting++;
  }
}
