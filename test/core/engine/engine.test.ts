import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { DownstreamUnavailable, RetryLater } from '../../../lib/core/base/errors.ts';
import { Deadline } from '../../../lib/core/engine/deadline.ts';
import type { DecodeLimits } from '../../../lib/core/model/decoded-request.ts';
import type { QueueMessage } from '../../../lib/core/model/received-message.ts';
import { decode } from '../../../lib/core/wire/decode.ts';
import type { SendFailure } from '../../../lib/stores/memory/output-queue.ts';
import { attributes, bodies } from '../../support/arbitrary.ts';
import { deadLetterIds } from '../../support/dead-letters.ts';
import { deliveries, delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const THROTTLED: SendFailure = { sent: false, refused: false, reason: 'throttled' };
const REFUSED: SendFailure = { sent: false, refused: true, reason: 'refused' };

function requests(count: number) {
  return Array.from({ length: count }, (_, index) => requestDelivery(`r-${index}`));
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a batch', () => {
  test('is handled all at once', async () => {
    const all = Promise.withResolvers<void>();
    let started = 0;
    const harness = new EngineHarness(() => {
      if (++started === 10) all.resolve();
      return all.promise;
    });
    expect(await harness.process(requests(10))).toEqual([]);
  });

  test('is handled no more at once than allowed, and none waits for a slow one', async () => {
    let running = 0;
    let most = 0;
    const rest = Promise.withResolvers<void>();
    let done = 0;
    const harness = new EngineHarness(
      async (request) => {
        most = Math.max(most, ++running);
        if (request.id === 'r-0') await rest.promise;
        await settled();
        if (++done === 19) rest.resolve();
        running--;
      },
      { concurrency: 3 },
    );
    expect(await harness.process(requests(20))).toEqual([]);
    expect(most).toBe(3);
  });

  test('that can’t be begun as a whole begins with what was delivered most often', async () => {
    const run: string[] = [];
    const harness = new EngineHarness(
      ({ id, signal }) => {
        run.push(id);
        return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
      { concurrency: 2 },
    );
    const firstDeliveredAt = harness.clock.now();
    const batch = [1, 4, 2, 3].map((attempt) =>
      requestDelivery(`r-${attempt}`, {}, { deliveryCount: attempt, firstDeliveredAt }),
    );
    expect((await harness.process(batch, 0.6)).toSorted()).toEqual(['message-r-1', 'message-r-2']);
    expect(run).toEqual(['r-4', 'r-3']);
  });

  test('has its outcomes published in one call', async () => {
    const harness = new EngineHarness((request) => request.id);
    await harness.process(requests(10));
    expect(harness.output.calls).toHaveLength(1);
    expect(harness.events.map(({ data }) => data).toSorted()).toEqual(
      requests(10).map((_, index) => `r-${index}`),
    );
  });

  test('has them in as few calls as 1 MiB allows', async () => {
    const harness = new EngineHarness(() => 'x'.repeat(200_000));
    await harness.process(requests(10));
    expect(harness.output.calls.map((call) => call.length)).toEqual([5, 5]);
  });

  test('is logged with what became of it', async () => {
    const harness = new EngineHarness((request) => {
      if (request.id === 'r-1') throw new Error('not now');
    });
    await harness.process(requests(3));
    expect(harness.logger.lines.at(-1)).toEqual({
      level: 'info',
      message: 'Batch processed',
      fields: { messages: 3, acknowledged: 2, redelivered: 1, milliseconds: 0 },
    });
  });
});

describe('a message is acknowledged only after its outcome is published:', () => {
  test('the batch waits for the queue’s answer', async () => {
    const harness = new EngineHarness(() => 5);
    const answer = Promise.withResolvers<void>();
    const { send } = harness.output;
    harness.output.send = async (messages) => {
      await answer.promise;
      return send.call(harness.output, messages);
    };
    let ended = false;
    const batch = harness.process(requests(1)).finally(() => {
      ended = true;
    });
    for (let turn = 0; turn < 20; turn++) await settled();
    expect(ended).toBe(false);
    answer.resolve();
    expect(await batch).toEqual([]);
  });

  test('a suspect is deleted after its outcome is published, and before the next is run', async () => {
    const journal: string[] = [];
    const harness = new EngineHarness((request) => void journal.push(`run ${request.id}`));
    const { send } = harness.output;
    const { settleable } = harness.input;
    harness.output.send = async (messages) => {
      const results = await send.call(harness.output, messages);
      journal.push(`published ${harness.events.at(-1)?.subject}`);
      return results;
    };
    harness.input.settleable = (message) => {
      const received = settleable.call(harness.input, message);
      const ack = async () => {
        journal.push(`deleted ${message.id}`);
        await received.ack();
      };
      return { ...received, ack };
    };
    const suspects = ['r-0', 'r-1'].map((id) =>
      requestDelivery(id, {}, { deliveryCount: 2, firstDeliveredAt: 0 }),
    );
    await harness.process(suspects);
    expect(journal).toEqual([
      'run r-0',
      'published r-0',
      'deleted message-r-0',
      'run r-1',
      'published r-1',
      'deleted message-r-1',
    ]);
  });

  test.each(['fails before', 'fails after'] as const)('a call that %s: all of it again', async (fault) => {
    const harness = new EngineHarness(() => 5);
    harness.output.faults.inject('send', fault);
    const again = await harness.process(requests(3));
    expect(again.toSorted()).toEqual(['message-r-0', 'message-r-1', 'message-r-2']);
    expect(harness.delays).toEqual({ 'message-r-0': 2, 'message-r-1': 2, 'message-r-2': 2 });
  });

  test('a call whose answer was lost: published again under the same id', async () => {
    const harness = new EngineHarness(() => 5);
    harness.output.faults.inject('send', 'fails after');
    await harness.process(requests(1));
    expect(await harness.process(requests(1))).toEqual([]);
    const [first, second] = harness.events;
    expect(second).toEqual(first);
  });

  test('a queue that never answers: again, before the deadline', async () => {
    const harness = new EngineHarness(() => 5);
    harness.output.faults.inject('send', 'never answers');
    expect(await harness.process(requests(2), 0.6)).toEqual(['message-r-0', 'message-r-1']);
  });

  test('entries that are refused in every form: exactly those are dead-lettered', async () => {
    const harness = new EngineHarness((request) => request.id);
    harness.output.refuse = ({ body }) => (/"r-[357]"/.test(body) ? REFUSED : undefined);
    expect(await harness.process(requests(10))).toEqual([]);
    expect(deadLetterIds(harness.deadLetters)).toEqual(['r-3', 'r-5', 'r-7']);
    expect(harness.events).toHaveLength(7);
  });

  test('entries that are throttled: sent again', async () => {
    const harness = new EngineHarness((request) => request.id);
    harness.output.refuse = ({ body }, call) =>
      call === 1 && /"r-[357]"/.test(body) ? THROTTLED : undefined;
    expect(await harness.process(requests(10))).toEqual([]);
    expect(harness.output.calls.map((call) => call.length)).toEqual([10, 3]);
  });
});

describe('messages that may have killed a process before', () => {
  const suspects = (...ids: readonly string[]) =>
    ids.map((id) => requestDelivery(id, {}, { deliveryCount: 2, firstDeliveredAt: 0 }));

  test('are run after the others, one at a time', async () => {
    const running = new Set<string>();
    const seen: string[] = [];
    const harness = new EngineHarness(async (request) => {
      running.add(request.id);
      seen.push([...running].join('+'));
      await settled();
      running.delete(request.id);
    });
    const batch = [...suspects('s-2', 's-1'), requestDelivery('a'), requestDelivery('b')];
    expect(await harness.process(batch)).toEqual([]);
    expect(seen).toEqual(['a', 'a+b', 's-1', 's-2']);
    expect(harness.logger.lines[0]).toMatchObject({
      level: 'warn',
      fields: { messageIds: ['message-s-1', 'message-s-2'] },
    });
  });

  test('are run together from a quarter of the time on, though the others aren’t done: they may only be slow', async () => {
    const all = Promise.withResolvers<void>();
    let started = 0;
    const harness = new EngineHarness(async () => {
      if (++started === 4) all.resolve();
      await all.promise;
    });
    const batch = [requestDelivery('a'), ...suspects('s-1', 's-2', 's-3')];
    expect(await harness.process(batch, 1.1)).toEqual([]);
  });

  test('don’t wait from then on for the others’ turns, and never run more at once than allowed', async () => {
    const run: string[] = [];
    let running = 0;
    const harness = new EngineHarness(
      async ({ id }) => {
        run.push(id);
        expect(++running).toBe(1);
        if (id === 'a') await new Promise((resolve) => setTimeout(resolve, 300));
        running--;
      },
      { concurrency: 1 },
    );
    const batch = [...suspects('s-1', 's-2'), ...['a', 'b', 'c'].map((id) => requestDelivery(id))];
    expect(await harness.process(batch, 1.1)).toEqual([]);
    expect(run).toEqual(['a', 's-1', 's-2', 'b', 'c']);
  });

  test('and fail are tried again like others', async () => {
    const harness = new EngineHarness(() => {
      throw new RetryLater(50);
    });
    expect(await harness.process(suspects('s-1', 's-2'))).toEqual(['message-s-1', 'message-s-2']);
    expect(harness.delays).toEqual({ 'message-s-1': 50, 'message-s-2': 50 });
  });

  test('are run though what was done can’t be deleted', async () => {
    const harness = new EngineHarness(() => 5);
    harness.input.faults.inject('acknowledge', 'fails before', 'never answers');
    expect(await harness.process(suspects('s-1', 's-2'), 0.7)).toEqual([]);
    expect(harness.events).toHaveLength(2);
  });
});

test('a duplicate that shares a run waits no longer than its own retention allows', async () => {
  const harness = new EngineHarness(
    () => {
      throw new RetryLater(600);
    },
    { inputRetentionSeconds: 1_000 },
  );
  const sentAt = harness.clock.now();
  const young = requestDelivery('r-1', {}, { id: 'young', sentAt });
  const old = requestDelivery('r-1', {}, { id: 'old', sentAt: sentAt - 900_000 });
  await harness.process([young, old]);
  expect(harness.delays).toEqual({ young: 500, old: 50 });
});

test('no wait is longer than the source of the message allows', async () => {
  const harness = new EngineHarness(() => {
    throw new RetryLater(100_000);
  });
  const received = harness.input.settleable(requestDelivery('r-1'));
  const source = { ...received.source, maxDelaySeconds: 600 };
  const now = harness.clock.now();
  using deadline = new Deadline(now, now + 60_000);
  expect(await harness.engine.run({ ...received, source }, deadline)).toEqual({
    action: 'retry',
    afterSeconds: 600,
  });
});

describe('an attempt that failed', () => {
  test.each([
    [1, 0.5, 1],
    [1, 0.99, 2],
    [4, 0.5, 8],
    [20, 0.5, 450],
  ])('at attempt %i, with luck %d, is tried again after %i s', async (attempt, luck, delaySeconds) => {
    const fails = () => {
      throw new Error('not now');
    };
    const harness = new EngineHarness(fails, { maxAttempts: 400 });
    harness.random.value = luck;
    const recent = { deliveryCount: attempt, firstDeliveredAt: harness.clock.now() };
    expect(await harness.process([requestDelivery('r-1', {}, recent)])).toEqual(['message-r-1']);
    expect(harness.delays).toEqual({ 'message-r-1': delaySeconds });
    expect(harness.output.calls).toEqual([]);
  });

  test('with RetryLater is tried again when it says', async () => {
    const harness = new EngineHarness(() => {
      throw new RetryLater(1_234.5);
    });
    await harness.process([requestDelivery('r-1')]);
    expect(harness.delays).toEqual({ 'message-r-1': 1_235 });
  });

  test('is tried again before its message expires: half of what is left is for later attempts', async () => {
    const harness = new EngineHarness(
      () => {
        throw new RetryLater(36_000);
      },
      { inputRetentionSeconds: 7_200 },
    );
    const sentAt = harness.clock.now();
    harness.clock.advanceSeconds(1_200);
    await harness.process([requestDelivery('r-1', {}, { sentAt })]);
    expect(harness.delays).toEqual({ 'message-r-1': 3_000 });
    expect(harness.logger.lines[0]?.fields).toMatchObject({ delaySeconds: 3_000 });
  });

  test.each([
    [30, 930],
    [60, 960],
    [300, 960],
    [2_000, 2_000],
  ])(
    'F: with a wait of %i s is tried again %i s after a pause of 900 s begins',
    async (own, delaySeconds) => {
      const harness = new EngineHarness(({ id }) => {
        throw id === 'r-0'
          ? new RetryLater(own)
          : new DownstreamUnavailable('down', { retryAfterSeconds: 900 });
      });
      await harness.process(requests(6));
      expect(harness.delays).toMatchObject({ 'message-r-0': delaySeconds });
    },
  );

  test('is logged with its reason', async () => {
    const harness = new EngineHarness(() => {
      throw new TypeError('not now');
    });
    await harness.process([requestDelivery('r-1', {}, { deliveryCount: 2, firstDeliveredAt: 0 })]);
    expect(harness.logger.lines).toContainEqual({
      level: 'warn',
      message: 'Attempt failed and will be retried',
      fields: {
        requestId: 'r-1',
        attempt: 2,
        delaySeconds: 2,
        error: expect.objectContaining({ name: 'TypeError', message: 'not now' }),
      },
    });
  });

  test.each(['fails before', 'never answers'] as const)('is returned though the queue %s', async (fault) => {
    const harness = new EngineHarness((request) => {
      if (request.id === 'r-0') throw new Error('not now');
    });
    harness.input.faults.inject('defer', fault);
    expect(await harness.process(requests(2), 0.6)).toEqual(['message-r-0']);
    expect(harness.logger.lines.map(({ message }) => message)).toContain(
      'The input queue could not delay messages',
    );
  });
});

describe('a message with several requests', () => {
  const records = ['a', 'b', 'c'].map((name) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'payloads' }, object: { key: `requests/${name}`, sequencer: '1' } },
  }));
  const message = delivery(JSON.stringify({ Records: records }));

  test('is done when all of them are', async () => {
    const harness = new EngineHarness((request) => request.text());
    for (const name of ['a', 'b', 'c'])
      harness.store.put(`requests/${name}`, name, { contentType: 'text/plain' });
    expect(await harness.process([message])).toEqual([]);
    expect(harness.events.map(({ data }) => data).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('is tried again when one is, after the longest wait', async () => {
    const harness = new EngineHarness(async (request) => {
      const name = await request.text();
      if (name !== 'a') throw new RetryLater(name === 'b' ? 50 : 20);
    });
    for (const name of ['a', 'b', 'c']) harness.store.put(`requests/${name}`, name);
    expect(await harness.process([message])).toEqual(['message-1']);
    expect(harness.delays).toEqual({ 'message-1': 50 });
    expect(harness.events).toHaveLength(1);
  });
});

test('a slow request doesn’t hold up the outcomes of the others', async () => {
  const slow = Promise.withResolvers<void>();
  const harness = new EngineHarness((request) => (request.id === 'slow' ? slow.promise : 5));
  const batch = harness.process([
    requestDelivery('slow'),
    requestDelivery('quick-1'),
    requestDelivery('quick-2'),
  ]);
  await vi.waitUntil(() => harness.events.length === 2, { timeout: 20_000 });
  expect(Object.keys(harness.statuses)).toEqual(['quick-1', 'quick-2']);
  slow.resolve();
  expect(await batch).toEqual([]);
  expect(harness.output.calls).toHaveLength(2);
});

test('tenants who choose the same id have different requests, outcomes and results', async () => {
  const harness = new EngineHarness((request) => Buffer.alloc(1_000, request.tenant), {
    inlineLimitBytes: 100,
  });
  const batch = ['acme', 'umbrella'].map((tenant) =>
    delivery('payload', { id: `m-${tenant}`, attributes: { RequestId: 'r-1', Tenant: tenant } }),
  );
  expect(await harness.process(batch)).toEqual([]);
  const [acme, umbrella] = ['acme', 'umbrella'].map((tenant) =>
    harness.events.find((event) => event.subject === 'r-1' && event.tenant === tenant),
  );
  expect(acme?.dataref).toBeDefined();
  expect(umbrella?.id).toBeDefined();
  expect(acme?.id).not.toBe(umbrella?.id);
  expect(acme?.dataref).not.toBe(umbrella?.dataref);
});

test('a message that can’t be decoded decides about no other, whatever id it claims', async () => {
  const event = { specversion: '1.0', id: 'r-1', source: '/orders', type: 't' };
  const harness = new EngineHarness((request) => request.text());
  await harness.process([
    delivery(JSON.stringify({ ...event, data_base64: 5 }), {
      id: 'broken',
      attributes: { RequestId: 'r-1' },
    }),
    delivery(JSON.stringify({ ...event, data: 5 }), { id: 'sound' }),
    delivery('{"specversion":"2"}', { id: 'm-1' }),
    requestDelivery('m-1'),
  ]);
  const ends = harness.events.map(({ subject, requestsource, type }) => [
    subject,
    requestsource,
    type.slice(18),
  ]);
  expect(ends.toSorted()).toEqual([
    ['m-1', undefined, 'failed'],
    ['m-1', undefined, 'succeeded'],
    ['r-1', '/orders', 'failed'],
    ['r-1', '/orders', 'succeeded'],
  ]);
});

describe('whatever comes', () => {
  const messages = fc.array(fc.tuple(bodies, attributes), { maxLength: 12 });

  function batchOf(given: readonly (readonly [body: string, attributes: Record<string, string>])[]) {
    const batch = deliveries(given.map(([body]) => body));
    return batch.map((one, index) => ({ ...one, attributes: given[index]?.[1] ?? {} }));
  }

  /** Every request of every message that isn't returned. */
  function acknowledgedRequests(
    batch: readonly QueueMessage[],
    again: readonly string[],
    limits: DecodeLimits,
  ) {
    const acknowledged = batch.filter(({ id }) => !again.includes(id));
    return acknowledged.flatMap((one) => decode(one, limits).map(({ id }) => id));
  }

  test('it has an outcome: nothing is left to be tried again for ever', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (given) => {
        const harness = new EngineHarness((request) => request.bytes());
        const batch = batchOf(given);
        const leased = await harness.process(batch);
        // Two messages of one request with different payloads: the second comes again when the first is done.
        harness.clock.advanceSeconds(100);
        expect(await harness.process(batch.filter(({ id }) => leased.includes(id)))).toEqual([]);
        const published = harness.events.map(({ subject }) => subject);
        expect(new Set(published)).toEqual(new Set(acknowledgedRequests(batch, [], harness.settings)));
      }),
      { numRuns: 500 },
    );
  });

  test('and whatever the queue does, a batch ends, and what is acknowledged is published or dead-lettered', async () => {
    const faults = fc.array(fc.constantFrom('fails before', 'fails after', 'refused', 'throttled'), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(messages, faults, async (given, faults) => {
        const harness = new EngineHarness((request) => request.bytes());
        harness.random.value = 0.01;
        for (const fault of faults) {
          if (fault === 'fails before' || fault === 'fails after')
            harness.output.faults.inject('send', fault);
        }
        harness.output.refuse = (_, call) =>
          faults[call - 1] === 'refused' ? REFUSED : faults[call - 1] === 'throttled' ? THROTTLED : undefined;
        const batch = batchOf(given);
        const again = await harness.process(batch);
        expect(new Set(again).size).toBe(again.length);
        const published = new Set(harness.events.map(({ subject }) => subject));
        const acknowledged = new Set(acknowledgedRequests(batch, again, harness.settings));
        const unpublished = [...acknowledged].filter((id) => !published.has(id));
        expect(harness.deadLetters.messages.length).toBeGreaterThanOrEqual(unpublished.length);
      }),
      { numRuns: 200 },
    );
  });
});
