import { Command } from 'commander';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import { readDuration } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printBatches } from './batch-rows.ts';
import { type WaitForBatchOptions, waitForBatch } from './wait-for-batch.ts';

/** `coatcheck batches wait`: waits until a batch has ended. */
export function waitForBatchCommand(run: Run): Command {
  const command = new Command('wait')
    .description('Wait until all items of a batch have ended.')
    .argument('<id>', 'ticket of the batch')
    .option('--timeout <time>', 'maximum wait, for example 10min', readDuration)
    .addHelpText('after', EXIT_CODES_HELP);
  return addServiceOptions(command).action((id: string, options: ServiceOptions & WaitForBatchOptions) =>
    withService(options, run.signal, async (client) => {
      await printBatches([await waitForBatch(id, options, client, run)], options);
    }),
  );
}
