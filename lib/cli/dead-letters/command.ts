import { Command } from 'commander';
import type { Run } from '../run.ts';
import { listLettersCommand } from './list.ts';
import { purgeCommand } from './purge.ts';
import { redriveCommand } from './redrive.ts';
import { showLetterCommand } from './show.ts';

/** `coatcheck dead-letters`: what is done about requests that were given up. */
export function deadLettersCommand(run: Run): Command {
  return new Command('dead-letters')
    .description('See requests that were given up, put them back, or delete them.')
    .addCommand(listLettersCommand(run))
    .addCommand(showLetterCommand(run))
    .addCommand(redriveCommand(run))
    .addCommand(purgeCommand(run));
}
