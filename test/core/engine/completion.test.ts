import { DatabaseSync } from 'node:sqlite';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import type { HandlerWrites } from '../../../lib/core/ports/handler-writes.ts';
import type { Handler, ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { inSequence } from '../../../lib/core/processor/in-sequence.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';

const ADD: HandlerWrites = { sqlite: (tx) => tx.run("INSERT INTO app_effects VALUES ('made')") };

/** An engine whose records can take writes for SQLite. */
function setUp(handler: Handler, settings: Omit<HarnessOptions, 'ports'> = {}) {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE app_effects (name TEXT NOT NULL)');
  const records = new MemoryRecordStore(database);
  const harness = new EngineHarness(handler, { ...settings, ports: { records } });
  const deliver = (deliveryCount = 1) => harness.process([requestDelivery('r-1', {}, { deliveryCount })]);
  const change = (type: 'cancel') => {
    const requests = new RequestRecords(records, harness.clock.now, 7);
    return requests.change({ id: 'r-1', source: '' }, { type });
  };
  const effects = () => database.prepare('SELECT name FROM app_effects').all().length;
  return { harness, records, deliver, effects, change };
}

test('ends the request with its result, and makes the writes with it', async () => {
  const { harness, records, deliver, effects } = setUp((request) => request.complete({ sum: 3 }, ADD));
  expect(await deliver()).toEqual([]);
  expect(harness.event).toMatchObject({ data: { sum: 3 } });
  expect(records.record('r-1')).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(effects()).toBe(1);
  expect(await deliver(2)).toEqual([]);
  expect(effects()).toBe(1);
});

test('takes the writes of the store that has the records, of those that a handler gives', async () => {
  const Put = { TableName: 'orders', Item: { id: { S: '7' } } };
  const harness = new EngineHarness((request) => request.complete(null, { ...ADD, dynamodb: [{ Put }] }));
  expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
  expect(harness.records.items).toEqual([{ Put }]);
});

test.each<[string, Handler]>([
  [
    'is not awaited',
    (request) => {
      void request.complete('right', ADD);
      return 'wrong';
    },
  ],
  [
    'is followed by an error',
    async (request) => {
      await request.complete('right', ADD);
      throw new Error('too late');
    },
  ],
  [
    'comes after one that failed',
    async (request) => {
      await request.complete('wrong', { sqlite: () => expect.fail('no') }).catch(() => {});
      await request.complete('right', ADD);
    },
  ],
  [
    'is followed by another one, which is refused',
    async (request) => {
      await request.complete('right', ADD);
      await expect(request.complete('wrong', ADD)).rejects.toThrow('call it once');
    },
  ],
])('ends the request, too, if it %s', async (_, handler) => {
  const { harness, deliver, effects } = setUp(handler);
  expect(await deliver()).toEqual([]);
  expect(harness.event).toMatchObject({ data: 'right' });
  expect(effects()).toBe(1);
});

describe('writes nothing', () => {
  test('if the callback fails, and the request is retried', async () => {
    let failures = 2;
    const { harness, records, deliver, effects } = setUp((request) =>
      request.complete(request.attempt, {
        sqlite: (tx) => {
          ADD.sqlite?.(tx);
          if (failures-- > 0) throw new Error('not now');
        },
      }),
    );
    expect(await deliver()).toEqual(['message-r-1']);
    expect(records.record('r-1')).toMatchObject({ status: 'queued', lastError: { message: 'not now' } });
    expect(effects()).toBe(0);
    expect(await deliver(2)).toEqual(['message-r-1']);
    expect(await deliver(3)).toEqual([]);
    expect(harness.event).toMatchObject({ data: 3 });
    expect(effects()).toBe(1);
  });

  test('if the callback throws a PermanentError, which fails the request', async () => {
    const { harness, deliver, effects } = setUp((request) =>
      request.complete('paid', {
        sqlite: (tx) => {
          ADD.sqlite?.(tx);
          throw new PermanentError('No money', { code: 'no_money' });
        },
      }),
    );
    expect(await deliver()).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'no_money' });
    expect(effects()).toBe(0);
  });

  test('for a call that failed, whatever the handler returns then', async () => {
    const { records, deliver, effects } = setUp(async (request) => {
      await request.complete('wrong', { sqlite: () => expect.fail('refused') }).catch(() => {});
      return 'as if nothing had happened';
    });
    expect(await deliver()).toEqual(['message-r-1']);
    expect(records.record('r-1')).toMatchObject({ status: 'queued', lastError: { message: 'refused' } });
    expect(effects()).toBe(0);
  });

  test('if an async callback is given, even one that would write', async () => {
    const sqlite = (async (tx) => ADD.sqlite?.(tx)) satisfies HandlerWrites['sqlite'];
    const { records, deliver, effects } = setUp((request) => request.complete(null, { sqlite }));
    expect(await deliver()).toEqual(['message-r-1']);
    expect(records.record('r-1')?.lastError?.message).toContain('not async');
    expect(effects()).toBe(0);
  });

  test('if the callback returns a query that runs when something waits for it', async () => {
    const query = () => drizzle.mock().execute(sql`INSERT INTO app_effects VALUES ('made')`);
    const { records, deliver } = setUp((request) => request.complete(null, { sqlite: query }));
    expect(await deliver()).toEqual(['message-r-1']);
    expect(records.record('r-1')?.lastError?.message).toContain('not async');
  });

  test.each([undefined, null])('without writes, got %s', async (writes) => {
    // @ts-expect-error: a program in JavaScript may leave them out.
    const { records, deliver } = setUp((request) => request.complete(null, writes));
    expect(await deliver()).toEqual(['message-r-1']);
    expect(records.record('r-1')?.lastError?.message).toContain('complete() needs writes for sqlite');
  });

  test('for a result that is none, and a response that is no success', async () => {
    const { harness, deliver, effects } = setUp((request) => request.complete(new Map(), ADD));
    expect(await deliver()).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'result_invalid' });
    expect(effects()).toBe(0);
    const refused = setUp((request) => request.complete(new Response('no', { status: 404 }), ADD));
    expect(await refused.deliver()).toEqual([]);
    expect(refused.harness.problem).toMatchObject({ code: 'service_refused' });
    expect(refused.effects()).toBe(0);
  });

  test('if the request was cancelled after its lease had expired', async () => {
    let failed: unknown;
    const { harness, deliver, effects, change } = setUp(async (request) => {
      harness.clock.advanceSeconds(1_000);
      await change('cancel');
      await request.complete('done', ADD).catch((error: unknown) => {
        failed = error;
      });
    });
    await deliver();
    expect(failed).toMatchObject({ code: 'request_cancelled' });
    expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
    expect(effects()).toBe(0);
  });

  test('if another attempt took over, whose own writes are made', async () => {
    const attempts: Record<number, unknown> = {};
    const { harness, deliver, effects } = setUp(async (request) => {
      if (request.attempt === 1) {
        harness.clock.advanceSeconds(1_000);
        await harness.processElsewhere([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
      }
      await request.complete(request.attempt, ADD).catch((error: unknown) => {
        attempts[request.attempt] = error;
        throw error;
      });
    });
    await deliver();
    expect(attempts).toEqual({ 1: expect.objectContaining({ code: 'lease_lost' }) });
    expect(harness.records.record('r-1')).toBeUndefined();
    expect(new Set(harness.events.map(({ data }) => data))).toEqual(new Set([2]));
    expect(effects()).toBe(1);
  });

  test('after a checkpoint that suspended the attempt', async () => {
    const { harness, deliver, effects } = setUp(async (request) => {
      if (request.state === undefined) {
        harness.clock.advanceSeconds(40);
        await request.checkpoint('half').catch(() => {});
      }
      await request.complete(request.state ?? 'nothing', ADD);
    });
    expect(await deliver()).toEqual(['message-r-1']);
    expect(effects()).toBe(0);
    expect(await deliver(2)).toEqual([]);
    expect(harness.event).toMatchObject({ data: 'half' });
    expect(effects()).toBe(1);
  });

  test('where the records take no such writes', async () => {
    const memory = new MemoryRecordStore();
    const elsewhere = {
      read: memory.read.bind(memory),
      write: memory.write.bind(memory),
    };
    for (const [records, message] of [
      [elsewhere, 'needs records in a SQLite file or in DynamoDB'],
      [memory, 'needs writes for dynamodb, where the records of this service are, got sqlite'],
    ] as const) {
      const harness = new EngineHarness((request) => request.complete(null, ADD), { ports: { records } });
      expect(await harness.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
      expect(memory.record('r-1')?.lastError?.message).toContain(message);
    }
  });
});

test('a request that is being cancelled ends as succeeded if its writes are made', async () => {
  const { harness, deliver, effects, change } = setUp(async (request) => {
    await change('cancel');
    await request.complete('done', ADD);
  });
  expect(await deliver()).toEqual([]);
  expect(harness.event).toMatchObject({ data: 'done' });
  expect(effects()).toBe(1);
});

test('a lost answer neither repeats the writes nor loses the result', async () => {
  let runs = 0;
  const { harness, records, deliver, effects } = setUp((request) => request.complete(++runs, ADD));
  records.faults.inject('writeWith', 'fails after');
  await deliver();
  await deliver(2);
  expect(harness.events.map(({ data }) => data)).toContain(1);
  expect(new Set(harness.events.map(({ data }) => data))).toEqual(new Set([1]));
  expect(effects()).toBe(1);
});

test('an outcome that could not be recorded is not adopted without its writes', async () => {
  const { harness, records, deliver, effects } = setUp((request) => request.complete(request.attempt, ADD));
  records.faults.inject('writeWith', 'fails before');
  records.faults.inject('write', 'works', 'fails before');
  expect(await deliver()).toEqual(['message-r-1']);
  harness.clock.advanceSeconds(1_000);
  expect(await deliver(2)).toEqual([]);
  expect(harness.event).toMatchObject({ data: 2 });
  expect(effects()).toBe(1);
});

test('a large result is that of the attempt whose writes were made', async () => {
  const { harness, records, deliver, effects } = setUp(
    (request: ProcessorRequest) => request.complete(`${request.attempt}`.repeat(200), ADD),
    { inlineLimitBytes: 100 },
  );
  records.faults.inject('writeWith', 'fails before');
  expect(await deliver()).toEqual(['message-r-1']);
  expect(await deliver(2)).toEqual([]);
  const { outcome } = records.record('r-1') ?? {};
  const key = outcome?.status === 'succeeded' && 'check' in outcome.result ? outcome.result.check.key : '';
  expect(String(harness.store.object(key)?.bytes)).toBe(`"${'2'.repeat(200)}"`);
  expect(effects()).toBe(1);
});

test('a stream is stored before the writes are made', async () => {
  const order: string[] = [];
  async function* stream() {
    yield 'some ';
    yield 'text';
    order.push('streamed');
  }
  const { harness, deliver } = setUp((request) =>
    request.complete(stream(), { sqlite: () => void order.push('written') }),
  );
  await deliver();
  expect(order).toEqual(['streamed', 'written']);
  expect(harness.event.data_base64).toBe(Buffer.from('some text').toString('base64'));
});

test('an item of a sequence can not end its request', async () => {
  const handler = inSequence((item, { request }) => {
    expect(() => Reflect.get(request, 'complete')()).toThrow('would end all items');
    expect(request.id).toBe('r-1');
    return item;
  });
  const harness = new EngineHarness(handler);
  expect(await harness.process([requestDelivery('r-1', [1, 2])])).toEqual([]);
  expect(harness.event).toMatchObject({ data: [1, 2] });
});
