import { expect, test } from 'vitest';
import { RefreshedValue } from '../../lib/aws/refreshed-value.ts';
import { TestClock } from '../support/test-clock.ts';

/** A value whose source can change and fail. */
function refreshed() {
  const clock = new TestClock();
  const source = { value: 'old', error: undefined as Error | undefined, reads: 0, kept: [] as unknown[] };
  const value = new RefreshedValue({
    load: async () => {
      source.reads += 1;
      if (source.error) throw source.error;
      return source.value;
    },
    onKept: (error) => source.kept.push(error),
    now: clock.now,
  });
  return { clock, source, value };
}

test('is read again after five minutes, once for all who ask', async () => {
  const { clock, source, value } = refreshed();
  expect(await Promise.all([value.read(), value.read()])).toEqual(['old', 'old']);
  source.value = 'new';
  clock.advanceSeconds(299);
  expect(await value.read()).toBe('old');
  expect(source.reads).toBe(1);
  clock.advanceSeconds(1);
  expect(await Promise.all([value.read(), value.read()])).toEqual(['new', 'new']);
  expect(source.reads).toBe(2);
});

test('is kept for an hour if it can’t be read again, and read again every 10 seconds', async () => {
  const { clock, source, value } = refreshed();
  await value.read();
  source.error = new Error('down');
  clock.advanceSeconds(300);
  expect(await value.read()).toBe('old');
  expect(source.kept).toEqual([source.error]);
  clock.advanceSeconds(9);
  value.doubt();
  expect(await value.read()).toBe('old');
  expect(source.reads).toBe(2);
  clock.advanceSeconds(1);
  expect(await value.read()).toBe('old');
  expect(source.reads).toBe(3);
  clock.advanceSeconds(3_600 - 310 - 1);
  expect(await value.read()).toBe('old');
  clock.advanceSeconds(10);
  await expect(value.read()).rejects.toThrow('down');
  source.error = undefined;
  expect(await value.read()).toBe('old');
});

test('a value that was never read is asked for each time', async () => {
  const { source, value } = refreshed();
  source.error = new Error('down');
  await expect(value.read()).rejects.toThrow('down');
  await expect(value.read()).rejects.toThrow('down');
  expect(source.reads).toBe(2);
  expect(source.kept).toEqual([]);
});

test('a value in doubt is read again once it is 10 seconds old', async () => {
  const { clock, source, value } = refreshed();
  value.doubt();
  await value.read();
  source.value = 'new';
  clock.advanceSeconds(9);
  value.doubt();
  expect(await value.read()).toBe('old');
  clock.advanceSeconds(1);
  expect(await value.read()).toBe('new');
  clock.advanceSeconds(299);
  expect(await value.read()).toBe('new');
  expect(source.reads).toBe(2);
});
