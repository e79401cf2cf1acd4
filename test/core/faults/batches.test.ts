import { describe, expect, test } from 'vitest';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

describe('fault 40', () => {
  test('the same message twice in a batch is one message, by its later receipt', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => {
      runs++;
      throw new Error('not now');
    });
    const twice = ['early', 'late'].map((receipt) => requestDelivery('r-1', {}, { receipt }));
    expect(await harness.process(twice)).toEqual(['message-r-1']);
    expect(runs).toBe(1);
    expect(harness.input.deferrals.map(({ message }) => message.receipt)).toEqual(['late']);
  });

  test('an empty batch is done', async () => {
    const harness = new EngineHarness(() => 5);
    expect(await harness.process([])).toEqual([]);
    expect(harness.output.calls).toEqual([]);
  });

  test('a batch of 10,000 is done in 1,000 calls, no more at once than allowed', async () => {
    let running = 0;
    let most = 0;
    const harness = new EngineHarness(
      async (request) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (request.id.endsWith('777')) throw new Error('not now');
        return request.id;
      },
      { concurrency: 100 },
    );
    const batch = Array.from({ length: 10_000 }, (_, index) => requestDelivery(`r-${index}`));
    const again = await harness.process(batch);
    expect(again.toSorted()).toEqual(
      Array.from({ length: 10 }, (_, thousand) => `message-r-${thousand || ''}777`).toSorted(),
    );
    expect(most).toBe(100);
    expect(harness.output.calls).toHaveLength(999);
    expect(new Set(harness.events.map(({ subject }) => subject)).size).toBe(9_990);
  });

  test('a batch of 10,000 may be handled all at once', async () => {
    const harness = new EngineHarness((request) => request.id, { concurrency: 10_000 });
    const batch = Array.from({ length: 10_000 }, (_, index) => requestDelivery(`r-${index}`));
    expect(await harness.process(batch)).toEqual([]);
    expect(harness.output.calls).toHaveLength(1_000);
  });
});
