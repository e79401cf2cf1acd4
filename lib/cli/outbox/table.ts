import { Command } from 'commander';
import { readOutboxPlace } from '../../core/config/outbox-environment.ts';
import { note, write } from '../../terminal/output.ts';
import { tableDefinition } from './open-outbox.ts';
import { addPlaceOptions, type PlaceOptions, placed, withOutbox } from './place.ts';

interface TableOptions extends PlaceOptions {
  readonly create?: true;
  readonly notify: boolean;
}

/** `coatcheck outbox table`: prints the SQL of the table, or creates it. */
export function tableCommand(): Command {
  const command = new Command('table').description(
    'Print the SQL that creates the outbox table, or that adds missing columns to a table for Debezium; or run it.',
  );
  return addPlaceOptions(command)
    .option('--create', 'run it instead of printing it')
    .option('--no-notify', 'leave out the trigger that wakes the relays, which then poll once a second')
    .action(async (options: TableOptions) => {
      if (options.create) {
        await withOutbox(options, (outbox) => outbox.define(options.notify));
        note('the outbox table is ready');
        return;
      }
      const place = readOutboxPlace({ COATCHECK_OUTBOX: 'none', ...placed(options) });
      await write(await tableDefinition(place, options.notify));
    });
}
