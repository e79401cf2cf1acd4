import * as z from 'zod';
import { type Batch, hasBatchEnded } from '../../client/index.ts';
import { ChangeRefused } from '../change-refused.ts';
import { redactBatch } from '../redact.ts';
import type { Change, ChangeTools } from './change.ts';

/** Changes of a batch. */
export const BATCH_CHANGES = [
  z
    .strictObject({
      kind: z.literal('cancel_batch'),
      id: z.string().min(1).describe('The ticket of the batch.'),
    })
    .describe('Cancels its items that have not ended. count of the plan is how many.'),
] as const;

export function batchChange(
  { id }: z.infer<(typeof BATCH_CHANGES)[number]>,
  { client: { batches } }: ChangeTools,
): Change {
  return {
    look: async (signal) => {
      const batch = await batches.get(id, { signal });
      if (hasBatchEnded(batch)) {
        throw new ChangeRefused(
          'change_invalid',
          `The batch ${id} can't be cancelled: it is ${batch.status}`,
        );
      }
      // Items may end before the plan is applied. Only added ones would make it cancel more than it counts.
      return { count: openItems(batch), state: { id, status: batch.status, total: batch.counts.total } };
    },
    make: async ({ signal }) => redactBatch(await batches.cancel(id, { signal })),
  };
}

function openItems({ counts: { total, succeeded, failed, cancelled, expired } }: Batch): number {
  return total - succeeded - failed - cancelled - expired;
}
