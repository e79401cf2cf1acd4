import { Command } from 'commander';
import type { Run } from '../run.ts';
import { cancelBatchCommand } from './cancel.ts';
import { listBatchesCommand } from './list.ts';
import { batchResultsCommand } from './results.ts';
import { sealBatchCommand } from './seal.ts';
import { batchStatusCommand } from './status.ts';
import { submitBatchCommand } from './submit.ts';
import { waitForBatchCommand } from './wait.ts';

/** `coatcheck batches`: many requests under one ticket. */
export function batchesCommand(run: Run): Command {
  return new Command('batches')
    .description('Submit up to 1,000,000 requests under one ticket.')
    .addCommand(submitBatchCommand(run))
    .addCommand(sealBatchCommand(run))
    .addCommand(batchStatusCommand(run))
    .addCommand(waitForBatchCommand(run))
    .addCommand(batchResultsCommand(run))
    .addCommand(cancelBatchCommand(run))
    .addCommand(listBatchesCommand(run));
}
