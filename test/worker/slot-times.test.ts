import { expect, test } from 'vitest';
import { SlotTimes } from '../../lib/worker/slot-times.ts';
import { TestClock } from '../support/test-clock.ts';

function open() {
  const clock = new TestClock();
  return { clock, times: new SlotTimes(clock) };
}

test('is unknown until a slot was held, and while none is', () => {
  const { clock, times } = open();
  expect(times.read()).toBeUndefined();
  const end = times.start();
  clock.advanceSeconds(4);
  end();
  expect(times.read()).toBe(4_000);
  expect(times.read()).toBeUndefined();
});

test('is at least the mean age of the jobs that run, which may take hours', () => {
  const { clock, times } = open();
  const end = times.start();
  clock.advanceSeconds(10);
  end();
  times.start();
  clock.advanceSeconds(6);
  expect(times.read()).toBe(10_000);
  clock.advanceSeconds(3_000);
  times.start();
  clock.advanceSeconds(994);
  expect(times.read()).toBe((4_000_000 + 994_000) / 2);
});

test('follows the times of recent jobs', () => {
  const { clock, times } = open();
  for (const seconds of [...Array(50).fill(1), ...Array(50).fill(9)]) {
    const end = times.start();
    clock.advanceSeconds(seconds);
    end();
  }
  expect(times.read()).toBeGreaterThan(8_000);
  expect(times.read()).toBeUndefined();
});
