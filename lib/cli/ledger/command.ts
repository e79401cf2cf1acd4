import { Command } from 'commander';
import type { Ledger } from '../../client/index.ts';
import { formatAge, formatDuration } from '../../terminal/figures.ts';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { EXIT } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

/** `coatcheck ledger`: shows whether all requests that were accepted are accounted for. */
export function ledgerCommand({ signal, exit }: Run): Command {
  const command = new Command('ledger').description(
    'Count accepted requests by where they are now. Exits with 1 if a request is missing.',
  );
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, signal, async (client) => {
      const ledger = await client.ledger({ signal });
      await printLedger(ledger, options);
      if (ledger.audit) note(auditLine(ledger, ledger.audit.seconds));
      if (ledger.drift === 0) return;
      exit.add(EXIT.error);
      note(`${formatCount(ledger.drift)} missing. Find out which: npx coatcheck audit`);
    }),
  );
}

/** When the audit began that counted, and how long ago that is. */
function auditLine({ at }: Ledger, seconds: number): string {
  const age = formatAge(Math.max(1, Math.round((Date.now() - Date.parse(at)) / 1000)));
  return `Counted by an audit at ${at}, ${age} ago, which took ${formatDuration(seconds)}`;
}

async function printLedger(ledger: Ledger, options: { readonly json?: true }): Promise<void> {
  if (options.json) return printJson(ledger);
  const { accepted, ended, waiting, running, deadLettered, drift } = ledger;
  const rows = Object.entries({
    accepted,
    ...ended,
    waiting,
    running,
    'dead-lettered': deadLettered,
    drift,
  });
  if (isForPeople(options)) {
    const cells = rows.map(([state, count]) => [state, formatCount(count)]);
    return printRows(['state', 'requests'], cells, []);
  }
  for (const [state, count] of rows) await printCells([state, String(count)]);
}
