import {
  type CoatcheckClient,
  NotAuthorized,
  type RequestResource,
  type SubmissionOptions,
} from '../../client/index.ts';
import { inPool } from '../../core/base/in-pool.ts';
import { formatBytes, formatProgress } from '../../terminal/format.ts';
import type { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import { isForeseen, reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import type { PayloadFile } from './payload-files.ts';

/** Files sent at a time: a large one alone fills a line. */
const FILES_AT_ONCE = 3;

/** A request that is waited for. */
export interface Awaited {
  /** What it is shown as: the file that was submitted, or its ticket. */
  readonly shown: string;
  /** What the file with its result is named after. */
  readonly name: string;
  /** As it was seen last. */
  readonly request: RequestResource;
  /** Where its result was written. */
  readonly resultFile?: string;
}

/** What submitting, and waiting afterwards, is done with. */
export interface Desk {
  readonly client: CoatcheckClient;
  readonly run: Run;
  readonly board: ProgressBoard;
}

/**
 * Submits files, a few at a time. What goes wrong with one is told, and the others are submitted all the same.
 * @param onSubmitted told of each as soon as it has its ticket
 * @returns those that were submitted, in the files' order
 * @throws RangeError for an option the client can't send
 */
export async function submitAll(
  files: readonly PayloadFile[],
  options: SubmissionOptions,
  desk: Desk,
  onSubmitted: (submitted: Awaited) => Promise<void>,
): Promise<Awaited[]> {
  const all = await inPool(files, FILES_AT_ONCE, async (file) => {
    const request = await submitOne(file, options, desk);
    if (!request) return undefined;
    const submitted = { shown: file.path, name: file.name, request };
    await onSubmitted(submitted);
    return submitted;
  });
  return all.filter((submitted) => submitted !== undefined);
}

async function submitOne(
  { path, blob }: PayloadFile,
  options: SubmissionOptions,
  { client, run: { signal, exit }, board }: Desk,
): Promise<RequestResource | undefined> {
  const shown = board.begin(path);
  try {
    shown.note(formatProgress(0, blob.size));
    const request = await client.submit(blob, {
      ...options,
      signal,
      onProgress: ({ sentBytes, totalBytes }) => shown.note(formatProgress(sentBytes, totalBytes)),
    });
    shown.done(`${formatBytes(blob.size)} sent, ticket ${request.id}`);
    return request;
  } catch (error) {
    shown.drop();
    if (signal.aborted || error instanceof NotAuthorized || !isForeseen(error)) throw error;
    reportError(error, path);
    exit.add(EXIT.error);
    return undefined;
  }
}
