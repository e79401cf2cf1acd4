import { expect, test } from 'vitest';
import { Reading } from '../../../../lib/core/intake/admission/cached-reading.ts';
import { TestClock } from '../../../support/test-clock.ts';

/** A reading that the test answers by hand. */
function open() {
  const clock = new TestClock();
  const calls: PromiseWithResolvers<number>[] = [];
  const failures: unknown[] = [];
  const read = () => {
    const call = Promise.withResolvers<number>();
    calls.push(call);
    return call.promise;
  };
  const reading = new Reading(read, clock.now, (error) => failures.push(error));
  return { reading, clock, calls, failures };
}

/** A reading with one answer. */
async function opened(first: number) {
  const bench = open();
  const asked = bench.reading.latest();
  bench.calls[0]?.resolve(first);
  expect(await asked).toBe(first);
  return bench;
}

test('the first callers share one reading', async () => {
  const { reading, calls } = open();
  const asked = [reading.latest(), reading.latest(), reading.latest()];
  calls[0]?.resolve(1);
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
  expect(calls).toHaveLength(1);
});

test('the figures are not read again for 5 seconds', async () => {
  const { reading, clock, calls } = await opened(1);
  clock.time += 4_999;
  expect(await reading.latest()).toBe(1);
  expect(calls).toHaveLength(1);
});

test('after that they are read again, while callers get the last figures', async () => {
  const { reading, clock, calls } = await opened(1);
  clock.advanceSeconds(5);
  expect(await reading.latest()).toBe(1);
  expect(await reading.latest()).toBe(1);
  expect(calls).toHaveLength(2);
  calls[1]?.resolve(2);
  await calls[1]?.promise;
  expect(await reading.latest()).toBe(2);
});

test('after a longer time, a caller waits for new figures', async () => {
  const { reading, clock, calls } = await opened(1);
  clock.advanceSeconds(11);
  const asked = reading.latest();
  calls[1]?.resolve(2);
  expect(await asked).toBe(2);
});

test('a caller waits only briefly, then gets the last figures', async () => {
  const { reading, clock } = await opened(1);
  clock.advanceSeconds(60);
  expect(await reading.latest()).toBe(1);
});

test('figures from before the clock was set back are read again', async () => {
  const { reading, clock, calls } = await opened(1);
  clock.advanceSeconds(-3_600);
  const asked = reading.latest();
  calls[1]?.resolve(2);
  expect(await asked).toBe(2);
  clock.advanceSeconds(5);
  expect(await reading.latest()).toBe(2);
  expect(calls).toHaveLength(3);
});

test('the age of figures counts from the start of their reading', async () => {
  const { reading, clock, calls } = await opened(1);
  clock.advanceSeconds(5);
  await reading.latest();
  clock.advanceSeconds(58);
  calls[1]?.resolve(2);
  await calls[1]?.promise;
  const asked = reading.latest();
  calls[2]?.reject(new Error('throttled'));
  expect(await asked).toBe(2);
  clock.advanceSeconds(3);
  expect(await reading.latest()).toBeUndefined();
});

test('a late answer does not replace a newer one', async () => {
  const { reading, clock, calls } = await opened(1);
  clock.advanceSeconds(5);
  await reading.latest();
  clock.advanceSeconds(5);
  await reading.latest();
  calls[2]?.resolve(3);
  await calls[2]?.promise;
  calls[1]?.resolve(2);
  await calls[1]?.promise;
  expect(await reading.latest()).toBe(3);
});

test('a failure is reported and keeps the last figures', async () => {
  const { reading, clock, calls, failures } = await opened(1);
  clock.advanceSeconds(11);
  const asked = reading.latest();
  calls[1]?.reject(new Error('throttled'));
  expect(await asked).toBe(1);
  expect(failures).toEqual([new Error('throttled')]);
});
