import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotAuthorized, type RequestResource, WaitTimedOut } from '../../client/index.ts';
import { inPool } from '../../core/base/in-pool.ts';
import { exitCodeOf, exitCodeOfError } from '../exit-status.ts';
import { extensionOf } from '../media-types.ts';
import { isForeseen, reportError } from '../report-error.ts';
import { formatFraction, formatOutcome } from '../request-rows.ts';
import { saveResult } from '../result-file.ts';
import type { Awaited, Desk } from './submitting.ts';

/** Requests asked about at a time. Who waits for the first waits for the others as well. */
const REQUESTS_AT_ONCE = 8;

/** The longest a timer can be set to. */
const TIMER_MAX_MILLISECONDS = 2 ** 31 - 1;

/** How to wait, and what for. */
export interface Waiting {
  /** For all of them together. @default as long as it takes */
  readonly timeoutSeconds?: number;
  /** Where results go, if anywhere. */
  readonly folder?: string;
  /** Of the requests, if it wasn't the API that gave their ids. */
  readonly source?: string;
}

/**
 * Waits until requests have ended, and writes their results.
 * @param onEnd told of each when it has ended, or when the time is over
 * @returns all of them, in the order they came
 */
export async function waitForAll(
  awaited: readonly Awaited[],
  { timeoutSeconds, folder, source }: Waiting,
  desk: Desk,
  onEnd: (ended: Awaited) => Promise<void>,
): Promise<Awaited[]> {
  const endsAt = timeoutSeconds === undefined ? undefined : Date.now() + timeoutSeconds * 1000;
  return inPool(awaited, REQUESTS_AT_ONCE, async (waiting) => {
    const request = await waitForOne(waiting, { endsAt, source }, desk);
    const resultFile = await saved({ ...waiting, request }, { folder, source }, desk);
    const ended = { ...waiting, request, resultFile };
    await onEnd(ended);
    return ended;
  });
}

async function waitForOne(
  { shown: name, request }: Awaited,
  { endsAt, source }: { readonly endsAt?: number; readonly source?: string },
  { client, run: { signal, exit }, board }: Desk,
): Promise<RequestResource> {
  const shown = board.begin(name);
  shown.note(request.status);
  try {
    const timeoutMilliseconds =
      endsAt === undefined ? undefined : Math.min(Math.max(endsAt - Date.now(), 1), TIMER_MAX_MILLISECONDS);
    const ended = await client.wait(request.id, {
      source,
      timeoutMilliseconds,
      signal,
      onChange: (seen) => shown.note(`${seen.status} ${formatFraction(seen)}`),
    });
    const how = `${ended.status} ${formatOutcome(ended, true)}`;
    if (ended.status === 'succeeded') shown.done(how);
    else shown.failed(how);
    exit.add(exitCodeOf(ended));
    return ended;
  } catch (error) {
    shown.drop();
    if (signal.aborted || error instanceof NotAuthorized || !isForeseen(error)) throw error;
    reportError(error, name);
    exit.add(exitCodeOfError(error));
    return error instanceof WaitTimedOut ? (error.request ?? request) : request;
  }
}

async function saved(
  { shown, name, request }: Awaited,
  { folder, source }: Pick<Waiting, 'folder' | 'source'>,
  { client, run: { signal, exit } }: Desk,
): Promise<string | undefined> {
  if (folder === undefined || request.status !== 'succeeded') return undefined;
  try {
    const result = await client.result(request.id, { source, signal });
    const path = join(folder, `${name}.result.${extensionOf(result.contentType)}`);
    await mkdir(folder, { recursive: true });
    await saveResult(request.id, result, path, signal);
    return path;
  } catch (error) {
    if (signal.aborted || !isForeseen(error)) throw error;
    reportError(error, shown);
    exit.add(exitCodeOfError(error));
    return undefined;
  }
}
