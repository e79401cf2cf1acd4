import { Command } from 'commander';
import type { Run } from '../run.ts';
import { listDeadLettersCommand } from './list.ts';
import { purgeCommand } from './purge.ts';
import { redriveCommand } from './redrive.ts';
import { showDeadLetterCommand } from './show.ts';

/** `coatcheck dead-letters`: lists, shows, redrives and purges dead-lettered requests. */
export function deadLettersCommand(run: Run): Command {
  return new Command('dead-letters')
    .description('List and show dead-lettered requests, put them back, or delete them.')
    .addCommand(listDeadLettersCommand(run))
    .addCommand(showDeadLetterCommand(run))
    .addCommand(redriveCommand(run))
    .addCommand(purgeCommand(run));
}
