import type { Command } from 'commander';
import { ConfigurationError } from '../core/base/errors.ts';
import { canAsk, confirmCount } from '../terminal/confirm.ts';
import { formatCount } from '../terminal/format.ts';
import { note } from '../terminal/output.ts';
import { readCount } from './quantities.ts';

/** Options of commands that delete messages for good. */
export interface DeletionOptions {
  readonly dryRun?: true;
  readonly count?: number;
}

/** Declares the options of commands that delete messages for good. */
export function addDeletionOptions(command: Command): Command {
  return command
    .option('--dry-run', 'print what would be deleted, and do nothing')
    .option(
      '--count <n>',
      'how many it deletes, instead of typing that (required without a terminal)',
      readCount,
    );
}

/** Ends the program if a deletion needs a confirmation, and there is no terminal to ask for it. */
export function assertConfirmable(command: Command, { dryRun, count }: DeletionOptions): void {
  if (dryRun || count !== undefined || canAsk()) return;
  command.error('error: no terminal to ask for confirmation; pass --count with what --dry-run shows');
}

/**
 * Whether so many may be deleted: the option names their number, or it is typed.
 * @param things what they are, in the plural
 * @throws ConfigurationError if the option names another number
 */
export async function isDeletionConfirmed(
  found: number,
  things: string,
  { count }: DeletionOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (count !== undefined && count !== found) {
    throw new ConfigurationError(
      `--count must be the number of ${things} that match, ${found} now, got ${count}: nothing was deleted`,
    );
  }
  if (count !== undefined || found === 0) return found > 0;
  const isTyped = await confirmCount(`Type ${formatCount(found)} to delete them:`, found, signal);
  if (!isTyped) note('nothing was deleted');
  return isTyped;
}
