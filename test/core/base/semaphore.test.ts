import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Semaphore } from '../../../lib/core/base/semaphore.ts';

/** Work that finishes on demand. */
class Job {
  begun = false;
  readonly #end = Promise.withResolvers<void>();

  readonly work = () => {
    this.begun = true;
    return this.#end.promise;
  };

  async done(): Promise<void> {
    this.#end.resolve();
    for (let turn = 0; turn < 5; turn++) await null;
  }
}

test('each slot runs one task at a time, and the other tasks wait for their turn', async () => {
  const semaphore = new Semaphore(2);
  const jobs = [new Job(), new Job(), new Job(), new Job()] as const;
  const all = Promise.all(jobs.map(({ work }) => semaphore.run(1, work)));
  const begun = () => jobs.map((job) => job.begun);
  expect(begun()).toEqual([true, true, false, false]);
  await jobs[1].done();
  expect(begun()).toEqual([true, true, true, false]);
  for (const job of jobs) await job.done();
  await all;
});

test('failing work rejects its caller and frees its slot', async () => {
  const semaphore = new Semaphore(1);
  const failing = semaphore.run(1, () => Promise.reject(new Error('no')));
  const next = semaphore.run(1, async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
  expect(await semaphore.run(1, async () => 'again')).toBe('again');
});

test('the most urgent task goes next, the first among equals, each once and within the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 3 })),
      fc.integer({ min: 1, max: 4 }),
      async (urgencies, count) => {
        const semaphore = new Semaphore(count);
        const begun: number[] = [];
        let running = 0;
        const work = async (index: number) => {
          expect(++running).toBeLessThanOrEqual(count);
          begun.push(index);
          await null;
          running--;
        };
        await Promise.all(urgencies.map((urgency, index) => semaphore.run(urgency, () => work(index))));
        const atOnce = urgencies.slice(0, count).map((_, index) => index);
        const inTurn = urgencies.map((urgency, index) => ({ urgency, index })).slice(count);
        const expected = inTurn.toSorted((a, b) => b.urgency - a.urgency).map(({ index }) => index);
        expect(begun).toEqual([...atOnce, ...expected]);
      },
    ),
  );
});

test('a task that stops waiting takes no slot, and holds up none that come after it', async () => {
  const semaphore = new Semaphore(1);
  const first = await semaphore.acquire(0, new AbortController().signal);
  const stopping = new AbortController();
  const second = semaphore.acquire(0, stopping.signal);
  const third = semaphore.acquire(0, new AbortController().signal);
  stopping.abort();
  expect(await second).toBeUndefined();
  first?.[Symbol.dispose]();
  expect(await third).toBeDefined();
  expect(await semaphore.acquire(0, AbortSignal.abort())).toBeUndefined();
});
