import { NotAuthorized, type RequestResource } from '../client/index.ts';
import { inPool } from '../core/base/in-pool.ts';
import { exitCodeOfError } from './exit-status.ts';
import { isForeseen, reportError } from './report-error.ts';
import type { Run } from './run.ts';

/** Calls of the API at a time. */
const CALLS_AT_ONCE = 4;

/**
 * Asks for requests, a few at a time. What goes wrong with one is told, and counts in the exit code; the others are
 * asked for all the same.
 * @returns those there was an answer for, in the order of their ids
 */
export async function eachRequest(
  ids: readonly string[],
  { signal, exit }: Run,
  ask: (id: string) => Promise<RequestResource>,
): Promise<RequestResource[]> {
  const answers = await inPool(ids, CALLS_AT_ONCE, async (id) => {
    try {
      return await ask(id);
    } catch (error) {
      if (signal.aborted || error instanceof NotAuthorized || !isForeseen(error)) throw error;
      reportError(error, id);
      exit.add(exitCodeOfError(error));
      return undefined;
    }
  });
  return answers.filter((answer) => answer !== undefined);
}
