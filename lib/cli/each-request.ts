import { NotAuthorized, type RequestResource } from '../client/index.ts';
import { mapConcurrently } from '../core/base/map-concurrently.ts';
import { exitCodeOfError } from './exit-status.ts';
import { isExpected, reportError } from './report-error.ts';
import type { Run } from './run.ts';

/** Concurrent calls of the API. */
const MAX_CALLS = 4;

/**
 * Calls the API for each request, a few at a time. An error for one request is reported and counts towards the exit code,
 * and the other calls continue.
 * @returns the requests that the API answered with, in the order of their ids
 */
export async function eachRequest(
  ids: readonly string[],
  { signal, exit }: Run,
  call: (id: string) => Promise<RequestResource>,
): Promise<RequestResource[]> {
  const answers = await mapConcurrently(ids, MAX_CALLS, async (id) => {
    try {
      return await call(id);
    } catch (error) {
      if (signal.aborted || error instanceof NotAuthorized || !isExpected(error)) throw error;
      reportError(error, id);
      exit.add(exitCodeOfError(error));
      return undefined;
    }
  });
  return answers.filter((answer) => answer !== undefined);
}
