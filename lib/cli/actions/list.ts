import { Command } from 'commander';
import { note } from '../../terminal/output.ts';
import { readCount } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printActions } from './action-rows.ts';

const DEFAULT_LIMIT = 20;

/** Most actions that a page of the API holds. */
const PAGE_LIMIT = 100;

/** `coatcheck actions list`: lists actions, newest first. */
export function listActionsCommand(run: Run): Command {
  const command = new Command('list')
    .description('List actions, newest first: who did what to how many requests, and why.')
    .option('--limit <n>', 'at most n actions', readCount, DEFAULT_LIMIT);
  return addServiceOptions(command).action((options: ServiceOptions & { readonly limit: number }) =>
    withService(options, run.signal, async ({ actions }) => {
      const { limit } = options;
      const listed = [];
      for await (const action of actions.list({ limit: Math.min(limit, PAGE_LIMIT), signal: run.signal })) {
        listed.push(action);
        if (listed.length === limit) break;
      }
      await printActions(listed, options);
      if (listed.length === 0) note('no actions');
    }),
  );
}
