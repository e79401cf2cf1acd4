import { Command } from 'commander';
import { isForPeople, print } from '../../terminal/output.ts';
import { atMost } from '../at-most.ts';
import { readCount, readFailureGroup } from '../quantities.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printFailure } from './failure-rows.ts';

const EXAMPLES = `
The first line is the group, the others are its requests, that which failed last first.

Examples:
  npx coatcheck failures show 80d813265c2121ca
  npx coatcheck failures show 80d813265c2121ca --limit 1000 --json | tail -n +2 | jq -r .id`;

const DEFAULT_LIMIT = 10;

/** Most requests that a page of the API holds. */
const PAGE_LIMIT = 100;

interface ShowOptions extends ServiceOptions {
  readonly tenant?: string;
  readonly limit: number;
}

/** `coatcheck failures show`: shows a group and its latest requests. */
export function showFailureCommand(run: Run): Command {
  const command = new Command('show')
    .description('Show a group of failed requests and its latest requests.')
    .argument('<id>', 'id of the group', readFailureGroup)
    .option('--tenant <tenant>', 'only failures of this tenant (operators only)')
    .option('--limit <n>', 'at most n requests', readCount, DEFAULT_LIMIT)
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((id: string, options: ShowOptions) =>
    withService(options, run.signal, async ({ failures }) => {
      const { tenant, limit } = options;
      const { signal } = run;
      await printFailure(await failures.get(id, { tenant, signal }), options);
      if (isForPeople(options)) await print('');
      const page = { tenant, limit: Math.min(limit, PAGE_LIMIT), signal };
      await printRequests(atMost(failures.requests(id, page), limit), options);
    }),
  );
}
