import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

function requests(count: number) {
  return Array.from({ length: count }, (_, index) => requestDelivery(`r-${index}`));
}

async function readResponse(): Promise<Response> {
  const response = new Response('read');
  await response.text();
  return response;
}

async function drainedResponse(): Promise<Response> {
  const response = new Response('read');
  for await (const _ of response.body ?? []);
  return response;
}

describe('fault 12: one bad message of ten', () => {
  test('nine are acknowledged, and one is retried', async () => {
    const harness = new EngineHarness((request) => {
      if (request.id === 'r-6') throw new Error('not now');
      return request.id;
    });
    expect(await harness.process(requests(10))).toEqual(['message-r-6']);
    expect(Object.keys(harness.statuses)).toHaveLength(9);
    expect(harness.statuses).not.toHaveProperty('r-6');
  });

  test('exactly the failed messages are returned, whichever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 9 })), async (failing) => {
        const ids = failing.map((index) => `r-${index}`);
        const harness = new EngineHarness((request) => {
          if (ids.includes(request.id)) throw new Error('not now');
        });
        const again = await harness.process(requests(10));
        expect(again.toSorted()).toEqual(ids.map((id) => `message-${id}`).toSorted());
        expect(harness.events).toHaveLength(10 - ids.length);
      }),
      { numRuns: 50 },
    );
  });
});

test.each(['cloudevents', 'raw'] as const)(
  'a message with a name that no queue accepts does not harm its batch: %s',
  async (outputFormat) => {
    const harness = new EngineHarness(() => 5, { outputFormat });
    const event = { specversion: '1.0', id: 'r', source: '/s', type: 't', data: 1 };
    const odd = ['a\u0001b', '\ufffe', '\ud800'].flatMap((name) => [
      { ...event, id: name },
      { ...event, source: name },
      { ...event, tenant: name },
    ]);
    const batch = [event, ...odd].map((one, index) => requestDelivery(`r-${index}`, one));
    expect(await harness.process(batch)).toEqual([]);
    expect(harness.output.calls.map((call) => call.length)).toEqual([10]);
  },
);

describe('fault 13: a handler', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  test('that returns undefined succeeds, and its outcome says so', async () => {
    const harness = new EngineHarness(() => undefined);
    expect(await harness.process(requests(1))).toEqual([]);
    expect(harness.event).toMatchObject({ type: 'coatcheck.request.succeeded', data: null });
  });

  test.each([
    ['a function', () => 5],
    ['a symbol', Symbol('s')],
    ['a BigInt', 5n],
    ['a cycle', cyclic],
  ])('that returns %s, which cannot be published, fails permanently', async (_, result) => {
    const harness = new EngineHarness(() => result);
    expect(await harness.process(requests(1))).toEqual([]);
    expect(harness.problem.code).toBe('result_invalid');
  });

  test.each([
    ['that was read', readResponse],
    ['whose stream was read', drainedResponse],
  ])('B1: that returns a Response %s fails at its first attempt', async (_, make) => {
    const harness = new EngineHarness(make);
    expect(await harness.process(requests(1))).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'result_invalid', attempts: 1 });
  });

  test('D1: whose error has a cause: log line and record have the cause with its code', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const harness = new EngineHarness(() => {
      throw new TypeError('fetch failed', { cause });
    });
    await harness.process(requests(1));
    expect(harness.records.record('r-0')?.lastError).toEqual({
      name: 'TypeError',
      message: 'fetch failed: connect ECONNREFUSED 127.0.0.1:9',
      code: 'ECONNREFUSED',
      frame: 'handlers.test.ts',
    });
    expect(
      harness.logger.lines.find(({ message }) => message.startsWith('Attempt failed'))?.fields,
    ).toMatchObject({
      error: { message: 'fetch failed', cause: { message: cause.message, code: 'ECONNREFUSED' } },
    });
  });

  test('D2: whose error has a message of 20 MB: no log line is longer than a few KB', async () => {
    const harness = new EngineHarness(({ id }) => {
      const long = id.repeat(5_000_000);
      throw id === 'r-0' ? new Error(long) : new PermanentError(long, { details: { long } });
    });
    await harness.process(requests(2));
    expect(harness.logger.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['Attempt failed and will be retried', 'Request failed']),
    );
    for (const line of harness.logger.lines) expect(JSON.stringify(line).length).toBeLessThan(8_000);
    expect(JSON.stringify(harness.events).length).toBeLessThan(8_000);
  });

  test('that returns apparent message ids has them published, and nothing else', async () => {
    const result = { batchItemFailures: [{ itemIdentifier: 'message-r-0' }, { itemIdentifier: '' }] };
    const harness = new EngineHarness(() => result);
    expect(await harness.process(requests(3))).toEqual([]);
    expect(harness.events.map(({ data }) => data)).toEqual([result, result, result]);
  });

  const thrown: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a text', 'oh'],
    ['a number', 5],
    ['a symbol', Symbol('s')],
    ['an object', { code: 'x' }],
    ['an object without a prototype', Object.create(null)],
    [
      'an object that throws when it is shown',
      {
        toString() {
          throw new Error('no text');
        },
      },
    ],
    [
      'an object that throws when it is touched',
      new Proxy(
        {},
        {
          get() {
            throw new Error('no member');
          },
          getPrototypeOf() {
            throw new Error('no prototype');
          },
        },
      ),
    ],
  ];

  test.each(thrown)('that throws %s is retried alone', async (_, value) => {
    const harness = new EngineHarness((request) => {
      if (request.id === 'r-1') throw value;
    });
    expect(await harness.process(requests(3))).toEqual(['message-r-1']);
    expect(harness.delays).toEqual({ 'message-r-1': 1 });
  });

  test.each(['json', 'text', 'bytes'] as const)(
    'that checks an unreadable payload late or never does no harm: %s()',
    async (read) => {
      const harness = new EngineHarness(async (request) => {
        if (request.id !== 'r-1') return;
        const reading = request[read]();
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        if (request.attempt === 1) await reading;
      });
      harness.store.put('a', 'hello', { endsAfter: 2 });
      const event = { specversion: '1.0', id: 'r-1', source: '/s', type: 't', dataref: 's3://payloads/a' };
      const broken = (attempt: number) =>
        requestDelivery('r-1', event, { deliveryCount: attempt, firstDeliveredAt: harness.clock.now() });
      expect(await harness.process([requestDelivery('r-0'), broken(1)])).toEqual(['message-r-1']);
      expect(await harness.process([broken(2)])).toEqual([]);
    },
  );

  test.each(thrown)('that rejects with %s is retried alone', async (_, value) => {
    const harness = new EngineHarness(async (request) => {
      await null;
      if (request.id === 'r-1') throw value;
    });
    expect(await harness.process(requests(3))).toEqual(['message-r-1']);
  });
});

describe('fault 15: a permanent error', () => {
  class OrderUnknown extends PermanentError {
    constructor(order: number) {
      super(`there is no order ${order}`, { code: 'order_unknown', details: { order } });
    }
  }

  test('fails at once, with its details', async () => {
    const harness = new EngineHarness(() => {
      throw new OrderUnknown(5);
    });
    expect(await harness.process(requests(1))).toEqual([]);
    expect(harness.input.deferrals).toEqual([]);
    expect(harness.event).toMatchObject({
      type: 'coatcheck.request.failed',
      subject: 'r-0',
      datacontenttype: 'application/json',
      data: {
        type: 'urn:coatcheck:problem:order_unknown',
        detail: 'there is no order 5',
        code: 'order_unknown',
        attempts: 1,
        details: { order: 5 },
      },
    });
  });

  test('on a later attempt has the number of attempts', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => {
      throw ++runs < 3 ? new Error('not now') : new PermanentError('no');
    });
    for (let delivery = 0; delivery < 3; delivery++) await harness.process([requestDelivery('r-1')]);
    expect(harness.problem).toMatchObject({ code: 'handler_failed', attempts: 3 });
  });
});
