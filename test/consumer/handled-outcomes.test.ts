import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HandledOutcomes } from '../../lib/consumer/handled-outcomes.ts';

test('handles an outcome once', async () => {
  const handled = new HandledOutcomes(10);
  let rounds = 0;
  await handled.once('a', async () => void rounds++);
  await handled.once('a', async () => void rounds++);
  await handled.once('b', async () => void rounds++);
  expect(rounds).toBe(2);
});

test('handles an outcome again after a failure', async () => {
  const handled = new HandledOutcomes(10);
  await expect(handled.once('a', () => Promise.reject(new Error('first')))).rejects.toThrow('first');
  let rounds = 0;
  await handled.once('a', async () => void rounds++);
  expect(rounds).toBe(1);
});

test.each(['resolve', 'reject'] as const)(
  'a duplicate waits for the first and ends the same way: %s',
  async (end) => {
    const handled = new HandledOutcomes(10);
    const first = Promise.withResolvers<void>();
    let rounds = 0;
    const ended: string[] = [];
    const note = (promise: Promise<void>) =>
      promise.then(
        () => ended.push('resolve'),
        () => ended.push('reject'),
      );
    const both = [
      note(handled.once('a', () => first.promise)),
      note(handled.once('a', async () => void rounds++)),
    ];
    await handled.once('b', async () => {});
    expect(ended).toEqual([]);
    first[end]();
    await Promise.all(both);
    expect(ended).toEqual([end, end]);
    expect(rounds).toBe(0);
  },
);

test('remembers the latest outcomes up to its capacity', async () => {
  const keys = fc.array(fc.nat(12).map(String), { maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(keys, fc.integer({ min: 0, max: 5 }), async (sequence, capacity) => {
      const handled = new HandledOutcomes(capacity);
      let known: string[] = [];
      for (const key of sequence) {
        let isHandled = false;
        await handled.once(key, async () => {
          isHandled = true;
        });
        expect(isHandled).toBe(!known.includes(key));
        if (isHandled) known = capacity === 0 ? [] : [...known, key].slice(-capacity);
      }
    }),
  );
});
