import { expect, test } from 'vitest';
import { LoadMeter } from '../../../lib/core/engine/load-meter.ts';
import { MemoryLoadLog } from '../../../lib/stores/memory/load-log.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { START, TestClock } from '../../support/test-clock.ts';

function open() {
  const clock = new TestClock();
  const log = new MemoryLoadLog();
  const logger = new CollectingLogger();
  const meter = new LoadMeter(log, clock.now, logger);
  const closing = new AbortController();
  return { meter, clock, log, logger, closing, flush: () => meter.flush(closing.signal) };
}

test('passes on what it counted at once, then every 5 seconds what was added since', async () => {
  const { meter, clock, log, flush } = open();
  meter.add({ completed: 1, handled: 2, milliseconds: 10 });
  await flush();
  meter.add({ completed: 2, handled: 4, milliseconds: 20 });
  clock.advanceSeconds(4.999);
  await flush();
  meter.add({ completed: 3, handled: 6, milliseconds: 30 });
  clock.advanceSeconds(0.001);
  await flush();
  expect(log.added).toEqual([
    { at: START, completed: 1, handled: 2, milliseconds: 10, releases: 0, squares: 0 },
    { at: START + 5_000, completed: 5, handled: 10, milliseconds: 50, releases: 0, squares: 0 },
  ]);
});

test('passes on nothing where there is nothing, attempts without success, and what was completed without any', async () => {
  const { meter, clock, log, flush } = open();
  await flush();
  expect(log.added).toEqual([]);
  meter.add({ completed: 0, handled: 1, milliseconds: 0 });
  await flush();
  meter.add({ completed: 1, handled: 0, milliseconds: 0 });
  clock.advanceSeconds(5);
  await flush();
  expect(log.added).toEqual([
    { at: START, completed: 0, handled: 1, milliseconds: 0, releases: 0, squares: 0 },
    { at: START + 5_000, completed: 1, handled: 0, milliseconds: 0, releases: 0, squares: 0 },
  ]);
});

test.each(['fails before', 'fails after'] as const)(
  'what may have been counted (it %s) is not counted again',
  async (fault) => {
    const { meter, clock, log, logger, flush } = open();
    log.faults.inject('add', fault);
    meter.add({ completed: 1, handled: 2, milliseconds: 10 });
    await flush();
    expect(logger.lines).toMatchObject([
      { level: 'warn', message: 'Completed work could not be added to the load log' },
    ]);
    const before = log.added.length;
    meter.add({ completed: 2, handled: 4, milliseconds: 20 });
    clock.advanceSeconds(5);
    await flush();
    expect(log.added.slice(before)).toMatchObject([{ completed: 2, handled: 4, milliseconds: 20 }]);
  },
);

test('measures slots from the start of a batch to its end, for requests that were handled', async () => {
  const { meter, clock, log, flush } = open();
  const end = meter.measureSlots(2);
  meter.add({ handled: 3 });
  clock.advanceSeconds(4);
  end();
  await flush();
  expect(log.added).toMatchObject([{ handled: 3, milliseconds: 8_000 }]);
});

test('counts no slot twice when batches overlap', async () => {
  const { meter, clock, log, flush } = open();
  const endFirst = meter.measureSlots(10);
  meter.add({ handled: 1 });
  clock.advanceSeconds(6);
  const endSecond = meter.measureSlots(10);
  meter.add({ handled: 2 });
  clock.advanceSeconds(2);
  endSecond();
  clock.advanceSeconds(2);
  endFirst();
  const endNext = meter.measureSlots(10);
  meter.add({ handled: 1 });
  clock.advanceSeconds(1);
  endNext();
  await flush();
  expect(log.added).toMatchObject([
    { handled: 4, milliseconds: 3 * 10_000 + 1_000, releases: 2, squares: 30_000 ** 2 + 1_000 ** 2 },
  ]);
});

test('counts the time of single attempts unless it measures a batch, which they are part of', async () => {
  const { meter, clock, log, flush } = open();
  meter.add({ handled: 1 });
  meter.addAttempt(5_000);
  const end = meter.measureSlots(10);
  meter.add({ handled: 1 });
  clock.advanceSeconds(2);
  meter.addAttempt(1_000);
  end();
  await flush();
  expect(log.added).toMatchObject([
    { handled: 2, milliseconds: 5_000 + 2_000, releases: 2, squares: 5_000 ** 2 + 2_000 ** 2 },
  ]);
});

test('doesn’t wait for an answer when there is no time left', async () => {
  const { meter, log, logger, closing, flush } = open();
  log.faults.inject('add', 'never answers');
  meter.add({ completed: 1, handled: 2, milliseconds: 10 });
  const flushed = flush();
  closing.abort();
  await flushed;
  expect(logger.lines).toHaveLength(1);
});
