import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { processor, RetryLater } from 'coatcheck';
import { openService } from 'coatcheck/embedded';
import { expect, test } from 'vitest';
import {
  type OutboxOptions,
  outboxRow,
  SQLITE_OUTBOX,
  SQLITE_OUTBOX_INSERT,
} from '../../lib/outbox/index.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const valuesOf = (payload: unknown, options?: OutboxOptions) => {
  const {
    id,
    aggregatetype,
    aggregateid,
    type,
    payload: message,
    tracingspancontext,
  } = outboxRow(payload, options);
  return [id, aggregatetype, aggregateid, type, message, tracingspancontext] as const;
};

async function openFiles() {
  const folder = await temporaryFolder();
  const application = new DatabaseSync(join(folder, 'app.db'));
  application.exec(`PRAGMA journal_mode = WAL; ${SQLITE_OUTBOX}`);
  const insert = (payload: unknown, options?: OutboxOptions) => {
    const values = valuesOf(payload, options);
    application.prepare(SQLITE_OUTBOX_INSERT).run(...values);
    return values[0];
  };
  return { jobs: join(folder, 'jobs.db'), file: join(folder, 'app.db'), application, insert };
}

const logger = new CollectingLogger();

test('a row becomes a request with all that it says, and is removed', async () => {
  const { jobs, file, application, insert } = await openFiles();
  const seen: unknown[] = [];
  const handler = processor(async (request) => {
    const { tenant, topic, metadata } = request;
    seen.push({ tenant, topic, metadata, payload: await request.json() });
    return 'done';
  });
  await using service = await openService({ file: jobs, processor: handler, logger });
  await service.relayOutbox({ file });
  const id = insert(
    { a: 1 },
    { tenant: 'acme', topic: 'orders', metadata: { from: 'app' }, priority: 'high' },
  );
  await eventually(async () => expect(await service.request(id, { tenant: 'acme' })).toBeDefined());
  expect(await service.wait(id, { tenant: 'acme' })).toMatchObject({ status: 'succeeded' });
  expect(seen).toEqual([{ tenant: 'acme', topic: 'orders', metadata: { from: 'app' }, payload: { a: 1 } }]);
  await eventually(() => expect(application.prepare('SELECT id FROM outbox').all()).toEqual([]));
  application.close();
});

test('a payload that is too large for a message is stored', async () => {
  const { jobs, file, application, insert } = await openFiles();
  const handler = processor(async (request) => (await request.text()).length);
  await using service = await openService({ file: jobs, processor: handler, logger });
  await service.relayOutbox({ file });
  const id = insert('x'.repeat(2_000_000));
  await eventually(async () => expect(await service.request(id)).toBeDefined());
  const outcome = await service.wait(id);
  expect(outcome.status === 'succeeded' && (await outcome.result.json())).toBe(2_000_000);
  application.close();
});

test('requests of two tenants with one id keep their own large payloads', async () => {
  const { jobs, file, application } = await openFiles();
  const other = await openFiles();
  const row = valuesOf('a'.repeat(2_000_000), { tenant: 'a' });
  const same = valuesOf('b'.repeat(2_000_000), { tenant: 'b' });
  application.prepare(SQLITE_OUTBOX_INSERT).run(...row);
  const payload = same[4].replaceAll(same[0], row[0]);
  other.application.prepare(SQLITE_OUTBOX_INSERT).run(...same.with(0, row[0]).with(4, payload));
  await using service = await openService({ file: jobs, logger });
  await service.relayOutbox({ file });
  await service.relayOutbox({ file: other.file });
  for (const tenant of ['a', 'b']) {
    await eventually(async () => expect(await service.request(row[0], { tenant })).toBeDefined());
  }
  const handler = processor(async (request) => (await request.text())[0]);
  await service[Symbol.asyncDispose]();
  await using running = await openService({ file: jobs, processor: handler, logger });
  for (const tenant of ['a', 'b']) {
    const outcome = await running.wait(row[0], { tenant });
    expect(outcome.status === 'succeeded' && (await outcome.result.json())).toBe(tenant);
  }
  application.close();
  other.application.close();
});

test('a row that comes again changes nothing, whether its request waits or has ended', async () => {
  const { jobs, file, application, insert } = await openFiles();
  let runs = 0;
  const handler = processor(() => ++runs);
  const values = valuesOf('once');
  application.prepare(SQLITE_OUTBOX_INSERT).run(...values);
  {
    await using service = await openService({ file: jobs, logger });
    await service.relayOutbox({ file });
    await eventually(async () => expect(await service.request(values[0])).toBeDefined());
    await eventually(() => expect(application.prepare('SELECT id FROM outbox').all()).toEqual([]));
    application.prepare(SQLITE_OUTBOX_INSERT).run(...values);
    await eventually(() => expect(application.prepare('SELECT id FROM outbox').all()).toEqual([]));
  }
  await using service = await openService({ file: jobs, processor: handler, logger });
  const outcomes: string[] = [];
  service.consume(({ requestId }) => void outcomes.push(requestId));
  await service.relayOutbox({ file });
  await service.wait(values[0]);
  application.prepare(SQLITE_OUTBOX_INSERT).run(...values);
  const last = insert('last');
  await eventually(() => expect(outcomes).toContain(last));
  expect(outcomes).toEqual([values[0], last]);
  expect(runs).toBe(2);
  application.close();
});

test('a row that the service can not take is kept with the reason', async () => {
  const { jobs, file, application, insert } = await openFiles();
  await using service = await openService({ file: jobs, order: 'fifo', logger });
  await service.relayOutbox({ file });
  const early = insert('later', { notBefore: new Date(Date.now() + 600_000) });
  const malformed = valuesOf('x').with(4, 'not the request');
  application.prepare(SQLITE_OUTBOX_INSERT).run(...malformed);
  const refused = () => application.prepare('SELECT id, refused FROM outbox ORDER BY position').all();
  await eventually(() =>
    expect(refused()).toEqual([
      {
        id: early,
        refused: expect.stringContaining("notBefore can't be used in a service that keeps order"),
      },
      { id: malformed[0], refused: expect.stringContaining('payload must be the message of the request') },
    ]),
  );
  application.close();
});

test('a row of another library becomes a request with its id and its payload', async () => {
  const { jobs, file, application } = await openFiles();
  const handler = processor(async (request) => ({ topic: request.topic, event: await request.json() }));
  await using service = await openService({ file: jobs, processor: handler, logger });
  await service.relayOutbox({ file });
  const id = crypto.randomUUID();
  application.prepare(SQLITE_OUTBOX_INSERT).run(id, 'order', '7', 'OrderCreated', '{"order":7}', null);
  await eventually(async () => expect(await service.request(id)).toMatchObject({ status: 'succeeded' }));
  const outcome = await service.wait(id);
  expect(outcome.status === 'succeeded' && (await outcome.result.json())).toEqual({
    topic: 'order',
    event: { order: 7 },
  });
  application.close();
});

test('complete() hands a request on in its transaction: to the outbox in the file of the service', async () => {
  const { jobs, application } = await openFiles();
  application.close();
  const tables = new DatabaseSync(jobs);
  tables.exec(
    `${SQLITE_OUTBOX} CREATE TABLE app_steps (step INTEGER NOT NULL, last INTEGER NOT NULL) STRICT`,
  );
  tables.close();
  let failures = 1;
  const handler = processor(async (request) => {
    const { step, last } = (await request.json()) as { readonly step: number; readonly last: number };
    await request.complete(step, {
      sqlite: (tx) => {
        tx.run('INSERT INTO app_steps VALUES (?, ?)', step, last);
        if (step < last) tx.run(SQLITE_OUTBOX_INSERT, ...valuesOf({ step: step + 1, last }));
        if (step === 2 && failures-- > 0) throw new RetryLater(0);
      },
    });
  });
  await using service = await openService({ file: jobs, processor: handler, logger });
  await service.relayOutbox();
  const ends: string[] = [];
  service.consume(({ status }) => void ends.push(status));
  await service.submit({ step: 1, last: 4 });
  await eventually(() => expect(ends).toHaveLength(4));
  using reading = new DatabaseSync(jobs);
  const steps = reading.prepare('SELECT step FROM app_steps ORDER BY rowid').all();
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
});
