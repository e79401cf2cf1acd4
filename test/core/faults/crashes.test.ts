import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import { NUMBER_SETTINGS } from '../../../lib/core/config/settings.ts';
import type { ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { MemoryInputQueue } from '../../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { deadLetterIds } from '../../support/dead-letters.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { outcomeEvent } from '../../support/outcome-event.ts';
import { drain } from '../../support/queue-driver.ts';
import { engineSettings } from '../../support/settings.ts';
import { TestClock } from '../../support/test-clock.ts';

/** A service whose requests' payload says what they do to their process. */
function service() {
  const clock = new TestClock();
  const settings = engineSettings();
  const { visibilityTimeoutSeconds } = settings;
  const maxReceiveCount = maxReceivesOf(settings.maxAttempts);
  const deadLetters = new MemoryOutputQueue();
  const queue = new MemoryInputQueue({
    now: clock.now,
    visibilityTimeoutSeconds,
    maxReceiveCount,
    deadLetters,
  });
  const output = new MemoryOutputQueue();
  const drive = {
    queue,
    clock,
    random: () => 0.5,
    settings,
    ports: {
      store: new MemoryPayloadStore(),
      records: new MemoryRecordStore(),
      output,
      logger: new CollectingLogger(),
    },
    batchSize: NUMBER_SETTINGS.batchSize.default,
    timeoutSeconds: NUMBER_SETTINGS.timeoutSeconds.default,
  };
  const outcomes = () => output.messages.map((message) => outcomeEvent(message).subject);
  return { clock, queue, drive, outcomes, dead: () => deadLetterIds(deadLetters) };
}

async function poisonOrSound(request: ProcessorRequest, crash: () => never): Promise<string> {
  return (await request.json()) === 'poison' ? crash() : request.id;
}

describe('fault 14: a message that kills its process', () => {
  test('goes to the dead-letter queue alone, wherever it stands and whatever the ids', async () => {
    const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(ids, fc.nat({ max: 9 }), async (ids, at) => {
        const { queue, drive, outcomes, dead } = service();
        const poison = ids[at % ids.length] ?? '';
        for (const id of ids) queue.send(JSON.stringify(id === poison ? 'poison' : 'sound'), {}, id);
        await drain({ ...drive, handler: poisonOrSound });
        expect(dead()).toEqual([poison]);
        expect(new Set(outcomes())).toEqual(new Set(ids));
      }),
      { numRuns: 60 },
    );
  });

  test.each(Array.from({ length: 10 }, (_, position) => position))(
    'in a batch of ten, at position %i, kills as many processes as it has attempts',
    async (position) => {
      const { queue, drive, outcomes, dead } = service();
      for (let index = 0; index < 10; index++)
        queue.send(index === position ? '"poison"' : '"sound"', {}, `m-${index}`);
      const crashes = await drain({ ...drive, handler: poisonOrSound });
      expect(crashes).toBe(NUMBER_SETTINGS.maxAttempts.default);
      expect(dead()).toEqual([`m-${position}`]);
      expect(outcomes()).toHaveLength(10);
    },
  );

  test('takes none of those with it that come after it', async () => {
    const { queue, drive, outcomes, clock, dead } = service();
    queue.send('"poison"', {}, 'm-poison');
    let sent = 0;
    const handler = async (request: ProcessorRequest, crash: () => never) => {
      if (sent < 50) for (let more = 0; more < 5; more++) queue.send('"sound"', {}, `late-${++sent}`);
      clock.advanceSeconds(1);
      return poisonOrSound(request, crash);
    };
    await drain({ ...drive, handler });
    expect(dead()).toEqual(['m-poison']);
    expect(new Set(outcomes()).size).toBe(51);
  });

  test('beside up to two more of its kind: only they go there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat({ max: 9 }), { minLength: 1, maxLength: 3 }),
        async (positions) => {
          const { queue, drive, dead } = service();
          for (let index = 0; index < 10; index++) {
            queue.send(positions.includes(index) ? '"poison"' : '"sound"', {}, `m-${index}`);
          }
          await drain({ ...drive, handler: poisonOrSound });
          expect(dead().toSorted()).toEqual(positions.map((index) => `m-${index}`).toSorted());
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a process that dies once is no message’s end', async () => {
    const { queue, drive, outcomes, dead } = service();
    for (let index = 0; index < 10; index++) queue.send('"sound"', {}, `m-${index}`);
    let died = false;
    const handler = (request: ProcessorRequest, crash: () => never) => {
      if (request.id !== 'm-5' || died) return request.id;
      died = true;
      return crash();
    };
    expect(await drain({ ...drive, handler })).toBe(1);
    expect(dead()).toEqual([]);
    expect(outcomes().toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `m-${index}`));
  });
});

describe('fault 17: the result was written, then the process died', () => {
  test('the next attempt adopts what is under its key, whatever it would have written', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => `${++runs}`.repeat(200), { inlineLimitBytes: 100 });
    harness.store.faults.inject('save', 'fails after');
    expect(await harness.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
    const [key = ''] = harness.store.keys('results/');
    const written = harness.store.object(key);

    expect(await harness.process([requestDelivery('r-1', {}, { deliveryCount: 2 })])).toEqual([]);
    expect(runs).toBe(2);
    expect(harness.store.keys('results/')).toEqual([key]);
    expect(harness.store.object(key)).toEqual(written);
    expect(harness.event.dataref).toBe(`s3://payloads/${key}?versionId=${written?.versionId}`);
  });

  test('so it is when the process died between the result and its publication', async () => {
    const { queue, drive, outcomes } = service();
    const { store } = drive.ports;
    queue.send('{}', { RequestId: 'r-1' });
    let kill: (() => never) | undefined;
    const save: typeof store.save = async (...args) => {
      const stored = await MemoryPayloadStore.prototype.save.apply(store, args);
      const dying = kill;
      kill = undefined;
      return dying ? dying() : stored;
    };
    let runs = 0;
    const handler = (_: ProcessorRequest, crash: () => never) => {
      if (++runs === 1) kill = crash;
      return `${runs}`.repeat(300_000);
    };
    const { open, versionOf, recall, copyForConsumer, maxCopyBytes } = store;
    const mortal = {
      save,
      open: open.bind(store),
      versionOf: versionOf.bind(store),
      recall: recall.bind(store),
      copyForConsumer: copyForConsumer.bind(store),
      maxCopyBytes,
    };
    expect(await drain({ ...drive, ports: { ...drive.ports, store: mortal }, handler })).toBe(1);
    expect(outcomes()).toEqual(['r-1']);
    const keys = store.keys('results/');
    expect(keys).toHaveLength(1);
    expect(String(store.object(keys[0] ?? '')?.bytes.subarray(0, 3))).toBe('"11');
  });
});
