import { Command } from 'commander';
import { isForPeople, note, print, printCells, printJson, printRows } from '../../terminal/output.ts';
import { addPlaceOptions, type PlaceOptions, withOutbox } from './place.ts';

/** Most refused rows that are listed. */
const MAX_REFUSED = 100;

interface StatusOptions extends PlaceOptions {
  readonly json?: true;
}

const HEADER = ['id', 'aggregate', 'inserted', 'behind', 'reason'] as const;

/** `coatcheck outbox status`: shows what waits, for how long, and what was refused. */
export function statusCommand(): Command {
  const command = new Command('status').description(
    'Show how many rows are waiting and for how long, and the refused rows with their reasons.',
  );
  return addPlaceOptions(command)
    .option('--json', 'print JSON')
    .action((options: StatusOptions) =>
      withOutbox(options, async (outbox) => {
        const level = await outbox.level();
        const rows = await outbox.refused(MAX_REFUSED);
        if (options.json) return printJson({ ...level, refusedRows: rows });
        const { waiting, oldestMilliseconds, refused } = level;
        const oldest = waiting > 0 ? `, the oldest for ${oldestMilliseconds / 1_000} s` : '';
        await print(`${waiting} waiting${oldest}; ${refused} refused`);
        const cells = rows.map(({ id, aggregateid, insertedAt, behind, reason }) => [
          ...[id, aggregateid, insertedAt, String(behind), reason],
        ]);
        if (isForPeople(options)) printRows(HEADER, cells, ['behind', 'inserted']);
        else for (const row of cells) await printCells(row);
        if (refused > rows.length) note(`the first ${rows.length} of ${refused} refused rows`);
      }),
    );
}
