import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printActions } from './action-rows.ts';

/** `coatcheck actions abort`: aborts an action. */
export function abortActionCommand(run: Run): Command {
  const command = new Command('abort')
    .description(
      'Abort an action that runs, after the requests that it handles at the moment, or drop a plan.',
    )
    .argument('<id>', 'id of the action');
  return addServiceOptions(command).action((id: string, options: ServiceOptions) =>
    withService(options, run.signal, async ({ actions }) => {
      await printActions([await actions.abort(id, { signal: run.signal })], options);
    }),
  );
}
