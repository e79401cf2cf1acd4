import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordAtEnd } from '../../../lib/core/intake/wait-for-outcome.ts';
import { created } from '../../../lib/core/model/record-transition.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import { REQUEST, successOf } from '../../support/records.ts';
import { START } from '../../support/test-clock.ts';

const QUEUED = created({ type: 'submit', request: REQUEST, uploaded: true }, START);
const ENDED: RequestRecord = { ...QUEUED, status: 'succeeded', outcome: successOf(1) };

/** Waits for a record that ends at a time, on a clock that moves while it sleeps. */
async function waited(seconds: number, endsAfterSeconds: number, missingSeconds = 0) {
  let now = START;
  const reads: number[] = [];
  const find = async () => {
    reads.push(now - START);
    if (now < START + missingSeconds * 1000) return undefined;
    return now < START + endsAfterSeconds * 1000 ? QUEUED : ENDED;
  };
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const record = await recordAtEnd(find, START + seconds * 1000, clock);
  return { record, reads, tookMilliseconds: now - START };
}

test('an ended record is read once, without a wait', async () => {
  expect(await waited(20, 0)).toEqual({ record: ENDED, reads: [0], tookMilliseconds: 0 });
});

test('the wait for a quick handler is short', async () => {
  const { record, reads, tookMilliseconds } = await waited(20, 0.05);
  expect(record).toBe(ENDED);
  expect(reads).toEqual([0, 100]);
  expect(tookMilliseconds).toBe(100);
});

test('after the time is over, the caller gets the current record', async () => {
  const { record, reads, tookMilliseconds } = await waited(20, 3600);
  expect(record).toBe(QUEUED);
  expect(tookMilliseconds).toBe(20_000);
  expect(reads.at(-1)).toBe(20_000);
});

test('a wait of zero reads once', async () => {
  expect((await waited(0, 3600)).reads).toEqual([0]);
});

test('a record that ends exactly when the time is over is seen as ended', async () => {
  expect((await waited(7.77, 7.77)).record).toBe(ENDED);
});

test('E19: the longest wait takes at most 15 reads', async () => {
  expect((await waited(20, 3600)).reads.length).toBeLessThanOrEqual(15);
});

test('the wait continues while the record does not exist yet', async () => {
  expect((await waited(20, 3, 2)).record).toBe(ENDED);
  expect((await waited(5, 3600, 3600)).record).toBeUndefined();
});

test('an end is seen soon, and no wait is longer than its time', async () => {
  const milliseconds = fc.nat({ max: 25_000 });
  await fc.assert(
    fc.asyncProperty(milliseconds, milliseconds, async (wait, end) => {
      const { record, tookMilliseconds } = await waited(wait / 1000, end / 1000);
      expect(tookMilliseconds).toBeLessThanOrEqual(wait);
      expect(record).toBe(end <= wait ? ENDED : QUEUED);
      if (end <= wait) expect(tookMilliseconds - end).toBeLessThanOrEqual(Math.min(3_000, 100 + end / 2));
    }),
  );
});

test('an error of the read is rethrown', async () => {
  const clock = { now: () => START, sleep: async () => {} };
  const broken = () => Promise.reject(new Error('no table'));
  await expect(recordAtEnd(broken, START + 1000, clock)).rejects.toThrow('no table');
});
