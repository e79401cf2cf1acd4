import { describe, expect, test } from 'vitest';
import type { ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

/** Handlers have to stop after 0.1 s, and are abandoned after 0.35 s. */
const SECONDS_LEFT = 0.6;

function requests(...ids: readonly string[]) {
  return ids.map((id) => requestDelivery(id));
}

function stopping({ signal }: ProcessorRequest): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

function never(): Promise<never> {
  return new Promise(() => {});
}

describe('fault 39: a handler exceeds the deadline', () => {
  test('its signal fires at the announced time', async () => {
    let deadline: Date | undefined;
    const harness = new EngineHarness(async (request) => {
      expect(request.signal.aborted).toBe(false);
      deadline = request.deadline;
      await stopping(request);
    });
    const start = harness.clock.now();
    await harness.process(requests('r-1'), SECONDS_LEFT);
    expect(deadline?.getTime()).toBe(start + 100);
  });

  test('a handler that stops in time has its result, and one that throws is retried', async () => {
    const harness = new EngineHarness(async (request) => {
      await stopping(request);
      if (request.id === 'gives-up') throw new Error('stopped');
      return 'in time';
    });
    expect(await harness.process(requests('gives-up', 'hurries'), SECONDS_LEFT)).toEqual([
      'message-gives-up',
    ]);
    expect(harness.event).toMatchObject({ subject: 'hurries', data: 'in time' });
  });

  test('a handler that ignores the signal is abandoned and retried, and finished requests are acknowledged', async () => {
    const harness = new EngineHarness((request) => (request.id === 'deaf' ? never() : request.id));
    const again = await harness.process(requests('r-1', 'deaf', 'r-2'), SECONDS_LEFT);
    expect(again).toEqual(['message-deaf']);
    // Its handler may still be running, so no other attempt may start before the invocation is dead.
    expect(harness.delays).toEqual({ 'message-deaf': 2 });
    expect(harness.records.record('deaf')?.status).toBe('running');
    expect(harness.statuses).toEqual({ 'r-1': 'succeeded', 'r-2': 'succeeded' });
    expect(harness.logger.lines).toContainEqual(
      expect.objectContaining({
        message: 'Attempt failed and will be retried',
        fields: expect.objectContaining({ error: expect.objectContaining({ code: 'attempt_timed_out' }) }),
      }),
    );
  });

  test('a late result is neither published nor stored', async () => {
    const late = Promise.withResolvers<string>();
    const harness = new EngineHarness(() => late.promise, { inlineLimitBytes: 10 });
    await harness.process(requests('r-1'), SECONDS_LEFT);
    late.resolve('x'.repeat(100));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(harness.output.calls).toEqual([]);
    expect(harness.store.keys()).toEqual([]);
  });

  test('unstarted messages go back at once and unchanged', async () => {
    const run: string[] = [];
    const harness = new EngineHarness(
      async (request) => {
        run.push(request.id);
        await stopping(request);
        return 'in time';
      },
      { concurrency: 2 },
    );
    harness.store.put('requests/a', 'x');
    const again = await harness.process(requests('r-1', 'r-2', 'r-3', 'r-4'), SECONDS_LEFT);
    expect(run).toEqual(['r-1', 'r-2']);
    expect(again).toEqual(['message-r-3', 'message-r-4']);
    expect(harness.delays).toEqual({ 'message-r-3': 0, 'message-r-4': 0 });
    expect(harness.statuses).toEqual({ 'r-1': 'succeeded', 'r-2': 'succeeded' });
    const failures = harness.logger.lines.filter(({ message }) => message.startsWith('Attempt failed'));
    expect(failures).toEqual([]);
  });

  test('a batch that begins too late goes back as a whole', async () => {
    const harness = new EngineHarness(() => {
      throw new Error('not to be run');
    });
    const again = await harness.process(requests('r-1', 'r-2'), 0.1);
    expect(again).toEqual(['message-r-1', 'message-r-2']);
    expect(harness.delays).toEqual({ 'message-r-1': 0, 'message-r-2': 0 });
  });

  test('a payload that does not arrive is abandoned', async () => {
    const harness = new EngineHarness((request) => request.text());
    harness.store.faults.inject('open', 'never answers');
    const event = { specversion: '1.0', id: 'r-1', source: '/s', type: 't', dataref: 's3://payloads/a' };
    expect(
      await harness.process([{ ...requestDelivery('r-1'), body: JSON.stringify(event) }], SECONDS_LEFT),
    ).toEqual(['message-r-1']);
  });

  test('a result that does not end is abandoned, and nothing of it is kept', async () => {
    async function* endless() {
      while (true) {
        yield Buffer.alloc(1_000);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    const harness = new EngineHarness(() => endless(), { inlineLimitBytes: 100 });
    expect(await harness.process(requests('r-1'), SECONDS_LEFT)).toEqual(['message-r-1']);
    expect(harness.store.keys()).toEqual([]);
  });
});
