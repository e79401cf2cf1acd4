import type { RequestRecord } from '../model/request-record.ts';
import type { Timer } from '../ports/clock.ts';

/** The first wait between two looks at a record, and the longest: each look is a read, and a quick handler is quick. */
const FIRST_WAIT_MILLISECONDS = 100;

const LONGEST_WAIT_MILLISECONDS = 3_000;

const GROWTH = 1.5;

/**
 * A request's record once the request has ended, or as it is when the time is over.
 * @param find reads the record
 * @param until when the time is over, in milliseconds since 1970
 */
export async function recordAtEnd(
  find: () => Promise<RequestRecord | undefined>,
  until: number,
  clock: Timer,
): Promise<RequestRecord | undefined> {
  let wait = FIRST_WAIT_MILLISECONDS;
  let record = await find();
  while (!record?.outcome && clock.now() < until) {
    await clock.sleep(Math.min(wait, until - clock.now()));
    wait = Math.min(wait * GROWTH, LONGEST_WAIT_MILLISECONDS);
    record = await find();
  }
  return record;
}
