import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printActionRequests, printActions } from './action-rows.ts';

/** Requests of a page of the API. */
const PAGE_LIMIT = 100;

/** `coatcheck actions show`: shows an action. */
export function showActionCommand(run: Run): Command {
  const command = new Command('show')
    .description('Show an action or, with --requests, all requests that it lists, with their results.')
    .argument('<id>', 'id of the action')
    .option('--requests', 'print its requests instead');
  return addServiceOptions(command).action(
    (id: string, options: ServiceOptions & { readonly requests?: true }) =>
      withService(options, run.signal, async ({ actions }) => {
        const { signal } = run;
        if (!options.requests) return printActions([await actions.get(id, { signal })], options);
        await printActionRequests(actions.requests(id, { limit: PAGE_LIMIT, signal }), options);
      }),
  );
}
