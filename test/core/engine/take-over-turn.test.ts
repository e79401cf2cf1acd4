import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Semaphore } from '../../../lib/core/base/semaphore.ts';
import { Deadline } from '../../../lib/core/engine/deadline.ts';
import { TakeOverTurn } from '../../../lib/core/engine/take-over-turn.ts';
import type { Disposition } from '../../../lib/core/model/disposition.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const LEASE_SECONDS = 30;

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A worker's engine, after another process died with these requests. */
async function afterCrash(ids: readonly string[]) {
  const ends = new Map<string, () => void>();
  const harness = new EngineHarness(({ id }) => new Promise<void>((resolve) => void ends.set(id, resolve)), {
    concurrency: 10,
  });
  const { engine, input, clock, settings } = harness;
  const records = new RequestRecords(harness.records, clock.now, settings.recordAgeDays);
  for (const id of ids) await records.claim({ id, source: '' }, clock.now() + LEASE_SECONDS * 1000);
  clock.advanceSeconds(LEASE_SECONDS + 1);
  const deadline = new Deadline(clock.now(), Number.POSITIVE_INFINITY, { leaseSeconds: LEASE_SECONDS });
  const dispositions: Promise<Disposition>[] = [];
  return {
    harness,
    deadline,
    dispositions,
    /** The requests whose handlers have started. */
    started: () => [...ends.keys()],
    end: (id: string) => ends.get(id)?.(),
    run: async (id: string) => {
      input.send('{}', { RequestId: id }, `m-${id}`);
      const [message] = input.receive(1);
      if (!message) throw new Error('nothing was received');
      dispositions.push(engine.run(message, deadline));
      await settle();
    },
  };
}

test('requests whose process died are run one at a time, and others at the same time', async () => {
  const { run, started, end, harness, dispositions } = await afterCrash(['r-1', 'r-2']);
  for (const id of ['r-1', 'r-2', 'r-3']) await run(id);
  expect(started()).toEqual(['r-1', 'r-3']);
  // One that waits for its turn uses no attempt: another crash costs it nothing.
  expect(harness.records.record('r-2')).toMatchObject({ attempts: 1 });
  end('r-1');
  await settle();
  expect(started()).toEqual(['r-1', 'r-3', 'r-2']);
  for (const id of ['r-2', 'r-3']) end(id);
  expect(await Promise.all(dispositions)).toEqual(Array(3).fill({ action: 'ack' }));
});

test('no turn is waited for longer than ten seconds, so that long jobs don’t run one after another', async () => {
  const { run, started, end, dispositions } = await afterCrash(['r-1', 'r-2']);
  for (const id of ['r-1', 'r-2']) await run(id);
  await vi.advanceTimersByTimeAsync(10_000);
  await settle();
  expect(started()).toEqual(['r-1', 'r-2']);
  for (const id of ['r-1', 'r-2']) end(id);
  await Promise.all(dispositions);
});

test('a request that waits for its turn goes back at once when the host stops', async () => {
  const { run, started, end, deadline, dispositions, harness } = await afterCrash(['r-1', 'r-2']);
  for (const id of ['r-1', 'r-2']) await run(id);
  deadline.drain(harness.clock.now() + 60_000, harness.clock.now());
  expect(await dispositions[1]).toEqual({ action: 'retry', afterSeconds: 0 });
  end('r-1');
  expect(await dispositions[0]).toEqual({ action: 'ack' });
  expect(started()).toEqual(['r-1']);
  expect(harness.records.record('r-2')).toMatchObject({ attempts: 1 });
});

test('an attempt that claims again keeps its turn, and frees it once for the next one', async () => {
  const never = new AbortController().signal;
  const turns = new Semaphore(1);
  const turn = new TakeOverTurn(turns);
  await turn.take(never);
  const again = turn.take(never);
  await vi.advanceTimersByTimeAsync(10_000);
  await again;
  turn[Symbol.dispose]();
  const stopping = new AbortController();
  const next = turns.acquire({}, stopping.signal);
  stopping.abort();
  expect(await next).toBeDefined();
});
