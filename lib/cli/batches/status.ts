import { Command } from 'commander';
import { note, printable } from '../../terminal/output.ts';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printBatches } from './batch-rows.ts';
import { exitCodeOfBatch } from './wait-for-batch.ts';

/** `coatcheck batches status`: prints how far batches are. */
export function batchStatusCommand(run: Run): Command {
  const command = new Command('status')
    .description('Print the progress of batches.')
    .argument('<ids...>', 'tickets of batches')
    .addHelpText('after', EXIT_CODES_HELP);
  return addServiceOptions(command).action((ids: string[], options: ServiceOptions) =>
    withService(options, run.signal, async ({ batches }) => {
      const found = await Promise.all(ids.map((id) => batches.get(id, { signal: run.signal })));
      await printBatches(found, options);
      for (const batch of found) {
        if (batch.import?.failure) note(printable(batch.import.failure.detail));
        run.exit.add(exitCodeOfBatch(batch));
      }
    }),
  );
}
