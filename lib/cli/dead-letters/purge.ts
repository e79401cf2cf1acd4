import { Command } from 'commander';
import { canAsk } from '../../terminal/confirm.ts';
import { note } from '../../terminal/output.ts';
import { findDeployment } from '../deployment.ts';
import type { Run } from '../run.ts';
import { addChoreOptions, type ChoreOptions } from './options.ts';
import { Purging } from './purging.ts';
import { sweep } from './sweep.ts';

const EXAMPLES = `
Their requests have failed for good then; their records stay.

Examples:
  coatcheck dead-letters purge --dry-run
  coatcheck dead-letters purge --code TypeError --until 7d
  coatcheck dead-letters purge 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --yes`;

/** `coatcheck dead-letters purge`: deletes letters. */
export function purgeCommand(run: Run): Command {
  const command = new Command('purge')
    .description('Delete the messages of requests that were given up.')
    .argument('[ids...]', 'their tickets, or the ids of their messages (default: all)')
    .addHelpText('after', EXAMPLES);
  return addChoreOptions(command).action(async (ids: string[], options: ChoreOptions) => {
    const { dryRun, yes } = options;
    if (!dryRun && !yes && !canAsk())
      command.error('error: no terminal to ask for confirmation: give --yes or --dry-run');
    const deployment = await findDeployment({ ...options, signal: run.signal, note });
    const { letterService } = await import('./service.ts');
    const service = await letterService(deployment);
    const chore = new Purging(service.queue);
    const perSecond = Number.POSITIVE_INFINITY;
    await sweep(service, { doing: 'deleting', chore, perSecond, ids, options }, run);
  });
}
