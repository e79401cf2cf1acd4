import { Command } from 'commander';
import type { Run } from '../run.ts';
import { listFailuresCommand } from './list.ts';
import { noteFailureCommand } from './note.ts';
import { showFailureCommand } from './show.ts';

/** `coatcheck failures`: shows failed requests in groups. */
export function failuresCommand(run: Run): Command {
  return new Command('failures')
    .description('Show failed requests grouped by error, and keep notes about the groups.')
    .addCommand(listFailuresCommand(run))
    .addCommand(showFailureCommand(run))
    .addCommand(noteFailureCommand(run));
}
