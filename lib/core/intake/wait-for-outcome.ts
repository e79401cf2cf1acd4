import type { RequestRecord } from '../model/request-record.ts';
import type { Timer } from '../ports/clock.ts';

/**
 * The first and the longest wait between two reads of the record. The first is short for the sake of quick handlers;
 * the longest limits the cost of reads.
 */
const FIRST_WAIT_MILLISECONDS = 100;

const LONGEST_WAIT_MILLISECONDS = 3_000;

const GROWTH = 1.5;

/**
 * Waits until a request has ended or the time is up.
 * @param find reads the record
 * @param until in milliseconds since 1970
 * @returns the latest record
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
