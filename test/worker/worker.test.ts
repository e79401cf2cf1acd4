import { expect, test } from 'vitest';
import { DownstreamUnavailable } from '../../lib/core/base/errors.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { LanedQueue } from '../../lib/worker/laned-queue.ts';
import { Worker, type WorkerOptions } from '../../lib/worker/worker.ts';
import { eventually } from '../support/eventually.ts';
import { outcomeEvent, statusOf } from '../support/outcome-event.ts';
import { engineSettings } from '../support/settings.ts';
import { WaitingQueue } from '../support/waiting-queue.ts';

interface Given extends Partial<WorkerOptions> {
  /** How long the queue hides a message. */
  readonly visibilitySeconds?: number;
  /** What the worker takes for that, and so how often it extends. @default visibilitySeconds */
  readonly assumedSeconds?: number;
  readonly retryBaseSeconds?: number;
  readonly pauseSeconds?: number;
  /** What the worker receives from instead of the queue itself. */
  readonly within?: (queue: InputQueue) => InputQueue;
}

/** A worker with every port in memory, which runs until it is stopped. */
function start(
  handler: Handler,
  {
    visibilitySeconds = 30,
    assumedSeconds = visibilitySeconds,
    within = (queue) => queue,
    ...given
  }: Given = {},
) {
  const logger = new CollectingLogger();
  const options = {
    concurrency: 2,
    prefetch: 2,
    graceSeconds: 10,
    clock: Date,
    random: () => 0.5,
    logger,
    ...given,
  };
  const input = new MemoryInputQueue({ now: Date.now, visibilityTimeoutSeconds: visibilitySeconds });
  const output = new MemoryOutputQueue();
  const records = new MemoryRecordStore();
  const store = new MemoryPayloadStore();
  const settings = engineSettings({
    concurrency: options.concurrency,
    retryBaseSeconds: given.retryBaseSeconds ?? 1,
    pauseSeconds: given.pauseSeconds ?? 1,
  });
  const ports = { store, records, output, logger, clock: Date, random: () => 0.5 };
  const queue = new WaitingQueue(input, assumedSeconds);
  const worker = new Worker(new Engine(defineProcessor(handler), settings, ports), within(queue), options);
  const stopping = new AbortController();
  const ended = worker.run(stopping.signal);
  return {
    worker,
    queue,
    input,
    output,
    logger,
    submit: (id: string, tenant?: string) =>
      input.send('{}', { RequestId: id, ...(tenant !== undefined && { Tenant: tenant }) }, `m-${id}`),
    stop: () => {
      stopping.abort();
      return ended;
    },
    statuses: () =>
      Object.fromEntries(
        output.messages.map((message) => [outcomeEvent(message).subject, statusOf(outcomeEvent(message))]),
      ),
    logged: (message: string) => logger.lines.filter((line) => line.message === message),
  };
}

test('requests are handled, and each message is acknowledged after its outcome is published', async () => {
  const service = start(() => 'done');
  for (let index = 0; index < 20; index++) service.submit(`r-${index}`);
  await eventually(() => expect(service.input.size).toBe(0));
  expect(Object.keys(service.statuses())).toHaveLength(20);
  await service.stop();
  expect(service.worker.state).toBe('stopped');
  expect(service.queue.isDisposed).toBe(true);
});

test('no more is handled at a time than allowed, and no more is held than that and the prefetch', async () => {
  const ends: (() => void)[] = [];
  const service = start(() => new Promise<void>((resolve) => void ends.push(resolve)), {
    concurrency: 2,
    prefetch: 3,
  });
  for (let index = 0; index < 10; index++) service.submit(`r-${index}`);
  await eventually(() => expect([ends.length, service.worker.held]).toEqual([2, 5]));
  // Five messages are still visible to others.
  expect(service.input.receive(10)).toHaveLength(5);
  for (let index = 0; index < 5; index++) {
    await eventually(() => expect(ends.length).toBeGreaterThan(index));
    ends[index]?.();
  }
  await eventually(() => expect(Object.keys(service.statuses())).toHaveLength(5));
  await service.stop();
});

test('tenants take turns among the messages that wait for a slot', async () => {
  const begun: string[] = [];
  const opened = Promise.withResolvers<void>();
  const service = start(
    async ({ tenant = '' }) => {
      begun.push(tenant);
      await opened.promise;
    },
    { concurrency: 1, prefetch: 9 },
  );
  for (let index = 0; index < 6; index++) service.submit(`noisy-${index}`, 'noisy');
  for (const tenant of ['a', 'b']) for (const index of [0, 1]) service.submit(`${tenant}-${index}`, tenant);
  await eventually(() => expect([begun.length, service.worker.held]).toEqual([1, 10]));
  opened.resolve();
  await eventually(() => expect(begun).toHaveLength(10));
  expect(begun.join(' ')).toBe('noisy noisy a b noisy a b noisy noisy noisy');
  await service.stop();
});

test('a worker that stops returns at once what it hasn’t started, and finishes what runs', async () => {
  const end = Promise.withResolvers<string>();
  const started: string[] = [];
  const service = start(
    ({ id }) => {
      started.push(id);
      return end.promise;
    },
    { concurrency: 1, prefetch: 4 },
  );
  for (let index = 0; index < 5; index++) service.submit(`r-${index}`);
  await eventually(() => expect(service.worker.held).toBe(5));
  const stopped = service.stop();
  expect(service.worker.state).toBe('draining');
  await eventually(() => expect(service.worker.held).toBe(1));
  expect(service.input.receive(10)).toHaveLength(4);
  end.resolve('done');
  await stopped;
  expect(started).toEqual(['r-0']);
  expect(service.statuses()).toEqual({ 'r-0': 'succeeded' });
  expect(service.input.size).toBe(4);
});

test('a handler that is still running when the grace time ends is asked to stop, and its message comes back', async () => {
  const service = start(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { graceSeconds: 1 },
  );
  service.submit('r-0');
  await eventually(() => expect(service.worker.held).toBe(1));
  await service.stop();
  expect(service.statuses()).toEqual({});
  expect(service.input.size).toBe(1);
});

test('the time a job may take has no limit, and its handler learns of none', async () => {
  let deadline: unknown = 'unset';
  const service = start((request) => {
    deadline = request.deadline;
  });
  service.submit('r-0');
  await eventually(() => expect(service.statuses()).toEqual({ 'r-0': 'succeeded' }));
  expect(deadline).toBeUndefined();
  await service.stop();
});

/** Has each extension of a message go through a function. @param extend receives the message's id, and what extends it */
function onExtension(
  input: MemoryInputQueue,
  extend: (id: string, extended: () => Promise<void>) => Promise<void>,
): void {
  const settleable = input.settleable.bind(input);
  input.settleable = (message) => {
    const received = settleable(message);
    return { ...received, extend: (seconds) => extend(message.id, () => received.extend(seconds)) };
  };
}

test('messages are kept hidden while they are handled and while they wait for a slot', async () => {
  const ends: (() => void)[] = [];
  const service = start(() => new Promise<void>((resolve) => void ends.push(resolve)), {
    concurrency: 1,
    prefetch: 1,
    assumedSeconds: 0.2,
  });
  const extensions = new Map([
    ['m-r-0', 0],
    ['m-r-1', 0],
  ]);
  // The queue goes on to hide them, so that a busy machine doesn't deliver them again.
  onExtension(service.input, async (id) => void extensions.set(id, (extensions.get(id) ?? 0) + 1));
  service.submit('r-0');
  service.submit('r-1');
  await eventually(() => expect(Math.min(...extensions.values())).toBeGreaterThan(2));
  expect([ends.length, service.worker.held]).toEqual([1, 2]);
  for (const count of [1, 2]) {
    await eventually(() => expect(ends).toHaveLength(count));
    ends.at(-1)?.();
  }
  await eventually(() => expect(Object.keys(service.statuses())).toHaveLength(2));
  await service.stop();
});

test('an extension on its way doesn’t overwrite the wait before the next attempt', async () => {
  const service = start(
    async () => {
      await extending.promise;
      throw new Error('no');
    },
    // The queue hides the message for longer than the extension is on its way: it isn't delivered again meanwhile.
    { assumedSeconds: 0.2, retryBaseSeconds: 100 },
  );
  const extending = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  onExtension(service.input, async (_, extended) => {
    extending.resolve();
    await going.promise;
    return extended();
  });
  service.submit('r-0');
  await eventually(() => expect(service.logged('Attempt failed and will be retried')).toHaveLength(1));
  expect(service.input.deferrals).toEqual([]);
  going.resolve();
  await eventually(() => expect(service.input.deferrals).toHaveLength(1));
  expect(service.input.nextVisibleAt).toBeGreaterThan(Date.now() + 10_000);
  await service.stop();
});

test('while the queue is unreachable the worker isn’t ready and tries again; then it goes on', async () => {
  const service = start(() => 'done');
  service.queue.isReachable = false;
  await eventually(() => expect(service.worker.state).toBe('unreachable'));
  expect(service.logged('The input queue is unreachable')[0]).toMatchObject({
    level: 'warn',
    fields: { failures: 1, error: { message: 'no connection' } },
  });
  service.queue.isReachable = true;
  service.submit('r-0');
  await eventually(() => expect(service.statuses()).toEqual({ 'r-0': 'succeeded' }));
  expect(service.worker.state).toBe('ready');
  expect(service.logged('The input queue is reachable again')).toHaveLength(1);
  await service.stop();
});

test('a queue that stays unreachable isn’t called reachable while the worker waits to try again', async () => {
  const service = start(() => 'done');
  service.queue.isReachable = false;
  const failures = () => service.logged('The input queue is unreachable');
  await eventually(() => expect(failures()).toHaveLength(4));
  expect(service.logged('The input queue is reachable again')).toEqual([]);
  await service.stop();
});

test('while one lane is unreachable the worker stays ready, and takes what comes in the others at once', async () => {
  const clock = { now: Date.now, visibilityTimeoutSeconds: 30 };
  const low = new WaitingQueue(new MemoryInputQueue(clock), 30);
  low.isReachable = false;
  const service = start(() => 'done', {
    random: () => 1,
    within: (normal) => new LanedQueue({ normal, low }, () => 1),
  });
  const failures = () => service.logged('A lane of the input queue is unreachable');
  // Now the lane waits for two seconds.
  await eventually(() => expect(failures()).toHaveLength(3));
  expect(service.worker.state).toBe('ready');
  service.submit('r-0');
  await eventually(() => expect(service.statuses()).toEqual({ 'r-0': 'succeeded' }));
  expect(failures()).toHaveLength(3);
  expect(failures()[0]).toMatchObject({ fields: { lane: 'low', failures: 1, retryInMilliseconds: 500 } });
  await service.stop();
});

test('an idle queue that is reachable again makes the worker ready, without a message', async () => {
  const service = start(() => 'done');
  service.queue.isReachable = false;
  await eventually(() => expect(service.worker.state).toBe('unreachable'));
  service.queue.isReachable = true;
  await eventually(() => expect(service.worker.state).toBe('ready'));
  await service.stop();
});

test('nothing is received while what every request needs is down', async () => {
  let isDown = true;
  const service = start(
    () => {
      if (isDown) throw new DownstreamUnavailable('no database');
    },
    { concurrency: 5, prefetch: 0, pauseSeconds: 1 },
  );
  for (let index = 0; index < 5; index++) service.submit(`r-${index}`);
  await eventually(() => expect(service.input.deferrals).toHaveLength(5));
  isDown = false;
  service.submit('r-9');
  const receives = service.queue.receives.length;
  expect(service.statuses()).toEqual({});
  await eventually(() => expect(Object.keys(service.statuses())).toHaveLength(6));
  expect(service.queue.receives.length).toBeGreaterThan(receives);
  await service.stop();
});

test('a message that the queue doesn’t settle is logged, and comes back', async () => {
  const service = start(() => 'done', { visibilitySeconds: 0.3 });
  service.input.faults.inject('acknowledge', 'fails before');
  service.submit('r-0');
  await eventually(() =>
    expect(service.logged('A message could not be settled: it will be delivered again')).toMatchObject([
      { fields: { messageIds: ['m-r-0'], action: 'ack' } },
    ]),
  );
  await eventually(() => expect(service.input.size).toBe(0));
  // The second delivery publishes the outcome again: consumers know it by its id.
  expect(new Set(service.output.messages.map((message) => outcomeEvent(message).id)).size).toBe(1);
  await service.stop();
});
