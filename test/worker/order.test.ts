import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { Worker } from '../../lib/worker/worker.ts';
import { eventually } from '../support/eventually.ts';
import { outcomeEvent } from '../support/outcome-event.ts';
import { engineSettings } from '../support/settings.ts';
import { WaitingQueue } from '../support/waiting-queue.ts';

/** A queue whose server delivers in order and knows no groups, as most brokers. */
class GrouplessQueue extends WaitingQueue {
  override async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    const messages = await super.receive(max, signal);
    return messages.map((message) => ({ ...message, source: { ...message.source, ordered: true } }));
  }
}

/** A worker on a queue with order, which runs until it is stopped. */
function start(
  kind: 'holds groups' | 'holds none',
  handler: Handler,
  settings: Parameters<typeof engineSettings>[0] = {},
) {
  const logger = new CollectingLogger();
  const deadLetters = new MemoryOutputQueue();
  const input = new MemoryInputQueue({
    now: Date.now,
    visibilityTimeoutSeconds: 30,
    ordered: kind === 'holds groups',
    deadLetters,
  });
  const output = new MemoryOutputQueue();
  const engine = new Engine(
    defineProcessor(handler),
    engineSettings({ concurrency: 4, retryBaseSeconds: 1, ...settings }),
    {
      store: new MemoryPayloadStore(),
      records: new MemoryRecordStore(),
      output,
      logger,
      clock: Date,
      random: () => 0.5,
    },
  );
  const queue = kind === 'holds groups' ? new WaitingQueue(input, 30) : new GrouplessQueue(input, 30);
  const worker = new Worker(engine, queue, {
    concurrency: 4,
    prefetch: 2,
    graceSeconds: 10,
    clock: Date,
    random: () => 0.5,
    logger,
  });
  const stopping = new AbortController();
  const ended = worker.run(stopping.signal);
  return {
    worker,
    input,
    output,
    deadLetters,
    /** Puts requests such as `a1` and `a2` into the queue, whose key is their letter. */
    submit: (...ids: readonly string[]) => {
      for (const id of ids) input.send('{}', { RequestId: id }, id, id.slice(0, 1));
    },
    stop: () => {
      stopping.abort();
      return ended;
    },
    outcomes: () => output.messages.map((message) => outcomeEvent(message).subject),
  };
}

const ofKey = (key: string, ids: readonly (string | undefined)[]) => ids.filter((id) => id?.startsWith(key));

describe.each(['holds groups', 'holds none'] as const)('a worker on a queue that %s', (kind) => {
  test('runs one after another what has one key, also across receives, and other keys meanwhile', async () => {
    const running = new Set<string>();
    const started: string[] = [];
    const service = start(kind, async ({ id }) => {
      started.push(id);
      expect(ofKey(id.slice(0, 1), [...running])).toEqual([]);
      running.add(id);
      await sleep(Math.random() * 5);
      running.delete(id);
    });
    const ids = Array.from({ length: 60 }, (_, nth) => `${'abc'[nth % 3]}${nth}`);
    for (const id of ids) {
      service.submit(id);
      await sleep(Math.random());
    }
    await eventually(() => expect(service.outcomes()).toHaveLength(60));
    for (const key of 'abc') {
      expect(ofKey(key, started)).toEqual(ofKey(key, ids));
      expect(ofKey(key, service.outcomes())).toEqual(ofKey(key, ids));
    }
    await service.stop();
  });

  test('holds what is behind a request that must be retried, without an attempt, and no other key', async () => {
    const attempts: string[] = [];
    const service = start(kind, ({ id, attempt }) => {
      attempts.push(`${id}:${attempt}`);
      if (id === 'a1' && attempt === 1) throw new Error('not now');
    });
    // More of one key than the worker has places.
    const behind = Array.from({ length: 20 }, (_, nth) => `a${nth + 2}`);
    service.submit('a1', ...behind, 'b1');
    await eventually(() => expect(service.outcomes()).toEqual(['b1']));
    await eventually(() => expect(service.outcomes()).toHaveLength(22));
    expect(ofKey('a', attempts)).toEqual(['a1:1', 'a1:2', ...behind.map((id) => `${id}:1`)]);
    expect(service.output.messages.at(-1)).toMatchObject({ group: 'a' });
    await service.stop();
  });

  test.each([
    ['skip', ['a1', 'a2']],
    ['block', []],
  ] as const)('goes on behind a request that used up its attempts with %s', async (onExhausted, expected) => {
    const service = start(
      kind,
      ({ id }) => {
        if (id === 'a1') throw new Error('never');
      },
      { maxAttempts: 1, onExhausted },
    );
    service.submit('a1', 'a2', 'b1');
    await eventually(() => expect(service.outcomes()).toContain('b1'));
    await eventually(() => expect(ofKey('a', service.outcomes())).toEqual(expected));
    await service.stop();
    expect(service.input.size).toBe(2 - expected.length);
    expect(service.deadLetters.messages.map(({ group }) => group)).toEqual(
      onExhausted === 'skip' ? ['a'] : [],
    );
  });

  test('hands back what waits when it stops, after what runs has ended', async () => {
    const end = Promise.withResolvers<void>();
    const attempts: string[] = [];
    const service = start(
      kind,
      async ({ id, attempt }) => {
        attempts.push(`${id}:${attempt}`);
        if (id === 'b1') throw new Error('not now');
        await end.promise;
      },
      { retryBaseSeconds: 3_600, retryCapSeconds: 3_600 },
    );
    service.submit('a1', 'a2', 'b1', 'b2', 'a3');
    await eventually(() => expect(attempts.toSorted()).toEqual(['a1:1', 'b1:1']));
    const stopped = service.stop();
    end.resolve();
    await stopped;
    expect(service.outcomes()).toEqual(['a1']);
    expect(attempts).toHaveLength(2);
    // What is handed back without a wait comes at once, and in order.
    const [left] = [service.input.receive(10).map(({ id }) => id)];
    expect(ofKey('a', left)).toEqual(['a2', 'a3']);
    expect(service.input.size).toBe(4);
  });
});
