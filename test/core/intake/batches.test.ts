import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CoatcheckError } from '../../../lib/core/base/errors.ts';
import type { NewBatchItem } from '../../../lib/core/intake/batches.ts';
import { BATCH_OPEN_MILLISECONDS } from '../../../lib/core/model/batch.ts';
import type { StoredItem } from '../../../lib/core/ports/batch-store.ts';
import { deleteExpired } from '../../../lib/stores/sqlite/delete-expired.ts';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { BatchService, RECORD_AGE_DAYS } from '../../support/batch-service.ts';
import { openSqlite, receiveNow } from '../../support/sqlite.ts';
import { START } from '../../support/test-clock.ts';

async function openBatches(): Promise<BatchService> {
  return new BatchService((await openSqlite()).file);
}

function item(
  key: string,
  text = `payload of ${key}`,
  given: Partial<NewBatchItem['request']> = {},
): NewBatchItem {
  return { key, request: { payload: Buffer.from(text), contentType: 'text/plain', metadata: {}, ...given } };
}

/** What `add` returned, with the codes of refusals. */
function codesOf(results: readonly unknown[]): unknown[] {
  return results.map((result) => (result instanceof CoatcheckError ? result.code : result));
}

async function itemsOf({ batches }: BatchService, id: string, tenant?: string) {
  const items: StoredItem[] = [];
  for await (const each of await batches.items(id, tenant)) items.push(each);
  return items;
}

const KEYS = ['a', 'b', 'c', 'd'] as const;

type Ended = 'succeeded' | 'failed' | 'cancelled' | 'expired';

/** What is done to a batch, in any order. */
const ACTIONS = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('add' as const),
      // The same key may come twice in one call.
      items: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom('x', 'y')), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
    fc.record({ type: fc.constant('claim' as const), key: fc.constantFrom(...KEYS) }),
    fc.record({
      type: fc.constant('end' as const),
      key: fc.constantFrom(...KEYS),
      status: fc.constantFrom('succeeded' as const, 'failed' as const, 'expired' as const),
    }),
    fc.constant({ type: 'seal' as const }),
    fc.constant({ type: 'cancel' as const }),
    fc.record({ type: fc.constant('run' as const), fails: fc.boolean() }),
  ),
  { maxLength: 25 },
);

test('adds, repeats, ends, seals and cancels in any order: the counts are those of the items, each is one request, and one end is reported', async () => {
  const { file } = await openSqlite();
  await fc.assert(
    fc.asyncProperty(ACTIONS, async (actions) => {
      const service = new BatchService(file);
      const { batches, clock, runner } = service;
      const { id } = await batches.create({});
      const model = new Map<string, { text: string; status: 'queued' | 'running' | Ended }>();
      let [sealed, cancelled, ended] = [false, false, false];
      const unended = () =>
        [...model.values()].filter(({ status }) => ['queued', 'running'].includes(status));
      const endIfDone = () => {
        ended ||= sealed && unended().length === 0;
      };
      const recordOf = async (key: string) =>
        (await itemsOf(service, id)).find((each) => each.key === key)?.record;

      for (const action of actions) {
        clock.advanceSeconds(1);
        if (action.type === 'add') {
          const adding = batches.add(
            id,
            undefined,
            action.items.map(([key, text]) => item(key, text)),
          );
          if (sealed) {
            await expect(adding).rejects.toMatchObject({ code: 'batch_closed' });
            continue;
          }
          const expected = action.items.map(([key, text]) => {
            const known = model.get(key);
            if (known) return known.text === text ? 'repeated' : 'batch_key_reused';
            model.set(key, { text, status: 'queued' });
            return 'added';
          });
          expect(codesOf(await adding)).toEqual(expected);
        } else if (action.type === 'claim' || action.type === 'end') {
          const known = model.get(action.key);
          const record = await recordOf(action.key);
          if (!known || !record) continue;
          if (known.status !== 'queued' && known.status !== 'running') continue;
          // A lease that was taken before is over.
          clock.advanceSeconds(120);
          if (action.type === 'claim') {
            const lease = await service.claim(record);
            known.status = lease ? 'running' : 'cancelled';
          } else {
            const wasCancelling = record.status === 'cancelling';
            await service.end(record, action.status);
            known.status = wasCancelling ? 'cancelled' : action.status;
          }
          endIfDone();
        } else if (action.type === 'seal') {
          await batches.seal(id, undefined);
          sealed = true;
          endIfDone();
        } else if (action.type === 'cancel') {
          await batches.cancel(id, undefined);
          if (!ended) {
            [sealed, cancelled] = [true, true];
            endIfDone();
          }
        } else {
          service.failure = action.fails ? new Error('no queue') : undefined;
          // What failed is leased for as long.
          clock.advanceSeconds(31);
          await runner.run();
          if (!cancelled || ended) continue;
          for (const known of model.values()) {
            const { status } = known;
            if (status === 'queued') known.status = 'cancelled';
          }
          // A lease that was over by then needs no handler to end.
          for (const { key, record } of await itemsOf(service, id)) {
            const known = model.get(key);
            if (known?.status === 'running' && record.status === 'cancelled') known.status = 'cancelled';
          }
          endIfDone();
        }
        const { status, counts } = await batches.get(id, undefined);
        const expected = {
          total: model.size,
          queued: 0,
          running: 0,
          succeeded: 0,
          failed: 0,
          cancelled: 0,
          expired: 0,
        };
        for (const known of model.values()) expected[known.status]++;
        expect(counts).toEqual(expected);
        const running = cancelled ? 'cancelling' : sealed ? 'running' : 'open';
        expect(status).toBe(ended ? (cancelled ? 'cancelled' : 'completed') : running);
        const items = await itemsOf(service, id);
        expect(items.map(({ key }) => key)).toEqual([...model.keys()]);
        expect(new Set(items.map(({ record }) => record.request.id)).size).toBe(model.size);
      }
      service.failure = undefined;
      clock.advanceSeconds(31);
      while (await runner.run());
      const { status } = await batches.get(id, undefined);
      expect(service.reported.map(({ batch }) => batch.id)).toEqual(
        ['completed', 'cancelled'].includes(status) ? [id] : [],
      );
      // So that the runner of the next run has nothing to do with this one.
      await batches.cancel(id, undefined);
      file.statement('UPDATE batches SET kept_until = 1').run();
    }),
    { numRuns: 150 },
  );
});

describe('items', () => {
  test('have what the batch says, and their own comes first', async () => {
    const service = await openBatches();
    const { batches } = service;
    const expiresAt = START + 3_600_000;
    const { id } = await batches.create({
      tenant: 'acme',
      topic: 'mail',
      metadata: { run: '7', kind: 'a' },
      expiresAt,
    });
    await batches.add(id, 'acme', [
      item('plain'),
      item('own', 'x', { topic: 'mail.urgent', metadata: { kind: 'b' }, expiresAt: expiresAt - 1 }),
      item('late', 'x', { expiresAt: expiresAt + 1 }),
    ]);
    const records = (await itemsOf(service, id, 'acme')).map(({ record }) => record.request);
    expect(records).toMatchObject([
      { tenant: 'acme', topic: 'mail', expiresAt },
      { topic: 'mail.urgent', expiresAt: expiresAt - 1 },
      { expiresAt },
    ]);
    const queue = new SqliteInputQueue(service.file, { queue: 'requests', clock: service.clock });
    const messages = (await receiveNow(queue, 10)).map(({ body }) => JSON.parse(body));
    expect(messages.map(({ metadata }) => JSON.parse(metadata))).toEqual([
      { run: '7', kind: 'a' },
      { run: '7', kind: 'b' },
      { run: '7', kind: 'a' },
    ]);
  });

  test('with other content are refused, also with a payload that no message has room for', async () => {
    const { batches } = await openBatches();
    const { id } = await batches.create({});
    const large = 'x'.repeat(3_000);
    expect(codesOf(await batches.add(id, undefined, [item('a', large), item('a', large)]))).toEqual([
      'added',
      'repeated',
    ]);
    const others = [item('a', 'y'), item('a', `${large}x`), item('a', large, { metadata: { a: 'b' } })];
    expect(codesOf(await batches.add(id, undefined, others))).toEqual(Array(3).fill('batch_key_reused'));
  });

  test('that no request can be are refused, and the others are added', async () => {
    const { batches } = await openBatches();
    const { id } = await batches.create({});
    const results = await batches.add(id, undefined, [
      item(''),
      item('empty', ''),
      item('large', 'x'.repeat(5_001)),
      item('far', 'x', { notBefore: START + 400 * 86_400_000 }),
      item('good'),
    ]);
    expect(codesOf(results)).toEqual([
      'batch_key_invalid',
      'payload_empty',
      'payload_too_large',
      'not_before_invalid',
      'added',
    ]);
    expect(String(results[2])).toContain('5001');
  });

  test('of calls at the same time are each one request', async () => {
    const service = await openBatches();
    const { batches } = service;
    const { id } = await batches.create({});
    const items = Array.from({ length: 450 }, (_, number) => item(String(number)));
    const results = (await Promise.all([1, 2, 3].map(() => batches.add(id, undefined, items)))).flat();
    expect(results.filter((result) => result === 'added')).toHaveLength(450);
    expect(results.filter((result) => result === 'repeated')).toHaveLength(900);
    expect((await itemsOf(service, id)).map(({ key }) => key)).toEqual(items.map(({ key }) => key));
    expect(Number(service.file.statement('SELECT count(*) AS count FROM messages').get()?.count)).toBe(450);
  });
});

describe('a batch', () => {
  test('is one batch for its idempotency key and what it says', async () => {
    const { batches } = await openBatches();
    const once = await batches.create({ idempotencyKey: 'k', topic: 'mail' });
    expect((await batches.create({ idempotencyKey: 'k', topic: 'mail' })).id).toBe(once.id);
    expect((await batches.create({ idempotencyKey: 'k', topic: 'mail', tenant: 'acme' })).id).not.toBe(
      once.id,
    );
    await expect(batches.create({ idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      message: expect.stringContaining('was used for a batch with another topic'),
    });
  });

  test.each(['', 'a\nb', JSON.parse('5'), JSON.parse('null')])(
    'is refused for the idempotency key %j',
    async (idempotencyKey) => {
      const { batches } = await openBatches();
      await expect(batches.create({ idempotencyKey })).rejects.toMatchObject({
        code: 'idempotency_key_invalid',
        message: expect.stringContaining('idempotencyKey must be text with at least 1 character'),
      });
    },
  );

  test('is created again with its idempotency key as soon as the first one is deleted', async () => {
    const { batches, runner, clock, file } = await openBatches();
    const first = await batches.create({ idempotencyKey: 'k' });
    await batches.seal(first.id, undefined);
    await runner.run();
    clock.advanceSeconds(RECORD_AGE_DAYS * 86_400);
    await expect(batches.create({ idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      message: expect.stringContaining('a batch that is no longer kept'),
    });
    await deleteExpired(file, {}, clock.now());
    expect(await batches.create({ idempotencyKey: 'k' })).toMatchObject({ id: first.id, status: 'open' });
  });

  test('is its tenant’s only', async () => {
    const { batches } = await openBatches();
    const { id } = await batches.create({ tenant: 'acme' });
    for (const call of [
      () => batches.get(id, undefined),
      () => batches.add(id, 'other', [item('a')]),
      () => batches.seal(id, 'other'),
      () => batches.cancel(id, undefined),
      () => batches.items(id, 'other'),
      () => batches.get('none', 'acme'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'batch_unknown' });
    }
    expect(await batches.list({ limit: 10 })).toEqual({ batches: [] });
    expect(await batches.list({ tenant: 'acme', limit: 10 })).toMatchObject({ batches: [{ id }] });
  });

  test.each([
    [{ expiresAt: START }, 'batch_invalid', 'expiresAt must be in the future, got 2026-01-31T12:00:00.000Z'],
    [{ expiresAt: Number.NaN }, 'batch_invalid', 'expiresAt must be a time in the years 0000 to 9999'],
    [
      { notBefore: START + 400 * 86_400_000 },
      'not_before_invalid',
      'notBefore must be at most 366 days ahead',
    ],
    [{ notBefore: START + 2, expiresAt: START + 1 }, 'not_before_invalid', 'must be before the expiry'],
  ])('%j is refused', async (given, code, message) => {
    const { batches } = await openBatches();
    await expect(batches.create(given)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('without items completes when it is sealed, once', async () => {
    const { batches, runner, reported } = await openBatches();
    const { id } = await batches.create({});
    expect(await batches.seal(id, undefined)).toMatchObject({ status: 'completed', progress: 1 });
    expect(await batches.seal(id, undefined)).toMatchObject({
      status: 'completed',
      endedAt: new Date(START),
    });
    expect(await batches.cancel(id, undefined)).toMatchObject({ status: 'completed' });
    while (await runner.run());
    expect(reported).toHaveLength(1);
  });

  test('that its client leaves open is sealed a week after its last item, or when it expires', async () => {
    const { batches, runner, clock } = await openBatches();
    const left = await batches.create({});
    const brief = await batches.create({ expiresAt: START + 5_000 });
    clock.advanceSeconds(5);
    await expect(batches.add(brief.id, undefined, [item('a')])).rejects.toMatchObject({
      code: 'batch_closed',
      message: `The batch ${brief.id} is expired and takes no more items: create another one`,
    });
    await runner.run();
    expect((await batches.get(brief.id, undefined)).status).toBe('completed');
    await batches.add(left.id, undefined, [item('a')]);
    clock.advanceSeconds(BATCH_OPEN_MILLISECONDS / 1000 - 1);
    while (await runner.run());
    expect((await batches.get(left.id, undefined)).status).toBe('open');
    clock.advanceSeconds(1);
    await runner.run();
    expect((await batches.get(left.id, undefined)).status).toBe('running');
  });

  test('is cancelled over several turns, by another process if one dies', async () => {
    const service = await openBatches();
    const { batches, runner, clock, store } = service;
    const { id } = await batches.create({});
    const items = Array.from({ length: 1_203 }, (_, number) => item(String(number)));
    await batches.add(id, undefined, items);
    const [first, second] = await itemsOf(service, id);
    if (!first || !second) throw new Error('no items');
    const lease = await service.claim(first.record);
    await service.end(second.record, 'succeeded');
    expect((await batches.cancel(id, undefined)).status).toBe('cancelling');
    // A process that dies holds the lease.
    expect(await store.takeDue(clock.now(), clock.now() + 30_000)).toHaveLength(1);
    expect(await runner.run()).toBe(false);
    clock.advanceSeconds(30);
    expect(await runner.run()).toBe(true);
    expect((await batches.get(id, undefined)).counts).toMatchObject({ queued: 203, cancelled: 998 });
    while (await runner.run());
    expect(await batches.get(id, undefined)).toMatchObject({
      status: 'cancelling',
      counts: { queued: 0, running: 1, succeeded: 1, cancelled: 1_201 },
    });
    await lease?.release(new Error('stopped'), false, 0);
    expect((await batches.get(id, undefined)).status).toBe('cancelled');
    while (await runner.run());
    expect(service.reported).toHaveLength(1);
  });

  test('that is cancelled has the messages of items that wait for their time delivered, even if a process dies meanwhile', async () => {
    const service = await openBatches();
    const { batches, runner, clock, file, records } = service;
    const { id } = await batches.create({ notBefore: START + 60_000 });
    await batches.add(id, undefined, [item('a'), item('b')]);
    await batches.cancel(id, undefined);
    const [first] = await itemsOf(service, id);
    if (!first) throw new Error('no items');
    // A process that died then.
    await records.change(first.record.request, { type: 'cancel' });
    const input = new SqliteInputQueue(file, { queue: 'requests', clock });
    expect(await receiveNow(input, 10)).toHaveLength(0);
    await runner.run();
    expect(await receiveNow(input, 10)).toHaveLength(2);
  });

  test('whose report fails is reported later', async () => {
    const service = await openBatches();
    const { batches, runner, clock, reported, logger } = service;
    const { id } = await batches.create({});
    await batches.seal(id, undefined);
    service.failure = new Error('no queue');
    await runner.run();
    expect(logger.lines).toMatchObject([
      { level: 'error', message: 'A batch could not be advanced', fields: { batch: id } },
    ]);
    service.failure = undefined;
    expect(await runner.run()).toBe(false);
    clock.advanceSeconds(30);
    await runner.run();
    expect(reported).toHaveLength(1);
  });

  test('and the records of its items are kept until its time is over, and end together', async () => {
    const service = await openBatches();
    const { batches, clock, file, runner } = service;
    const { id } = await batches.create({});
    await batches.add(id, undefined, [item('a'), item('b')]);
    const [a, b] = await itemsOf(service, id);
    if (!a || !b) throw new Error('no items');
    await service.end(a.record, 'succeeded');
    // Longer than a record is kept.
    clock.advanceSeconds((RECORD_AGE_DAYS + 1) * 86_400);
    await deleteExpired(file, {}, clock.now());
    expect(await itemsOf(service, id)).toMatchObject([
      { key: 'a', record: { status: 'succeeded' } },
      { key: 'b' },
    ]);
    await service.records.submit(b.record.request, clock.now(), true);
    await service.end(b.record, 'failed');
    await batches.seal(id, undefined);
    while (await runner.run());
    clock.advanceSeconds(RECORD_AGE_DAYS * 86_400 - 1);
    await deleteExpired(file, {}, clock.now());
    expect(await itemsOf(service, id)).toHaveLength(2);
    clock.advanceSeconds(1);
    await expect(batches.get(id, undefined)).rejects.toMatchObject({ code: 'batch_unknown' });
    await deleteExpired(file, {}, clock.now());
    for (const table of ['batches', 'batch_items', 'records']) {
      expect(file.statement(`SELECT count(*) AS count FROM ${table}`).get()).toEqual({ count: 0 });
    }
  });
});

test('a file of an earlier version takes batches', async () => {
  const { file, path } = await openSqlite();
  expect(file.statement("SELECT name FROM sqlite_schema WHERE name LIKE '%batch%'").all()).toEqual([]);
  const other = await SqliteFile.open(path);
  onTestFinished(() => other[Symbol.asyncDispose]());
  const [service, elsewhere] = [new BatchService(file), new BatchService(other)];
  const { id } = await service.batches.create({});
  await elsewhere.batches.add(id, undefined, [item('a')]);
  const [added] = await itemsOf(service, id);
  if (!added) throw new Error('no item');
  await service.end(added.record, 'succeeded');
  expect(await elsewhere.batches.seal(id, undefined)).toMatchObject({ status: 'completed' });
});
