import { Command } from 'commander';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { matchingRequests } from './filter.ts';
import { addDeadLetterFilterOptions, type DeadLetterFilterOptions, filterOf } from './options.ts';
import { DEAD_LETTER_HEADER, deadLetterCells, deadLetterResource, Tally } from './report.ts';
import { summarize } from './summary.ts';
import { walkDeadLetters } from './walk.ts';

const EXAMPLES = `
The error column shows the code or the name of the last attempt's error, or the status of a request that hasn't failed.
While the command walks through the queue, its messages are invisible to other consumers.

Examples:
  npx coatcheck dead-letters list
  npx coatcheck dead-letters list --since 2h --code ServiceUnavailable
  npx coatcheck dead-letters list --json | jq -r 'select(.attempts > 3) | .id'`;

/** `coatcheck dead-letters list`: lists dead-lettered requests with their errors. */
export function listDeadLettersCommand(run: Run): Command {
  const command = new Command('list')
    .description('List dead-lettered requests and why they failed.')
    .addHelpText('after', EXAMPLES);
  return addDeadLetterFilterOptions(command).action((options: DeadLetterFilterOptions) =>
    listDeadLetters(options, run),
  );
}

async function listDeadLetters(options: DeadLetterFilterOptions, { signal }: Run): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  const { openDeadLetterService } = await import('./service.ts');
  await using service = await openDeadLetterService(options, signal);
  const filter = filterOf(options);
  const walk = { filter, limit, perSecond: Number.POSITIVE_INFINITY, signal };
  const tally = new Tally<string>();
  const rows: string[][] = [];
  let count = 0;
  for await (const { letters } of walkDeadLetters(service, walk)) {
    for (const letter of letters) {
      for (const request of matchingRequests(letter, filter)) {
        count++;
        tally.add(summarize(request).code);
        if (options.json) await printJson(deadLetterResource(request, letter));
        else if (isForPeople(options)) rows.push(deadLetterCells(request));
        else await printCells(deadLetterCells(request));
      }
    }
  }
  printRows(DEAD_LETTER_HEADER, rows, ['put back', 'tenant', 'attempts', 'message', 'failed', 'error']);
  note(count === 0 ? 'no dead letters' : `${formatCount(count)} in all: ${tally.format()}`);
}
