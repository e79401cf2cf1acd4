import { Command } from 'commander';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { findDeployment } from '../deployment.ts';
import type { Run } from '../run.ts';
import { factsOf } from './letter-facts.ts';
import { requestsMeant } from './letter-filter.ts';
import { lettersOf } from './letters.ts';
import { addFilterOptions, type FilterOptions, filterOf } from './options.ts';
import { cellsOf, HEADER, resourceOf, Tally } from './report.ts';

const EXAMPLES = `
The error is the code or the name of what the last attempt threw; of a request that hasn't failed, its status. Letters
are hidden from others while the queue is gone through.

Examples:
  coatcheck dead-letters list
  coatcheck dead-letters list --since 2h --code ServiceUnavailable
  coatcheck dead-letters list --json | jq -r 'select(.attempts > 3) | .id'`;

/** `coatcheck dead-letters list`: requests that were given up, and why. */
export function listLettersCommand(run: Run): Command {
  const command = new Command('list')
    .description('List requests that were given up, and why.')
    .addHelpText('after', EXAMPLES);
  return addFilterOptions(command).action((options: FilterOptions) => listLetters(options, run));
}

async function listLetters(options: FilterOptions, { signal }: Run): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  const deployment = await findDeployment({ ...options, signal, note });
  const { letterService } = await import('./service.ts');
  const filter = filterOf(options);
  const walk = { filter, limit, perSecond: Number.POSITIVE_INFINITY, signal };
  const tally = new Tally<string>();
  const rows: string[][] = [];
  let count = 0;
  for await (const { letters } of lettersOf(await letterService(deployment), walk)) {
    for (const letter of letters) {
      for (const request of requestsMeant(letter, filter)) {
        count++;
        tally.add(factsOf(request).code);
        if (options.json) await printJson(resourceOf(request, letter));
        else if (isForPeople(options)) rows.push(cellsOf(request));
        else await printCells(cellsOf(request));
      }
    }
  }
  printRows(HEADER, rows, ['put back', 'tenant', 'attempts', 'message', 'failed', 'error']);
  note(count === 0 ? 'no dead letters' : `${formatCount(count)} in all: ${tally.format()}`);
}
