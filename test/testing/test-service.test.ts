import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  DownstreamUnavailable,
  PermanentError,
  type ProcessorRequest,
  processor,
  RetryLater,
} from '../../functions/processor/index.ts';
import { ConfigurationError, TestService } from '../../lib/testing/index.ts';

const doubled = processor({ input: z.object({ n: z.number() }) }, async (request) => {
  return { doubled: (await request.json()).n * 2 };
});

/** A processor that fails the first times. */
function failing(times: number, error: () => unknown = () => new Error('not now')) {
  const attempts: number[] = [];
  const handler = processor((request) => {
    attempts.push(request.attempt);
    if (attempts.length <= times) throw error();
    return 'done';
  });
  return { attempts, handler };
}

test('runs what was submitted when it is drained, and not before', async () => {
  const service = new TestService(doubled);
  const { id, status } = await service.submit({ n: 21 });
  expect({ id, status }).toEqual({ id: 'request-1', status: 'queued' });
  expect(service.outcomes).toEqual([]);

  await service.drain();
  expect(service.outcomes).toMatchObject([
    { requestId: id, status: 'succeeded', contentType: 'application/json', result: { doubled: 42 } },
  ]);
  expect(await service.request(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('checks the input as the service does', async () => {
  const service = new TestService(doubled);
  const { id } = await service.submit({ n: 'many' });
  await service.drain();
  expect(service.outcome(id)).toMatchObject({ status: 'failed', problem: { code: 'input_invalid' } });
  expect(service.deadLetters).toEqual([]);
});

test.each([
  ['text', 'żółć', 'text/plain; charset=utf-8', 'żółć'],
  ['bytes', new Uint8Array([0, 255]), 'application/octet-stream', new Uint8Array([0, 255])],
  ['a buffer', new Uint8Array([1, 2]).buffer, 'application/octet-stream', new Uint8Array([1, 2])],
  ['JSON', [1, null, { a: 'b' }], 'application/json', [1, null, { a: 'b' }]],
  ['a large payload and result', 'x'.repeat(2_000_000), 'text/plain; charset=utf-8', 'x'.repeat(2_000_000)],
])('gives the handler %s as it was submitted, and the result back', async (_, payload, type, result) => {
  const service = new TestService(
    processor(
      async (request) =>
        new Response(await request.bytes(), { headers: { 'content-type': String(request.contentType) } }),
    ),
  );
  const { id } = await service.submit(payload);
  await service.drain();
  expect(service.outcome(id)).toMatchObject({ status: 'succeeded', contentType: type, result });
});

test('passes on what goes with the payload', async () => {
  let seen: ProcessorRequest | undefined;
  const service = new TestService(
    processor((request) => {
      seen = request;
    }),
    { startAt: new Date('2026-01-31T12:00:00Z') },
  );
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await service.submit('a,b', { tenant: 'acme', contentType: 'text/csv', metadata: { x: '1' }, traceparent });
  await service.drain();
  expect(seen).toMatchObject({
    tenant: 'acme',
    contentType: 'text/csv',
    metadata: { x: '1' },
    attempt: 1,
    deadline: new Date('2026-01-31T12:00:54Z'),
  });
  expect(seen?.traceparent).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  expect(service.outcomes).toMatchObject([{ tenant: 'acme', time: '2026-01-31T12:00:00.000Z' }]);
});

describe('time', () => {
  test('a retry waits until the clock is advanced', async () => {
    const { handler, attempts } = failing(1, () => new RetryLater(3_600));
    const service = new TestService(handler);
    const { id } = await service.submit('x');
    await service.drain();
    service.advance({ minutes: 59, seconds: 59 });
    await service.drain();
    expect(attempts).toEqual([1]);
    expect(await service.request(id)).toMatchObject({ status: 'queued', lastError: { name: 'RetryLater' } });
    service.advance({ seconds: 1 });
    await service.drain();
    expect(service.outcome(id)).toMatchObject({ status: 'succeeded', result: 'done' });
  });

  test('delays can be skipped up to the last attempt; the message is in the dead-letter queue then', async () => {
    const { handler, attempts } = failing(Number.POSITIVE_INFINITY);
    const service = new TestService(handler, { settings: { maxAttempts: 3 } });
    const before = service.now;
    const { id } = await service.submit('x');
    await service.drain({ skipDelays: true });
    expect(attempts).toEqual([1, 2, 3]);
    expect(service.now.getTime()).toBeGreaterThan(before.getTime());
    expect(service.outcomes).toMatchObject([
      { requestId: id, status: 'failed', problem: { code: 'attempts_exhausted', attempts: 3 } },
    ]);
    expect(service.deadLetters).toMatchObject([{ requestId: id, code: 'attempts_exhausted' }]);
  });

  test('a redriven request runs again', async () => {
    const { handler } = failing(1);
    const service = new TestService(handler, { settings: { maxAttempts: 1 } });
    const { id } = await service.submit('x');
    await service.drain();
    expect(service.outcome(id)).toMatchObject({ status: 'failed' });
    service.advance({ days: 2 });
    expect(service.redrive()).toBe(1);
    await service.drain();
    expect(service.outcomes).toMatchObject([{ status: 'failed' }, { requestId: id, status: 'succeeded' }]);
    expect(service.deadLetters).toEqual([]);
  });

  test('a request that expired while it waited is not handled', async () => {
    const { handler, attempts } = failing(0);
    const service = new TestService(handler);
    const { id } = await service.submit('x', { expiresAt: new Date(service.now.getTime() + 60_000) });
    service.advance({ minutes: 1 });
    await service.drain();
    expect(service.outcome(id)).toMatchObject({ status: 'expired' });
    expect(attempts).toEqual([]);
  });

  test('a message that is older than the retention of the queue is gone', async () => {
    const { handler, attempts } = failing(0);
    const service = new TestService(handler);
    const { id } = await service.submit('x');
    service.advance({ days: 4 });
    await service.drain();
    expect({ attempts, request: await service.request(id) }).toMatchObject({
      attempts: [],
      request: { status: 'queued' },
    });
  });

  test('an idempotency key means the same request for a day, and a record is kept for a month', async () => {
    const { handler, attempts } = failing(0);
    const service = new TestService(handler);
    const first = await service.submit('x', { idempotencyKey: 'k' });
    await service.drain();
    service.advance({ hours: 23 });
    expect(await service.submit('x', { idempotencyKey: 'k' })).toMatchObject({
      id: first.id,
      status: 'succeeded',
    });
    await expect(service.submit('y', { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    service.advance({ hours: 1, seconds: 1 });
    expect((await service.submit('y', { idempotencyKey: 'k' })).id).not.toBe(first.id);
    await service.drain();
    expect(attempts).toHaveLength(2);
    service.advance({ days: 31 });
    expect(await service.request(first.id)).toBeUndefined();
  });

  test('while what all requests need is down, processing pauses', async () => {
    let isDown = true;
    let attempts = 0;
    const handler = processor(() => {
      attempts++;
      if (isDown) throw new DownstreamUnavailable('the database is down');
    });
    const service = new TestService(handler, { settings: { pauseSeconds: 30 } });
    for (let request = 0; request < 10; request++) await service.submit('x');
    await service.drain();
    expect(attempts).toBe(10);
    expect(service.pausedUntil?.getTime()).toBe(service.now.getTime() + 30_000);
    await service.submit('x');
    await service.drain();
    expect(attempts).toBe(10);
    isDown = false;
    service.advance({ seconds: 30 });
    expect(service.pausedUntil).toBeUndefined();
    await service.drain({ skipDelays: true });
    expect(service.outcomes.map(({ status }) => status)).toEqual(Array(11).fill('succeeded'));
  });

  test('the signal of a handler fires before its deadline', async () => {
    const service = new TestService(
      processor(async ({ signal }) => {
        await sleep(60_000, undefined, { signal });
      }),
      { settings: { timeoutSeconds: 3, maxAttempts: 1 } },
    );
    const { id } = await service.submit('x');
    await service.drain();
    expect(service.outcome(id)).toMatchObject({ status: 'failed', problem: { code: 'attempts_exhausted' } });
  });
});

test('a request that is cancelled while it waits is not handled', async () => {
  const { handler, attempts } = failing(0);
  const service = new TestService(handler);
  const { id } = await service.submit('x');
  expect(await service.cancel(id)).toMatchObject({ status: 'cancelled' });
  await service.drain();
  expect(service.outcomes).toMatchObject([{ requestId: id, status: 'cancelled' }]);
  expect(attempts).toEqual([]);
});

test('what the handler logs and reports can be seen', async () => {
  const service = new TestService(
    processor((request) => {
      request.logger.warn('half of it', { rows: 5 });
      request.progress(0.5, 'rows');
      throw new PermanentError('no', { code: 'rows_bad' });
    }),
  );
  const { id } = await service.submit('x');
  await service.drain();
  expect(service.logs).toContainEqual({
    level: 'warn',
    message: 'half of it',
    fields: expect.objectContaining({ requestId: id, rows: 5 }),
  });
  expect(service.outcome(id)).toMatchObject({ problem: { code: 'rows_bad', detail: 'no', attempts: 1 } });
});

test.each([
  ['a function', () => new TestService(() => 1), 'processor()'],
  ['a setting', () => new TestService(doubled, { settings: { maxAttempts: 0 } }), 'maxAttempts'],
  [
    'an unknown setting',
    () => new TestService(doubled, { settings: JSON.parse('{"maxTries":1}') }),
    'maxTries is not one of batchSize',
  ],
  ['a negative span', () => new TestService(doubled).advance({ days: -1 }), '{"days":-1}'],
  ['no span', () => new TestService(doubled).advance({ days: Number.NaN }), 'span'],
  ['a fault', () => new TestService(doubled).inject(JSON.parse('"fire"')), 'output-queue-down'],
  [
    'a number of times',
    () => new TestService(doubled).inject('output-queue-down', { times: 0 }),
    'from 1, got 0',
  ],
])('refuses %s that it can’t take, with the reason', (_, act, message) => {
  expect(act).toThrow(ConfigurationError);
  expect(act).toThrow(message);
});

test('refuses payloads that are no JSON, and the id of no request', async () => {
  const service = new TestService(doubled);
  await expect(service.submit(() => 1)).rejects.toThrow('got function');
  await expect(service.submit('')).rejects.toMatchObject({ code: 'payload_empty' });
  await expect(service.cancel('request-9')).rejects.toThrow('request-9');
  expect(await service.request('request-9')).toBeUndefined();
});

test('refuses fake timers that would stop it, and takes a fake Date', async () => {
  const service = new TestService(doubled);
  await service.submit({ n: 1 });
  try {
    vi.useFakeTimers();
    await expect(service.drain()).rejects.toThrow('real timers');
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ['Date'] });
    await service.drain();
  } finally {
    vi.useRealTimers();
  }
  expect(service.outcomes).toHaveLength(1);
});

test('a request that must not start before a time is scheduled until the clock shows it', async () => {
  const service = new TestService(processor(async (request) => request.attempt));
  const notBefore = new Date(service.now.getTime() + 30 * 86_400_000);
  const { id, status } = await service.submit({ x: 1 }, { notBefore });
  await service.drain();
  expect([status, service.outcome(id)]).toEqual(['scheduled', undefined]);
  service.advance({ days: 30 });
  expect(await service.request(id)).toMatchObject({ status: 'queued', attempts: 0 });
  await service.drain();
  expect(service.outcome(id)).toMatchObject({ status: 'succeeded', result: 1 });
});

test('the outcome of one that is cancelled before is published at once', async () => {
  const service = new TestService(processor(async (request) => request.attempt));
  const notBefore = new Date(service.now.getTime() + 30 * 86_400_000);
  const [{ id }, other] = [
    await service.submit({ x: 1 }, { notBefore }),
    await service.submit({ x: 2 }, { notBefore }),
  ];
  await service.cancel(id);
  await service.drain();
  expect(service.outcomes).toMatchObject([{ requestId: id, status: 'cancelled' }]);
  service.advance({ days: 30 });
  await service.drain();
  expect(service.outcomes.slice(1)).toMatchObject([{ requestId: other.id, status: 'succeeded' }]);
});

test('makes what a processor writes by complete(), and nothing of it again after a crash', async () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE app_payments (request TEXT)');
  const Put = { TableName: 'payments', Item: { id: { S: '7' } } };
  const pay = processor((request) =>
    request.complete('paid', {
      sqlite: (tx) => tx.run('INSERT INTO app_payments VALUES (?)', request.id),
      dynamodb: [{ Put }],
    }),
  );
  for (const fault of ['crash-in-handler', 'crash-after-handler', 'record-answer-lost'] as const) {
    const service = new TestService(pay, { database });
    const { id } = await service.submit({ order: 7 });
    service.inject(fault);
    await service.drain({ skipDelays: true });
    expect(service.outcome(id), fault).toMatchObject({ status: 'succeeded', result: 'paid' });
    expect(service.dynamoDbWrites).toEqual([{ Put }]);
    expect(database.prepare('DELETE FROM app_payments').run().changes).toBe(1);
  }
});

test('says that it takes no writes for SQLite without a database', async () => {
  const service = new TestService(processor((request) => request.complete(1, { sqlite: () => {} })));
  const { id } = await service.submit({ order: 7 });
  await service.drain({ skipDelays: true });
  expect(service.outcome(id)).toMatchObject({ problem: { code: 'attempts_exhausted' } });
  expect(JSON.stringify(service.outcome(id))).toContain('complete() needs writes for dynamodb');
});
