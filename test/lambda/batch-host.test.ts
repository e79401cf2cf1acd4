import { describe, expect, test } from 'vitest';
import { Engine } from '../../lib/core/engine/engine.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { seededRandom } from '../../lib/planner/random.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import type { QueueSettings } from '../../lib/testing/settings.ts';
import { outcomeEvent, statusOf } from '../support/outcome-event.ts';
import { drain } from '../support/queue-driver.ts';
import { engineSettings } from '../support/settings.ts';
import { START, TestClock } from '../support/test-clock.ts';

const TIMEOUT_SECONDS = 60;

/** A service behind a FIFO queue, in virtual time. */
class OrderedService {
  readonly clock = new TestClock();
  readonly records = new MemoryRecordStore();
  readonly output = new MemoryOutputQueue();
  readonly deadLetters = new MemoryOutputQueue();
  readonly logger = new CollectingLogger();
  readonly settings: QueueSettings;
  readonly queue: MemoryInputQueue;
  readonly ports;

  constructor(settings: Partial<QueueSettings> = {}) {
    this.settings = engineSettings(settings);
    const { clock, records, output, deadLetters, logger } = this;
    const { visibilityTimeoutSeconds } = this.settings;
    this.queue = new MemoryInputQueue({
      now: clock.now,
      visibilityTimeoutSeconds,
      ordered: true,
      deadLetters,
    });
    this.ports = { records, output, logger, store: new MemoryPayloadStore() };
  }

  /** Sends requests, named by their group and a number. */
  send(...ids: readonly string[]): void {
    for (const id of ids) this.queue.send('{}', { RequestId: id }, id, id.slice(0, 1));
  }

  host(handler: Handler): BatchHost {
    const { clock, logger, settings, ports } = this;
    const engine = new Engine(defineProcessor(handler), settings, { ...ports, clock, random: () => 0.5 });
    const { visibilityTimeoutSeconds } = settings;
    return new BatchHost(engine, { visibilityTimeoutSeconds, now: clock.now, logger });
  }

  /** Runs a batch. @returns the ids that are delivered again */
  async batch(handler: Handler): Promise<string[]> {
    const messages = this.queue.receive(10);
    const { batchItemFailures } = await this.host(handler).handle(
      messages,
      this.clock.now() + TIMEOUT_SECONDS * 1000,
    );
    const again = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    this.queue.delete(messages.map(({ id }) => id).filter((id) => !again.includes(id)));
    return again;
  }

  /** Published outcomes in their order, each once. */
  get outcomes(): string[] {
    const all = this.output.messages.map(outcomeEvent);
    return [...new Set(all.map((event) => `${event.subject} ${statusOf(event)}`))];
  }

  attemptsOf(id: string): number | undefined {
    return this.records.all().find(({ record }) => record.request.id === id)?.record.attempts;
  }
}

describe('a batch of an ordered queue', () => {
  test('runs groups at the same time, and the messages of a group one after another', async () => {
    const service = new OrderedService();
    service.send('a1', 'b1', 'a2', 'b2');
    const running = new Set<string>();
    const seen: string[][] = [];
    await service.batch(async ({ id }) => {
      running.add(id);
      seen.push([...running].toSorted());
      await new Promise(setImmediate);
      running.delete(id);
    });
    expect(seen).toContainEqual(['a1', 'b1']);
    expect(seen.flat().filter((id) => id === 'a2')).not.toEqual([]);
    for (const together of seen) {
      expect(together).not.toEqual(expect.arrayContaining(['a1', 'a2']));
      expect(together).not.toEqual(expect.arrayContaining(['b1', 'b2']));
    }
    expect(service.outcomes.filter((outcome) => outcome.startsWith('a'))).toEqual([
      'a1 succeeded',
      'a2 succeeded',
    ]);
  });

  test('returns the message that failed and all of its group behind it, which stay untouched', async () => {
    const service = new OrderedService();
    service.send('a1', 'b1', 'a2', 'b2', 'a3', 'a4');
    const again = await service.batch(({ id }) => {
      if (id === 'a2') throw new Error('not now');
    });
    expect(again.toSorted()).toEqual(['a2', 'a3', 'a4']);
    const waits = service.queue.deferrals.map(({ message, delaySeconds }) => [message.id, delaySeconds]);
    expect(Object.fromEntries(waits)).toEqual({ a2: 1, a3: 0, a4: 0 });
    expect(service.attemptsOf('a3')).toBeUndefined();
    // The queue holds them back until the one that failed is delivered again.
    expect(service.queue.receive(10)).toEqual([]);
    service.clock.advanceSeconds(1);
    expect(await service.batch(() => {})).toEqual([]);
    expect(service.outcomes.filter((outcome) => outcome.startsWith('a'))).toEqual([
      'a1 succeeded',
      'a2 succeeded',
      'a3 succeeded',
      'a4 succeeded',
    ]);
    expect(service.attemptsOf('a3')).toBe(1);
  });

  test('acknowledges each message of a group that may have crashed a process before the next one runs', async () => {
    const service = new OrderedService();
    service.send('a1', 'a2', 'a3');
    service.queue.receive(10);
    service.clock.advanceSeconds(service.settings.visibilityTimeoutSeconds);
    const left: number[] = [];
    await service.batch(() => void left.push(service.queue.size));
    expect(left).toEqual([3, 2, 1]);
  });
});

test('outcomes and their parts are published in the group of the request, each under a name of its own', async () => {
  const service = new OrderedService({ outputFormat: 'cloudevents-stream' });
  service.send('a1', 'b1');
  service.queue.send('{}', { RequestId: 'alone' }, 'alone');
  await service.batch(() => new Blob(['text']).stream());
  const published = Object.groupBy(service.output.messages, ({ group = 'none' }) => group);
  expect(published.none?.map(({ deduplicationId }) => deduplicationId)).toEqual([undefined, undefined]);
  const names = [published.a, published.b].map((messages) =>
    messages?.map(({ deduplicationId }) => deduplicationId),
  );
  expect(names).toEqual(Array(2).fill(Array(2).fill(expect.stringMatching(/^[0-9a-f]{32}$/))));
  expect(new Set(names.flat()).size).toBe(4);
});

describe('a request that has used up its attempts', () => {
  const failing: Handler = ({ id }) => {
    if (id === 'a1') throw new Error('never');
  };

  async function batches(service: OrderedService, count: number): Promise<void> {
    for (let nth = 0; nth < count; nth++) {
      await service.batch(failing);
      service.clock.advanceSeconds(service.settings.retryCapSeconds);
    }
  }

  test('is dead-lettered, and its group goes on', async () => {
    const service = new OrderedService({ maxAttempts: 2 });
    service.send('a1', 'a2');
    await batches(service, 2);
    expect(service.outcomes).toEqual(['a1 failed', 'a2 succeeded']);
    expect(service.deadLetters.messages).toMatchObject([
      { group: 'a', deduplicationId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ]);
    expect(service.queue.size).toBe(0);
  });

  describe('where it blocks its group', () => {
    const blocking = { maxAttempts: 2, onExhausted: 'block' } as const;

    test('is retried after the longest delay, until it succeeds', async () => {
      const service = new OrderedService(blocking);
      service.send('a1', 'a2', 'b1');
      await batches(service, 10);
      expect(service.outcomes).toEqual(['b1 succeeded']);
      expect(service.attemptsOf('a1')).toBe(10);
      expect(service.attemptsOf('a2')).toBeUndefined();
      const waits = service.queue.deferrals.filter(({ message }) => message.id === 'a1');
      expect(waits.map(({ delaySeconds }) => delaySeconds)).toEqual([1, ...Array(9).fill(900)]);
      await service.batch(() => {});
      expect(service.outcomes).toEqual(['b1 succeeded', 'a1 succeeded', 'a2 succeeded']);
      expect(service.deadLetters.messages).toEqual([]);
    });

    test('is dead-lettered before the queue deletes it', async () => {
      const service = new OrderedService({ ...blocking, inputRetentionSeconds: 7_200 });
      service.send('a1', 'a2');
      await batches(service, 8);
      expect(service.outcomes).toEqual(['a1 failed', 'a2 succeeded']);
      expect(service.deadLetters.messages).toHaveLength(1);
      expect(service.clock.now() - START).toBeLessThanOrEqual(7_200_000);
    });

    test('ends when it expires', async () => {
      const service = new OrderedService(blocking);
      const ExpiresAt = new Date(START + 3_000_000).toISOString();
      service.queue.send('{}', { RequestId: 'a1', ExpiresAt }, 'a1', 'a');
      service.send('a2');
      await batches(service, 5);
      expect(service.outcomes).toEqual(['a1 expired', 'a2 succeeded']);
    });

    test('goes on after its process was killed', async () => {
      const service = new OrderedService({ ...blocking, maxAttempts: 1 });
      service.send('a1', 'a2');
      let runs = 0;
      const crashes = await drain({
        ...service.ports,
        ...service,
        random: () => 0.5,
        batchSize: 10,
        timeoutSeconds: TIMEOUT_SECONDS,
        handler: ({ id }, crash) => {
          if (id === 'a1' && ++runs < 4) crash();
        },
      });
      expect(crashes).toBe(3);
      expect(service.outcomes).toEqual(['a1 succeeded', 'a2 succeeded']);
    });
  });
});

describe('2,000 requests of 50 keys', () => {
  const KEYS = 50;
  const REQUESTS = 2_000;

  test.each([1, 2])('run in order per key, whatever fails, dies or comes again (seed %i)', async (seed) => {
    const service = new OrderedService({ maxAttempts: 4, retryBaseSeconds: 2 });
    const { queue, output, clock, settings, ports } = service;
    const random = seededRandom(seed);
    const chance = (share: number) => random() < share;
    const sent = new Map<string, string[]>();
    for (let nth = 0; nth < REQUESTS; nth++) {
      const key = `key-${Math.floor(random() * KEYS)}`;
      const id = `${key} ${nth}`;
      queue.send('{}', { RequestId: id }, id, key);
      sent.set(key, [...(sent.get(key) ?? []), id]);
    }
    const started = new Map<string, string[]>();
    const running = new Set<string>();
    output.lingerMilliseconds = 0;
    output.refuse = () => {
      if (chance(0.02)) throw new Error('InternalError');
      return undefined;
    };
    const crashes = await drain({
      queue,
      clock,
      random,
      settings,
      ports,
      batchSize: 10,
      batchesAtOnce: 4,
      timeoutSeconds: TIMEOUT_SECONDS,
      handler: async ({ id }, crash) => {
        const [key = ''] = id.split(' ');
        expect(running).not.toContain(key);
        running.add(key);
        started.set(key, [...(started.get(key) ?? []), id]);
        if (chance(0.5)) await new Promise(setImmediate);
        running.delete(key);
        if (chance(0.02)) crash();
        if (chance(0.2)) throw new Error('not now');
      },
    });
    expect(crashes).toBeGreaterThan(10);
    expect(service.deadLetters.messages).not.toEqual([]);
    const ended = Map.groupBy(
      new Set(output.messages.map((message) => outcomeEvent(message).subject)),
      (id) => id.split(' ', 1)[0] ?? '',
    );
    expect(sent.size).toBe(KEYS);
    for (const [key, ids] of sent) {
      expect(ended.get(key)).toEqual(ids);
      // None starts again after a later one has started.
      const runs = started.get(key) ?? [];
      expect(runs).toEqual(runs.toSorted((a, b) => ids.indexOf(a) - ids.indexOf(b)));
    }
  });
});
