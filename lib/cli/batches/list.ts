import { Command } from 'commander';
import { note } from '../../terminal/output.ts';
import { readCount } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printBatches } from './batch-rows.ts';

const DEFAULT_LIMIT = 20;

/** Most batches that a page of the API holds. */
const PAGE_LIMIT = 100;

/** `coatcheck batches list`: lists batches, newest first. */
export function listBatchesCommand(run: Run): Command {
  const command = new Command('list')
    .description('List batches, newest first.')
    .option('--limit <n>', 'at most n batches', readCount, DEFAULT_LIMIT);
  return addServiceOptions(command).action((options: ServiceOptions & { readonly limit: number }) =>
    withService(options, run.signal, async ({ batches }) => {
      const { limit } = options;
      const listed = [];
      for await (const batch of batches.list({ limit: Math.min(limit, PAGE_LIMIT), signal: run.signal })) {
        listed.push(batch);
        if (listed.length === limit) break;
      }
      await printBatches(listed, options);
      if (listed.length === 0) note('no batches');
    }),
  );
}
