/** Whether the ledger and the audit find what is lost, and nothing else: clean requests, then requests of which some are sabotaged. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LedgerRun, runLedger } from './ledger/run-ledger.ts';
import { lengthOf } from './support/length.ts';
import { runBenchmark } from './support/report.ts';

const CLEAN = lengthOf(100_000, 200);
const SABOTAGED = lengthOf(20_000, 200);

await runBenchmark('The ledger and the audit', async (note) => {
  const runs = [
    { requests: CLEAN, sabotageOneIn: Number.POSITIVE_INFINITY },
    { requests: SABOTAGED, sabotageOneIn: lengthOf(500, 10) },
  ];
  const rows = [];
  for (const { requests, sabotageOneIn } of runs) {
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-ledger-'));
    try {
      rows.push(rowOf(requests, await runLedger({ folder, requests, sabotageOneIn, note })));
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return {
    rows,
    notes: [
      'Requests are submitted and run at the same time, 32 each, while the ledger and the audit are read again and again, a period after another. The grace is 0.',
      'Sabotaged are messages of requests that wait, their records, records of requests that have ended, and publications of outcomes. False alarms are findings about other requests, and drifts other than the number of sabotaged requests that the ledger counts.',
    ],
  };
});

function rowOf(requests: number, run: LedgerRun) {
  return {
    requests,
    sabotaged: run.sabotaged,
    named: run.named,
    'false alarms': run.falseAlarms,
    periods: run.periods,
    'longest period s': run.longestPeriodMilliseconds / 1000,
    'ledger ms': run.ledgerMilliseconds,
    'audit s': run.auditMilliseconds / 1000,
    'requests/s': run.perSecond,
  };
}
