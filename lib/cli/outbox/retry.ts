import { Command } from 'commander';
import { print } from '../../terminal/output.ts';
import { addPlaceOptions, assertRefused, type PlaceOptions, withOutbox } from './place.ts';

/** `coatcheck outbox retry`: puts refused rows back. */
export function retryCommand(): Command {
  const command = new Command('retry')
    .description('Relay refused rows again, in their original order, once the cause is fixed.')
    .argument('[id...]', 'ids of refused rows (default: all of them)');
  return addPlaceOptions(command).action((ids: readonly string[], options: PlaceOptions) =>
    withOutbox(options, async (outbox) => {
      const putBack = await outbox.putBack(ids.length > 0 ? ids : undefined);
      await print(`${putBack} put back`);
      assertRefused(ids, putBack);
    }),
  );
}
