import { Command } from 'commander';
import { canAsk } from '../../terminal/confirm.ts';
import type { Run } from '../run.ts';
import { type ActionOptions, addActionOptions } from './options.ts';
import { PurgeAction } from './purge-action.ts';
import { runAction } from './run-action.ts';

const EXAMPLES = `
The requests then stay failed; their records are kept.

Examples:
  coatcheck dead-letters purge --dry-run
  coatcheck dead-letters purge --code TypeError --until 7d
  coatcheck dead-letters purge 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --yes`;

/** `coatcheck dead-letters purge`: deletes dead letters. */
export function purgeCommand(run: Run): Command {
  const command = new Command('purge')
    .description('Delete the messages of dead-lettered requests.')
    .argument('[ids...]', 'tickets, or message ids (default: all)')
    .addHelpText('after', EXAMPLES);
  return addActionOptions(command).action(async (ids: string[], options: ActionOptions) => {
    const { dryRun, yes } = options;
    if (!dryRun && !yes && !canAsk())
      command.error('error: no terminal to ask for confirmation; pass --yes or --dry-run');
    const { openDeadLetterService } = await import('./service.ts');
    await using service = await openDeadLetterService(options, run.signal);
    const action = new PurgeAction(service.queue, service.noteDiscarded);
    const perSecond = Number.POSITIVE_INFINITY;
    await runAction(service, { doing: 'deleting', action, perSecond, ids, options }, run);
  });
}
