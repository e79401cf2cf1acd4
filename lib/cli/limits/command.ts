import { Command } from 'commander';
import type { Run } from '../run.ts';
import { listLimitsCommand } from './list.ts';
import { resetLimitCommand } from './reset.ts';
import { setLimitCommand } from './set.ts';
import { showLimitCommand } from './show.ts';

/** `coatcheck limits`: shows and changes the limits of a service. */
export function limitsCommand(run: Run): Command {
  return new Command('limits')
    .description(
      'Show and change how many requests with the same tenant, topic or metadata may run, start and wait.',
    )
    .addCommand(listLimitsCommand(run))
    .addCommand(showLimitCommand(run))
    .addCommand(setLimitCommand(run))
    .addCommand(resetLimitCommand(run));
}
