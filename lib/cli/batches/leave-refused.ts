import type { Batch, CoatcheckClient } from '../../client/index.ts';
import { note } from '../../terminal/output.ts';

/** A batch whose lines were refused, all or some of them. */
export interface RefusedBatch {
  readonly batch: Batch;
  /** Whether this command created it. */
  readonly isNew: boolean;
  /** The lines that are items. The counts of the batch don't say that: on AWS, they are some seconds late. */
  readonly added: number;
  /** The command line that submitted it. */
  readonly command: string;
}

/**
 * Says how to go on when lines were refused. A new batch that has no items is cancelled: there is nothing to go on with, and it would
 * stay open for a week.
 */
export async function leaveRefused(
  { batch, isNew, added, command }: RefusedBatch,
  { batches }: CoatcheckClient,
  signal: AbortSignal,
): Promise<Batch> {
  const { id, status, sealsAt } = batch;
  if (status !== 'open') return batch;
  if (isNew && added === 0) {
    const cancelled = await batches.cancel(id, { signal });
    note(`The batch is cancelled, because no line was added. Correct the lines and run ${command}`);
    return cancelled;
  }
  const until = sealsAt === undefined ? '' : ` until ${sealsAt}`;
  note(
    `The batch is open${until}. Correct the lines and run ${command} --resume ${id}, or go on without them: npx coatcheck batches seal ${id}`,
  );
  return batch;
}
