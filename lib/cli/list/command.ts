import { Command, Option } from 'commander';
import type { RequestStatus, WebhookStatus } from '../../client/index.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import { WEBHOOK_STATUSES } from '../../core/model/webhook-state.ts';
import { isForPeople, note } from '../../terminal/output.ts';
import { atMost } from '../at-most.ts';
import { readCount, readPast } from '../quantities.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { metadataOption } from '../submit/options.ts';

const EXAMPLES = `
Examples:
  npx coatcheck list
  npx coatcheck list --status failed --since 2h --limit 100
  npx coatcheck list --metadata customer=acme --webhook dead_lettered
  npx coatcheck list --all --json | jq -r 'select(.attempts > 1) | .id'`;

const DEFAULT_LIMIT = 20;

/** Most requests that a page of the API holds. */
const PAGE_LIMIT = 100;

interface ListOptions extends ServiceOptions {
  readonly status?: RequestStatus;
  readonly topic?: string;
  readonly code?: string;
  readonly handlerVersion?: string;
  readonly webhook?: WebhookStatus;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly since?: Date;
  readonly until?: Date;
  readonly tenant?: string;
  readonly limit: number;
  readonly all?: true;
}

/** `coatcheck list`: lists requests, newest first. */
export function listCommand(run: Run): Command {
  const readTime = readPast(Date.now());
  const command = new Command('list')
    .description('List requests, newest first.')
    .addOption(new Option('--status <status>', 'only requests with this status').choices(REQUEST_STATUSES))
    .option('--topic <topic>', 'only requests with this topic')
    .option('--code <code>', 'only requests that ended with this code')
    .option('--handler-version <version>', 'only requests whose latest attempt was taken by this version')
    .addOption(
      new Option('--webhook <status>', 'only requests whose webhook has this status').choices(
        WEBHOOK_STATUSES,
      ),
    )
    .addOption(
      metadataOption('only requests with this metadata, of keys that the service declares; can be repeated'),
    )
    .option('--since <time>', 'only requests created since then, for example 2h (2 hours ago)', readTime)
    .option('--until <time>', 'only requests created before then, for example 2026-01-31T12:00:00Z', readTime)
    .option('--tenant <tenant>', 'only requests of this tenant (operators only)')
    .option('--limit <n>', 'at most n requests', readCount, DEFAULT_LIMIT)
    .addOption(new Option('--all', 'all requests').conflicts('limit'))
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((options: ListOptions) =>
    withService(options, run.signal, async (client) => {
      const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
      const { status, topic, code, handlerVersion, webhook, metadata, since, until, tenant } = options;
      const conditions = { status, topic, code, handlerVersion, webhook, metadata };
      const page = {
        ...conditions,
        since,
        until,
        tenant,
        limit: Math.min(limit, PAGE_LIMIT),
        signal: run.signal,
      };
      let isCut = false;
      const requests = atMost(client.list(page), limit, () => {
        isCut = true;
      });
      await printRequests(requests, options);
      if (isCut && isForPeople(options)) note('There may be more; list them with --limit N or --all.');
    }),
  );
}
