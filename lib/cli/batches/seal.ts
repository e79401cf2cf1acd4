import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printBatches } from './batch-rows.ts';

/** `coatcheck batches seal`: seals a batch. */
export function sealBatchCommand(run: Run): Command {
  const command = new Command('seal')
    .description('Seal a batch: it takes no more items, and ends when all its items have ended.')
    .argument('<id>', 'ticket of the batch');
  return addServiceOptions(command).action((id: string, options: ServiceOptions) =>
    withService(options, run.signal, async ({ batches }) => {
      await printBatches([await batches.seal(id, { signal: run.signal })], options);
    }),
  );
}
