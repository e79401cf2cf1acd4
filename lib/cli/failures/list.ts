import { Command } from 'commander';
import { isForPeople, note } from '../../terminal/output.ts';
import { atMost } from '../at-most.ts';
import { readCount, readPast } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printFailures } from './failure-rows.ts';

const EXAMPLES = `
Examples:
  npx coatcheck failures list --since 2h
  npx coatcheck failures list --json | jq -r 'select(.count > 100) | .id'`;

const DEFAULT_LIMIT = 20;

/** Most groups that a page of the API holds. */
const PAGE_LIMIT = 100;

interface ListOptions extends ServiceOptions {
  readonly tenant?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly limit: number;
}

/** `coatcheck failures list`: lists groups of failed requests. */
export function listFailuresCommand(run: Run): Command {
  const readTime = readPast(Date.now());
  const command = new Command('list')
    .description('List groups of failed requests, most recently seen first.')
    .option('--tenant <tenant>', 'only failures of this tenant (operators only)')
    .option('--since <time>', 'only groups last seen since then, for example 2h (2 hours ago)', readTime)
    .option(
      '--until <time>',
      'only groups first seen before then, for example 2026-01-31T12:00:00Z',
      readTime,
    )
    .option('--limit <n>', 'at most n groups', readCount, DEFAULT_LIMIT)
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((options: ListOptions) =>
    withService(options, run.signal, async ({ failures }) => {
      const { tenant, since, until, limit } = options;
      let isCut = false;
      const selection = { tenant, since, until, limit: Math.min(limit, PAGE_LIMIT), signal: run.signal };
      const groups = atMost(failures.list(selection), limit, () => {
        isCut = true;
      });
      await printFailures(groups, options);
      if (isCut && isForPeople(options)) note('There may be more; list them with --limit N.');
    }),
  );
}
