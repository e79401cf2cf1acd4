import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mapConcurrently } from '../../lib/core/base/map-concurrently.ts';
import { ledgerOf } from '../../lib/core/operations/ledger.ts';
import { runAudit } from '../../lib/core/operations/run-audit.ts';
import type { Logger } from '../../lib/core/ports/telemetry.ts';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { fileAudit } from '../../lib/embedded/audit.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { publicationsSince } from '../../lib/stores/sqlite/ledger.ts';
import { lengthOf } from '../support/length.ts';
import { Saboteur } from './saboteur.ts';

/** What to run. */
export interface LedgerPlan {
  readonly folder: string;
  readonly requests: number;
  /** One request in so many is sabotaged. */
  readonly sabotageOneIn: number;
  readonly note: (text: string) => void;
}

/** What was found. */
export interface LedgerRun {
  readonly sabotaged: number;
  readonly named: number;
  readonly falseAlarms: number;
  readonly periods: number;
  readonly longestPeriodMilliseconds: number;
  /** Of the last period, with all requests in the file. */
  readonly ledgerMilliseconds: number;
  readonly auditMilliseconds: number;
  readonly perSecond: number;
}

const CONCURRENCY = 32;
const PAUSE_MILLISECONDS = lengthOf(3_000, 20);

/** Too large for a record, so that the result is stored. */
const LARGE = 'x'.repeat(300_000);

/** Submits and runs requests, sabotages some, and compares what the ledger and the audit say with what was done. */
export async function runLedger({ folder, requests, sabotageOneIn, note }: LedgerPlan): Promise<LedgerRun> {
  const parts = await openParts(
    { file: join(folder, 'service.db'), logger: SILENT, settings: { concurrency: CONCURRENCY } },
    Date,
  );
  const { file, payloads } = parts.storage;
  const book = parts.storage.ledger();
  const processor = defineProcessor(async (request) => {
    const text = await request.text();
    // What is to be sabotaged before its end must not be faster than the saboteur.
    await sleep(text.startsWith('slow') ? 100 : 1);
    return text;
  });
  await using service = new Service({ ...parts, processor });
  const saboteur = new Saboteur(service, parts.storage);
  await saboteur.prepare();
  const named = new Set<string>();
  const missed = new Set<string>();
  const falseAlarms = new Set<string>();
  let periods = 0;
  let longestPeriodMilliseconds = 0;
  const figures = { ledgerMilliseconds: 0, auditMilliseconds: 0 };

  const period = async () => {
    const begun = performance.now();
    const before = saboteur.done();
    const ledger = ledgerOf(await book.read(), Date.now());
    figures.ledgerMilliseconds = performance.now() - begun;
    const [least, most] = [before.filter(isCounted).length, saboteur.tried(isCounted)];
    if (ledger.drift < least || ledger.drift > most) falseAlarms.add(`drift ${ledger.drift} at ${begun}`);
    const since = publicationsSince(file);
    const rules = {
      now: Date.now(),
      graceMilliseconds: 0,
      resultAgeDays: 15,
      ...(since !== undefined && { publicationsSince: since }),
    };
    const auditBegun = performance.now();
    const found = new Set<string>();
    for await (const judged of runAudit(fileAudit({ file, payloads }), rules)) {
      for (const { ticket } of judged.flatMap(({ findings }) => findings)) found.add(ticket);
    }
    figures.auditMilliseconds = performance.now() - auditBegun;
    for (const { id } of before) (found.has(id) ? named : missed).add(id);
    for (const id of found) if (!saboteur.has(id)) falseAlarms.add(id);
    periods++;
    longestPeriodMilliseconds = Math.max(longestPeriodMilliseconds, performance.now() - begun);
    return ledger;
  };

  const begun = performance.now();
  const numbers = Array.from({ length: requests }, (_, index) => index);
  let submitted = 0;
  const submitting = (async () => {
    await mapConcurrently(numbers, CONCURRENCY, async (index) => {
      submitted++;
      if ((index + 1) % sabotageOneIn === 0) return saboteur.submit(Math.floor(index / sabotageOneIn), LARGE);
      await service.submit(`request ${index}`);
    });
  })();
  const isOver = async () => {
    const { waiting, running } = ledgerOf(await book.read(), Date.now());
    return submitted === requests && waiting === 0 && running === 0;
  };
  while (!(await isOver())) {
    await Promise.race([sleep(PAUSE_MILLISECONDS), submitting.then(() => sleep(20))]);
    const { accepted, drift } = await period();
    note(`${accepted} of ${requests} requests, drift ${drift}`);
  }
  await submitting;
  const perSecond = requests / ((performance.now() - begun) / 1000);
  await saboteur.settled();
  await period();
  const sabotaged = saboteur.done();
  return {
    sabotaged: sabotaged.length,
    named: sabotaged.filter(({ id }) => named.has(id) && !missed.has(id)).length,
    falseAlarms: falseAlarms.size,
    periods,
    longestPeriodMilliseconds,
    ...figures,
    perSecond,
  };
}

/** Whether the ledger counts what was done. */
function isCounted({ kind }: { readonly kind: string }): boolean {
  return kind === 'message' || kind === 'record';
}

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};
