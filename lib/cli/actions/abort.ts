import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printActions } from './action-rows.ts';

/** `coatcheck actions abort`: aborts an action. */
export function abortActionCommand(run: Run): Command {
  const command = new Command('abort')
    .description('Abort a running action after the requests that it is handling now, or drop a plan.')
    .argument('<id>', 'id of the action');
  return addServiceOptions(command).action((id: string, options: ServiceOptions) =>
    withService(options, run.signal, async ({ actions }) => {
      await printActions([await actions.abort(id, { signal: run.signal })], options);
    }),
  );
}
