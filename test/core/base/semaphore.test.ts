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
  const all = Promise.all(jobs.map(({ work }) => semaphore.run({}, work)));
  const begun = () => jobs.map((job) => job.begun);
  expect(begun()).toEqual([true, true, false, false]);
  await jobs[1].done();
  expect(begun()).toEqual([true, true, true, false]);
  for (const job of jobs) await job.done();
  await all;
});

test('failing work rejects its caller and frees its slot', async () => {
  const semaphore = new Semaphore(1);
  const failing = semaphore.run({}, () => Promise.reject(new Error('no')));
  const next = semaphore.run({}, async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
  expect(await semaphore.run({}, async () => 'again')).toBe('again');
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
        await Promise.all(urgencies.map((urgency, index) => semaphore.run({ urgency }, () => work(index))));
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
  const first = await semaphore.acquire({}, new AbortController().signal);
  const stopping = new AbortController();
  const second = semaphore.acquire({}, stopping.signal);
  const third = semaphore.acquire({}, new AbortController().signal);
  stopping.abort();
  expect(await second).toBeUndefined();
  first?.[Symbol.dispose]();
  expect(await third).toBeDefined();
  expect(await semaphore.acquire({}, AbortSignal.abort())).toBeUndefined();
});

test('among equally urgent tasks, owners take turns', async () => {
  const semaphore = new Semaphore(1);
  const begun: string[] = [];
  const run = (owner: string, urgency = 0) =>
    semaphore.run({ owner, urgency }, async () => {
      begun.push(owner);
      await null;
    });
  const noisy = Array.from({ length: 6 }, () => run('noisy'));
  await Promise.all([...noisy, run('a'), run('b'), run('a'), run('urgent', 1), run('b')]);
  expect(begun.join(' ')).toBe('noisy urgent noisy a b noisy a b noisy noisy noisy');
});

test('an owner whose tasks come one by one gets no more than its turns', async () => {
  const semaphore = new Semaphore(1);
  const begun: string[] = [];
  const run = (owner: string, work: () => void = () => {}) =>
    semaphore.run({ owner }, async () => {
      begun.push(owner);
      work();
    });
  const running: Promise<void>[] = [];
  const again = (left: number): void => {
    running.push(run('again', () => left > 0 && again(left - 1)));
  };
  running.push(run('waiting'), run('waiting'), run('waiting'), run('waiting'));
  again(3);
  while (running.length > 0) await running.shift();
  expect(begun.join(' ')).toBe('waiting waiting again waiting again waiting again again');
});

test('property: a task waits for at most as many tasks of each other owner as its own owner has before it, and one more', async () => {
  const owners = fc.constantFrom('a', 'b', 'c');
  await fc.assert(
    fc.asyncProperty(fc.array(owners, { maxLength: 30 }), async (tasks) => {
      const semaphore = new Semaphore(1);
      const blocker = await semaphore.acquire({}, new AbortController().signal);
      const begun: number[] = [];
      const all = tasks.map((owner, index) => semaphore.run({ owner }, async () => void begun.push(index)));
      blocker?.[Symbol.dispose]();
      await Promise.all(all);
      for (const [place, index] of begun.entries()) {
        const before = begun.slice(0, place).map((other) => tasks[other]);
        const own = before.filter((owner) => owner === tasks[index]).length;
        for (const owner of ['a', 'b', 'c']) {
          expect(before.filter((other) => other === owner).length).toBeLessThanOrEqual(own + 1);
        }
      }
      expect(begun.toSorted((one, other) => one - other)).toEqual(tasks.map((_, index) => index));
    }),
  );
});
