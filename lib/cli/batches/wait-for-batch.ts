import { type Batch, BatchWaitTimedOut, type CoatcheckClient } from '../../client/index.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT, type ExitCode } from '../exit-status.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';

/** How to wait. */
export interface WaitForBatchOptions {
  /** In seconds. @default - no limit */
  readonly timeout?: number;
}

/** Waits until a batch has ended, with its progress on standard error. @returns its latest known state */
export async function waitForBatch(
  id: string,
  { timeout }: WaitForBatchOptions,
  client: CoatcheckClient,
  { signal, exit }: Run,
): Promise<Batch> {
  using board = new ProgressBoard();
  const progress = board.begin(id);
  try {
    const ended = await client.batches.wait(id, {
      ...(timeout !== undefined && { timeoutMilliseconds: timeout * 1000 }),
      signal,
      onChange: (batch) => progress.note(progressOf(batch)),
    });
    if (ended.status === 'completed' && ended.counts.failed === 0) progress.done(ended.status);
    else progress.failed(ended.status);
    exit.add(exitCodeOfBatch(ended));
    return ended;
  } catch (error) {
    progress.drop();
    if (error instanceof BatchWaitTimedOut) {
      reportError(error);
      exit.add(EXIT.notEnded);
      return error.batch;
    }
    note(`The batch continues. To wait again: npx coatcheck batches wait ${id}`);
    throw error;
  }
}

/** The exit code for a batch that was waited for. */
export function exitCodeOfBatch({ status, counts }: Batch): ExitCode {
  if (status === 'cancelled') return EXIT.cancelled;
  if (status === 'expired') return EXIT.expired;
  if (status !== 'completed') return EXIT.notEnded;
  if (counts.failed > 0) return EXIT.failed;
  if (counts.expired > 0) return EXIT.expired;
  return counts.cancelled > 0 ? EXIT.cancelled : EXIT.done;
}

function progressOf({ status, counts, estimatedEndAt }: Batch): string {
  const { total, queued, running, failed } = counts;
  const failures = failed > 0 ? `, ${formatCount(failed)} failed` : '';
  const end = estimatedEndAt === undefined ? '' : `, until about ${estimatedEndAt.slice(0, 16)}Z`;
  if (total === 0) return status;
  return `${formatProgress(total - queued - running, total, formatCount)} ${status}${failures}${end}`;
}
