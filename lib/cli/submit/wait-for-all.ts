import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotAuthorized, type RequestResource, WaitTimedOut } from '../../client/index.ts';
import { mapConcurrently } from '../../core/base/map-concurrently.ts';
import { saveContent } from '../content-file.ts';
import { exitCodeOf, exitCodeOfError } from '../exit-status.ts';
import { formatForecast } from '../format-forecast.ts';
import { extensionOf } from '../media-types.ts';
import { PauseNotes } from '../pause-notes.ts';
import { isExpected, reportError } from '../report-error.ts';
import { formatOutcome, formatProgress } from '../request-rows.ts';
import type { SubmitContext, TrackedRequest } from './submit-all.ts';

/** Requests that are polled concurrently. */
const MAX_POLLS = 8;

/** The longest delay of a timer. */
const TIMER_MAX_MILLISECONDS = 2 ** 31 - 1;

/** How to wait, and where to write results. */
export interface WaitForAllOptions {
  /** Time limit for all requests together. @default none */
  readonly timeoutSeconds?: number;
  /** Folder for results. @default results aren't downloaded */
  readonly folder?: string;
  /** Issuer of the ids, if it isn't the API. */
  readonly source?: string;
}

/**
 * Waits until requests have ended, and writes their results.
 * @param onEnd called for each request when it has ended, or when the time limit is reached
 * @returns the requests in their latest known state, in the given order
 */
export async function waitForAll(
  requests: readonly TrackedRequest[],
  { timeoutSeconds, folder, source }: WaitForAllOptions,
  context: SubmitContext,
  onEnd: (ended: TrackedRequest) => Promise<void>,
): Promise<TrackedRequest[]> {
  const endsAt = timeoutSeconds === undefined ? undefined : Date.now() + timeoutSeconds * 1000;
  const pauses = new PauseNotes();
  return mapConcurrently(requests, MAX_POLLS, async (tracked) => {
    const { receipt } = tracked.request;
    const request = {
      ...(await waitForOne(tracked, { endsAt, source, pauses }, context)),
      // Only the answer to the submission has it.
      ...(receipt !== undefined && { receipt }),
    };
    const resultFile = await download({ ...tracked, request }, { folder, source }, context);
    const ended = { ...tracked, request, resultFile };
    await onEnd(ended);
    return ended;
  });
}

async function waitForOne(
  { label, request }: TrackedRequest,
  {
    endsAt,
    source,
    pauses,
  }: { readonly endsAt?: number; readonly source?: string; readonly pauses: PauseNotes },
  { client, run: { signal, exit }, board }: SubmitContext,
): Promise<RequestResource> {
  const progress = board.begin(label);
  const show = (seen: RequestResource) => {
    progress.note(`${seen.status} ${formatProgress(seen) || formatForecast(seen, Date.now())}`);
    if (!board.isAnimated) pauses.see(seen);
  };
  show(request);
  try {
    const timeoutMilliseconds =
      endsAt === undefined ? undefined : Math.min(Math.max(endsAt - Date.now(), 1), TIMER_MAX_MILLISECONDS);
    const ended = await client.wait(request.id, {
      source,
      timeoutMilliseconds,
      signal,
      onChange: show,
    });
    const how = `${ended.status} ${formatOutcome(ended, true)}`;
    if (ended.status === 'succeeded') progress.done(how);
    else progress.failed(how);
    exit.add(exitCodeOf(ended));
    return ended;
  } catch (error) {
    progress.drop();
    if (signal.aborted || error instanceof NotAuthorized || !isExpected(error)) throw error;
    reportError(error, label);
    exit.add(exitCodeOfError(error));
    return error instanceof WaitTimedOut ? (error.request ?? request) : request;
  }
}

async function download(
  { label, name, request }: TrackedRequest,
  { folder, source }: Pick<WaitForAllOptions, 'folder' | 'source'>,
  { client, run: { signal, exit } }: SubmitContext,
): Promise<string | undefined> {
  if (folder === undefined || request.status !== 'succeeded') return undefined;
  try {
    const result = await client.result(request.id, { source, signal });
    const path = join(folder, `${name}.result.${extensionOf(result.contentType)}`);
    await mkdir(folder, { recursive: true });
    await saveContent(`result of ${request.id}`, result, path, signal);
    return path;
  } catch (error) {
    if (signal.aborted || !isExpected(error)) throw error;
    reportError(error, label);
    exit.add(exitCodeOfError(error));
    return undefined;
  }
}
