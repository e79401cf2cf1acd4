import { expect, test } from 'vitest';
import { type Heartbeat, startHeartbeat } from '../../../lib/core/base/heartbeat.ts';

async function withHeartbeat(heartbeat: Heartbeat, work: () => Promise<void>): Promise<void> {
  await using _heartbeat = startHeartbeat(heartbeat);
  await work();
}

test('it beats while the work goes on, over beats that fail, and not any longer', async () => {
  let beats = 0;
  const errors: unknown[] = [];
  const work = Promise.withResolvers<void>();
  const done = withHeartbeat(
    {
      intervalMilliseconds: 5,
      beat: async () => {
        if (++beats === 2) throw new Error('second');
        if (beats === 4) work.resolve();
      },
      onError: (error) => errors.push(error),
    },
    () => work.promise,
  );
  await done;
  const atEnd = beats;
  expect(atEnd).toBeGreaterThanOrEqual(4);
  expect(errors).toEqual([new Error('second')]);
  // Any further beat would come before a timer that is set for later than it.
  await new Promise((resolve) => setTimeout(resolve, 25));
  expect(beats).toBe(atEnd);
});

test('short work is done without a beat', async () => {
  const heartbeat = { intervalMilliseconds: 60_000, beat: () => Promise.reject(), onError: () => {} };
  await withHeartbeat(heartbeat, async () => {});
  await expect(withHeartbeat(heartbeat, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});

test('the end waits for a beat that is under way', async () => {
  const order: string[] = [];
  const work = Promise.withResolvers<void>();
  const beat = async () => {
    work.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    order.push('beat');
  };
  await withHeartbeat({ intervalMilliseconds: 1, beat, onError: () => {} }, () => work.promise);
  order.push('end');
  expect(order.slice(-2)).toEqual(['beat', 'end']);
});
