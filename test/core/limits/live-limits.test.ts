import { expect, test } from 'vitest';
import { LimitRefused } from '../../../lib/core/limits/errors.ts';
import { type LimitChange, LiveLimits } from '../../../lib/core/limits/live-limits.ts';
import { MemoryLimitStore } from '../../../lib/stores/memory/limit-store.ts';
import { TestClock } from '../../support/test-clock.ts';

function setUp() {
  const clock = new TestClock();
  const store = new MemoryLimitStore();
  const limits = [{ key: 'tenant', concurrency: 5, maxWaiting: 100 }, { key: 'all' }] as const;
  return { clock, store, live: new LiveLimits(limits, store, clock, Math.random) };
}

test('a value that nothing was changed of is as configured', async () => {
  expect(await setUp().live.get('tenant', 'acme')).toEqual({
    key: 'tenant',
    value: 'acme',
    concurrency: 5,
    running: 0,
    maxWaiting: 100,
    waiting: 0,
  });
  expect(await setUp().live.get('all')).toEqual({ key: 'all' });
});

test('changes add up, until they are reset', async () => {
  const { live } = setUp();
  await live.change('tenant', 'acme', { concurrency: 7 });
  expect(await live.change('tenant', 'acme', { rate: '9/s' })).toMatchObject({
    concurrency: 7,
    rate: '9/s',
    maxWaiting: 100,
    changed: { concurrency: 7, rate: '9/s' },
  });
  await live.change('tenant', 'acme', { concurrency: undefined, maxWaiting: 100 });
  expect(await live.get('tenant', 'acme')).toMatchObject({ concurrency: 7 });
  expect(await live.get('tenant', 'other')).toMatchObject({ concurrency: 5 });
  expect(await live.reset('tenant', 'acme')).toEqual(await live.get('tenant', 'acme'));
  expect(await live.get('tenant', 'acme')).not.toHaveProperty('changed');
});

test('a pause ends at its time, or earlier by another change', async () => {
  const { live, clock } = setUp();
  const pausedUntil = new Date(clock.now() + 60_000);
  expect(await live.change('all', undefined, { pausedUntil })).toEqual({ key: 'all', pausedUntil });
  expect(await live.change('all', undefined, { pausedUntil: new Date(clock.now()) })).toEqual({ key: 'all' });
});

test('what was changed is kept for ever, other states for some days', async () => {
  const { live, store } = setUp();
  await live.change('tenant', 'acme', { concurrency: 7 });
  expect((await store.read('tenant=acme'))?.keptUntil).toBeUndefined();
  await live.reset('tenant', 'acme');
  expect((await store.read('tenant=acme'))?.keptUntil).toBeDefined();
});

test.each([
  ['topic', 'images', {}, 'The service has limits of tenant, all, got "topic"'],
  ['tenant', undefined, {}, 'The key tenant needs a value: a string, got nothing'],
  ['tenant', null, {}, 'The key tenant needs a value: a string, got null'],
  ['tenant', 'acme', null, 'A change must be an object, such as { concurrency: 5 }, got null'],
  ['tenant', 'acme', [5], 'A change must be an object, such as { concurrency: 5 }, got [5]'],
  ['all', 'acme', {}, 'The key all has no values, got "acme"'],
  ['tenant', 'acme', { concurrency: 0 }, 'concurrency must be a whole number from 1 to 1000000000, got 0'],
  ['tenant', 'acme', { pausedUntil: new Date(Number.NaN) }, 'pausedUntil must be a valid Date'],
  [
    'tenant',
    'acme',
    { concurrency: undefined },
    'A change must have at least one of concurrency, rate, maxWaiting, pausedUntil, got none',
  ],
  [
    'all',
    undefined,
    { maxWaiting: 5 },
    'maxWaiting can be changed only where it is configured: add it to the limit of all',
  ],
])('%s %s %j is refused', async (key, value, change, problem) => {
  const refusal = await setUp()
    .live.change(key, value as string, change as LimitChange)
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LimitRefused);
  expect(refusal).toMatchObject({ message: expect.stringContaining(problem) });
});

test('a service without limits says so, and how to get one', async () => {
  const live = new LiveLimits([], new MemoryLimitStore(), new TestClock(), Math.random);
  await expect(live.get('tenant', 'acme')).rejects.toThrow(
    'The service has no limits, got "tenant". Configure a limit of this key first: with the option limits, or in COATCHECK_LIMITS',
  );
});
