import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { eachPriority, PRIORITIES, type Priority } from '../../lib/core/model/priority.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { LaneUnreachable } from '../../lib/worker/lane-unreachable.ts';
import { LanedQueue } from '../../lib/worker/laned-queue.ts';
import { eventually } from '../support/eventually.ts';
import { WaitingQueue } from '../support/waiting-queue.ts';

const never = new AbortController().signal;

/** A queue of three lanes in memory. */
function laned() {
  const inputs = eachPriority(() => new MemoryInputQueue({ now: Date.now, visibilityTimeoutSeconds: 30 }));
  const queues = eachPriority((priority) => new WaitingQueue(inputs[priority], 30));
  const queue = new LanedQueue(queues, Math.random);
  onTestFinished(() => queue[Symbol.asyncDispose]());
  const send = (priority: Priority, count = 1) => {
    for (let index = 0; index < count; index++) inputs[priority].send(priority);
  };
  return { queue, queues, inputs, send };
}

function countOf(bodies: readonly string[]): Record<Priority, number> {
  return eachPriority((priority) => bodies.filter((body) => body === priority).length);
}

test('lanes that all have messages share what is received by their weights', async () => {
  const { queue, send } = laned();
  for (const priority of PRIORITIES) send(priority, 500);
  const bodies: string[] = [];
  while (bodies.length < 400) {
    const messages = await queue.receive(10, never);
    expect(messages.length).toBeLessThanOrEqual(10);
    for (const message of messages) {
      expect(message.lane ?? 'normal').toBe(message.body);
      bodies.push(message.body);
      await message.ack();
    }
  }
  const { high, normal, low } = countOf(bodies.slice(0, 400));
  // The first receives find out which lanes have messages.
  expect(high).toBeGreaterThan(220);
  expect(normal).toBeGreaterThan(105);
  expect(low).toBeGreaterThan(35);
});

test('one by one, too, and an empty lane gives its share to the others', async () => {
  const { queue, send } = laned();
  send('high', 3);
  send('low', 30);
  const bodies: string[] = [];
  while (bodies.length < 33) {
    for (const message of await queue.receive(1, never)) {
      bodies.push(message.body);
      await message.ack();
    }
  }
  expect(countOf(bodies)).toEqual({ high: 3, normal: 0, low: 30 });
  expect(bodies.slice(0, 8)).toContain('high');
});

test('a message of an empty lane is received while the others have a backlog', async () => {
  const { queue, send } = laned();
  send('low', 200);
  for (let round = 0; round < 5; round++) await queue.receive(10, never);
  send('high');
  await sleep(10);
  const [first] = await queue.receive(10, never);
  expect(first?.body).toBe('high');
});

test('empty lanes are waited for by one receive each, while another delivers', async () => {
  const { queue, queues, send } = laned();
  send('normal', 200);
  for (let received = 0; received < 200; ) received += (await queue.receive(10, never)).length;
  expect(queues.normal.receives.length).toBeGreaterThanOrEqual(20);
  expect([queues.high.receives.length, queues.low.receives.length]).toEqual([1, 1]);
});

test('what a host doesn’t want any more stays in its lane, or goes back', async () => {
  const { queue, inputs, send } = laned();
  send('high');
  send('normal');
  expect(await queue.receive(1, never)).toMatchObject([{ body: 'high' }]);
  await eventually(() => expect(inputs.normal.deferrals).toMatchObject([{ delaySeconds: 0 }]));
  send('low');
  await sleep(10);
  expect(inputs.low.receive(1)).toHaveLength(1);
});

test('an urgent message comes while the host wants no others, and a backlog of them does not', async () => {
  const { queue, inputs, send } = laned();
  send('low', 50);
  await queue.receive(10, never);
  const urgent = queue.receiveUrgent(never);
  send('normal');
  send('high');
  expect(await urgent).toMatchObject([{ body: 'high', lane: 'high' }]);
  const stopping = new AbortController();
  const next = queue.receiveUrgent(stopping.signal);
  send('high', 20);
  expect(await next).toHaveLength(2);
  const none = queue.receiveUrgent(stopping.signal);
  await sleep(20);
  stopping.abort();
  expect(await none).toEqual([]);
  expect(inputs.high.receive(100)).toHaveLength(18);
});

test('a message is settled in its own lane', async () => {
  const { queue, inputs, send } = laned();
  for (const priority of PRIORITIES) send(priority);
  const messages = await eventually(async () => {
    const received = [];
    for (let round = 0; round < 3 && received.length < 3; round++)
      received.push(...(await queue.receive(10, never)));
    return received;
  });
  for (const message of messages) {
    await message.ack();
    expect(message.source).toMatchObject({ countsDeliveries: true });
  }
  expect(PRIORITIES.map((priority) => inputs[priority].size)).toEqual([0, 0, 0]);
});

test('a lane that can’t be reached fails a receive, and the next one goes on', async () => {
  const { queue, queues, send } = laned();
  queues.low.isReachable = false;
  await expect(queue.receive(1, never)).rejects.toThrow('no connection');
  queues.low.isReachable = true;
  send('low');
  expect(await queue.receive(1, never)).toMatchObject([{ body: 'low' }]);
});

test('a lane that refuses at once keeps no messages of others away', async () => {
  const { queue, queues, send } = laned();
  vi.spyOn(queues.high, 'receive').mockRejectedValue(new Error('no connection'));
  const receive = queues.normal.receive.bind(queues.normal);
  vi.spyOn(queues.normal, 'receive').mockImplementation(async (max, signal) => {
    await sleep(5);
    return receive(max, signal);
  });
  send('normal');
  const [message] = await queue.receive(10, never);
  expect(message?.body).toBe('normal');
  await expect(queue.receive(10, never)).rejects.toThrow('no connection');
  const stopping = new AbortController();
  const urgent = queue.receiveUrgent(stopping.signal);
  await sleep(5);
  send('normal');
  expect(await queue.receive(10, never)).toMatchObject([{ body: 'normal' }]);
  stopping.abort();
  await urgent;
});

test('a lane that stays down is asked again later and later, while the others deliver at once', async () => {
  const { queue, queues, send } = laned();
  queues.low.isReachable = false;
  const asked = vi.spyOn(queues.low, 'receive');
  const waits: number[] = [];
  for (let failures = 1; failures <= 3; failures++) {
    const error = await queue.receive(1, never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ lane: 'low', failures, cause: { message: 'no connection' } });
    if (error instanceof LaneUnreachable) waits.push(error.retryInMilliseconds);
    send('high');
    expect(await queue.receive(1, never)).toMatchObject([{ body: 'high' }]);
    expect(asked).toHaveBeenCalledTimes(failures);
  }
  expect(waits).toHaveLength(3);
  for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(250 * 2 ** index);
  queues.low.isReachable = true;
  send('low');
  expect(await queue.receive(1, never)).toMatchObject([{ body: 'low' }]);
});

test('while no lane can be reached, a receive fails as that of one queue does', async () => {
  const { queue, queues } = laned();
  for (const priority of PRIORITIES) queues[priority].isReachable = false;
  const failures: unknown[] = [];
  for (let each = 0; each < 3; each++) await queue.receive(1, never).catch((error) => failures.push(error));
  expect(failures).toEqual(Array.from({ length: 3 }, () => new Error('no connection')));
  for (const failure of failures) expect(failure).not.toBeInstanceOf(LaneUnreachable);
});

test('the end of a wait takes no message', async () => {
  const { queue, inputs, send } = laned();
  const stopping = new AbortController();
  const waiting = queue.receive(5, stopping.signal);
  await sleep(5);
  stopping.abort();
  expect(await waiting).toEqual([]);
  send('high');
  await sleep(20);
  expect(inputs.high.receive(1)).toHaveLength(1);
});

test('disposes of its lanes', async () => {
  const { queue, queues } = laned();
  await queue[Symbol.asyncDispose]();
  expect(PRIORITIES.map((priority) => queues[priority].isDisposed)).toEqual([true, true, true]);
});

test('property: each message is received once, however it is asked for', async () => {
  const priorities = fc.constantFrom(...PRIORITIES);
  const steps = fc.oneof(
    fc.record({ send: priorities, count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ receive: fc.integer({ min: 1, max: 6 }) }),
    fc.constant({ urgent: true }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (script) => {
      const { queue, send } = laned();
      const ids: string[] = [];
      const note = (messages: readonly ReceivedMessage[]) =>
        ids.push(...messages.map(({ id, lane }) => `${lane} ${id}`));
      let sent = 0;
      for (const step of script) {
        const soon = AbortSignal.timeout(3);
        if ('send' in step) {
          send(step.send, step.count);
          sent += step.count;
        } else if ('receive' in step) {
          const messages = await queue.receive(step.receive, soon);
          expect(messages.length).toBeLessThanOrEqual(step.receive);
          note(messages);
        } else note(await queue.receiveUrgent(soon));
      }
      while (ids.length < sent) note(await queue.receive(10, never));
      expect(new Set(ids).size).toBe(sent);
    }),
    { numRuns: 25 },
  );
});
