import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printBatches } from './batch-rows.ts';

/** `coatcheck batches cancel`: cancels batches. */
export function cancelBatchCommand(run: Run): Command {
  const command = new Command('cancel')
    .description('Cancel all items of batches that have not ended.')
    .argument('<ids...>', 'tickets of batches');
  return addServiceOptions(command).action((ids: string[], options: ServiceOptions) =>
    withService(options, run.signal, async ({ batches }) => {
      for (const id of ids) await printBatches([await batches.cancel(id, { signal: run.signal })], options);
    }),
  );
}
