import { Command, Option } from 'commander';
import type { RequestStatus } from '../../client/index.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import { isForPeople, note } from '../../terminal/output.ts';
import { readCount } from '../quantities.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

const EXAMPLES = `
Examples:
  coatcheck list
  coatcheck list --status failed --limit 100
  coatcheck list --all --json | jq -r 'select(.attempts > 1) | .id'`;

const DEFAULT_LIMIT = 20;

/** Most requests that a page of the API holds. */
const PAGE_LIMIT = 100;

interface ListOptions extends ServiceOptions {
  readonly status?: RequestStatus;
  readonly limit: number;
  readonly all?: true;
}

/** `coatcheck list`: lists requests, newest first. */
export function listCommand(run: Run): Command {
  const command = new Command('list')
    .description('List requests, newest first.')
    .addOption(new Option('--status <status>', 'only requests with this status').choices(REQUEST_STATUSES))
    .option('--limit <n>', 'at most n requests', readCount, DEFAULT_LIMIT)
    .addOption(new Option('--all', 'all requests').conflicts('limit'))
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((options: ListOptions) =>
    withService(options, run.signal, async (client) => {
      const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
      const page = { status: options.status, limit: Math.min(limit, PAGE_LIMIT), signal: run.signal };
      let isCut = false;
      const requests = atMost(client.list(page), limit, () => {
        isCut = true;
      });
      await printRequests(requests, options);
      if (isCut && isForPeople(options)) note('There may be more; list them with --limit N or --all.');
    }),
  );
}

/** Yields items up to a limit. @param onCut called when it stops at the limit */
async function* atMost<Item>(
  items: AsyncIterable<Item>,
  limit: number,
  onCut: () => void,
): AsyncGenerator<Item, void> {
  let count = 0;
  for await (const item of items) {
    yield item;
    if (++count >= limit) return onCut();
  }
}
