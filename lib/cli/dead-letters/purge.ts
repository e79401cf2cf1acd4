import { Command } from 'commander';
import {
  addDeletionOptions,
  assertConfirmable,
  type DeletionOptions,
  isDeletionConfirmed,
} from '../confirm-deletion.ts';
import type { Run } from '../run.ts';
import { addDeadLetterFilterOptions, type DeadLetterFilterOptions } from './options.ts';
import { PurgeAction } from './purge-action.ts';
import { runAction } from './run-action.ts';

const EXAMPLES = `
The requests then stay failed; their records are kept.

Examples:
  npx coatcheck dead-letters purge --dry-run
  npx coatcheck dead-letters purge --code TypeError --until 7d
  npx coatcheck dead-letters purge --code TypeError --until 7d --count 312`;

interface PurgeOptions extends DeadLetterFilterOptions, DeletionOptions {}

/** `coatcheck dead-letters purge`: deletes dead letters. */
export function purgeCommand(run: Run): Command {
  const command = new Command('purge')
    .description('Delete the messages of dead-lettered requests.')
    .argument('[ids...]', 'tickets, or message ids (default: all)')
    .addHelpText('after', EXAMPLES);
  return addDeadLetterFilterOptions(addDeletionOptions(command)).action(
    async (ids: string[], options: PurgeOptions) => {
      assertConfirmable(command, options);
      const { openDeadLetterService } = await import('./service.ts');
      await using service = await openDeadLetterService(options, run.signal);
      const action = new PurgeAction(service.queue, service.noteDiscarded);
      const perSecond = Number.POSITIVE_INFINITY;
      // None but those that were counted, however many have come since.
      const approve = async (found: number) =>
        (await isDeletionConfirmed(found, 'dead letters', options, run.signal)) ? found : 0;
      await runAction(service, { doing: 'deleting', action, perSecond, ids, options, approve }, run);
    },
  );
}
