import {
  type CoatcheckClient,
  NotAuthorized,
  type SubmissionOptions,
  type SubmittedRequest,
} from '../../client/index.ts';
import { mapConcurrently } from '../../core/base/map-concurrently.ts';
import { formatBytes, formatProgress } from '../../terminal/format.ts';
import type { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import { isExpected, reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import type { PayloadFile } from './payload-files.ts';

/** Concurrent submissions; one large file alone can saturate a connection. */
const MAX_SUBMISSIONS = 3;

/** A request that the program submitted or waits for. */
export interface TrackedRequest {
  /** The path of its file, or its ticket. */
  readonly label: string;
  /** Base name for the result's file. */
  readonly name: string;
  /** Its latest known state, with the receipt of its submission if the program submitted it and the service gives one. */
  readonly request: SubmittedRequest;
  /** Path of the file with its result. */
  readonly resultFile?: string;
}

/** The dependencies of submitting and waiting. */
export interface SubmitContext {
  readonly client: CoatcheckClient;
  readonly run: Run;
  readonly board: ProgressBoard;
}

/**
 * Submits files, a few at a time. An error with one file is reported, and the others are still submitted.
 * @param onSubmitted called for each file as soon as it has its ticket
 * @returns the submitted requests, in the order of the files
 * @throws RangeError for an invalid option
 */
export async function submitAll(
  files: readonly PayloadFile[],
  options: SubmissionOptions,
  context: SubmitContext,
  onSubmitted: (submitted: TrackedRequest) => Promise<void>,
): Promise<TrackedRequest[]> {
  const all = await mapConcurrently(files, MAX_SUBMISSIONS, async (file) => {
    const request = await submitOne(file, options, context);
    if (!request) return undefined;
    const submitted = { label: file.path, name: file.name, request };
    await onSubmitted(submitted);
    return submitted;
  });
  return all.filter((submitted) => submitted !== undefined);
}

async function submitOne(
  { path, blob }: PayloadFile,
  options: SubmissionOptions,
  { client, run: { signal, exit }, board }: SubmitContext,
): Promise<SubmittedRequest | undefined> {
  const progress = board.begin(path);
  try {
    progress.note(formatProgress(0, blob.size));
    const request = await client.submit(blob, {
      ...options,
      signal,
      onProgress: ({ sentBytes, totalBytes }) => progress.note(formatProgress(sentBytes, totalBytes)),
    });
    progress.done(`${formatBytes(blob.size)} sent, ticket ${request.id}`);
    return request;
  } catch (error) {
    progress.drop();
    if (signal.aborted || error instanceof NotAuthorized || !isExpected(error)) throw error;
    reportError(error, path);
    exit.add(EXIT.error);
    return undefined;
  }
}
