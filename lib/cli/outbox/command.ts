import { Command } from 'commander';
import type { Run } from '../run.ts';
import { dropCommand } from './drop.ts';
import { relayCommand } from './relay.ts';
import { retryCommand } from './retry.ts';
import { statusCommand } from './status.ts';
import { tableCommand } from './table.ts';

/** `coatcheck outbox`: relays requests that an application commits in its own database. */
export function outboxCommand(run: Run): Command {
  return new Command('outbox')
    .description(
      'Relay requests from the outbox table of an application, where they are committed with its data.',
    )
    .addCommand(tableCommand())
    .addCommand(relayCommand(run))
    .addCommand(statusCommand())
    .addCommand(retryCommand())
    .addCommand(dropCommand());
}
