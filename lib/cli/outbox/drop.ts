import { Command } from 'commander';
import { print } from '../../terminal/output.ts';
import { addPlaceOptions, assertRefused, type PlaceOptions, withOutbox } from './place.ts';

/** `coatcheck outbox drop`: deletes refused rows. */
export function dropCommand(): Command {
  const command = new Command('drop')
    .description('Delete refused rows for good: their requests are never submitted.')
    .argument('<id...>', 'ids of refused rows');
  return addPlaceOptions(command).action((ids: readonly string[], options: PlaceOptions) =>
    withOutbox(options, async (outbox) => {
      const dropped = await outbox.drop(ids);
      await print(`${dropped} dropped`);
      assertRefused(ids, dropped);
    }),
  );
}
