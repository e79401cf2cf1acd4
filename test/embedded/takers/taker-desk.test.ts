import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CoatcheckClient } from 'coatcheck/client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openParts, type ServiceOptions } from '../../../lib/embedded/open-service.ts';
import { Service } from '../../../lib/embedded/service.ts';
import { createServiceApi } from '../../../lib/embedded/service-api.ts';
import { TakerDesk } from '../../../lib/embedded/takers/taker-desk.ts';
import { DirectoryClientTransfers } from '../../../lib/stores/directory/client-transfers.ts';
import { SqliteOutputQueue } from '../../../lib/stores/sqlite/output-queue.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';

/** A job, as a taker gets it. */
interface Job {
  readonly lease: string;
  readonly leaseEndsAt: string;
  readonly id: string;
  readonly attempt: number;
  readonly data?: unknown;
  readonly dataBase64?: string;
  readonly dataUrl?: string;
}

/** A service whose requests are taken by HTTP. */
async function start(settings: ServiceOptions['settings'] = {}) {
  const stop = new AbortController();
  const logger = new CollectingLogger();
  const file = join(await temporaryFolder(), 'service.db');
  const parts = await openParts(
    { file, logger, graceSeconds: 1, settings: { retryBaseSeconds: 1, retryCapSeconds: 1, ...settings } },
    Date,
  );
  const takers = new TakerDesk(stop.signal, () => Date.now());
  const service = new Service({ ...parts, processor: undefined, takers });
  const drain = async () => {
    stop.abort();
    await service.drain();
  };
  onTestFinished(async () => {
    await drain();
    await service.close();
  });
  const app = createServiceApi({ ...parts, takers, baseUrl: BASE_URL, transferKey: randomBytes(32) });
  const fetch: typeof globalThis.fetch = async (input, init) => app.fetch(new Request(input, init));
  const call = async (path: string, body: unknown = {}, signal?: AbortSignal) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal };
    const answer = await fetch(`${BASE_URL}/v1/jobs/${path}`, init);
    const text = await answer.text();
    return { status: answer.status, body: text && JSON.parse(text) };
  };
  const receive = async (body: unknown = {}, signal?: AbortSignal): Promise<Job[]> =>
    (await call('receive', body, signal)).body.jobs;
  const takeOne = async (body: object = {}): Promise<Job> => {
    const [job] = await receive(body);
    if (!job) throw new Error('no job came in time');
    return job;
  };
  const client = new CoatcheckClient({ baseUrl: BASE_URL, fetch });
  const { storage } = parts;
  return { client, call, receive, takeOne, takers, fetch, drain, logger, storage };
}

test('a request is taken with its payload and ended with a result of any type', async () => {
  const { client, takeOne, fetch } = await start();
  const taking = takeOne();
  const { id } = await client.submit('{"number":12345678901234567890}', {
    contentType: 'application/json',
    metadata: { customer: '17' },
    topic: 'orders',
  });
  const job = await taking;
  expect(job).toMatchObject({ id, attempt: 1, topic: 'orders', metadata: { customer: '17' }, size: 31 });
  expect(await client.status(id)).toMatchObject({ status: 'running' });
  const answer = await fetch(`${BASE_URL}/v1/jobs/${job.lease}/ack`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: 'a,b\n1,2\n',
  });
  expect(answer.status).toBe(204);
  // It is recorded before the answer.
  expect(await client.status(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  const result = await client.result(id);
  expect([result.contentType, await result.text()]).toEqual(['text/csv', 'a,b\n1,2\n']);
});

test('JSON is given out unchanged, text as a string, other bytes in base64, a large payload by a link', async () => {
  const { client, receive, fetch } = await start();
  const taking = fetch(`${BASE_URL}/v1/jobs/receive`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  await client.submit('{"big":12345678901234567890.10}', { contentType: 'application/json' });
  expect(await (await taking).text()).toContain('"data":{"big":12345678901234567890.10}}');
  await client.submit('some "text"', { contentType: 'text/plain' });
  expect(await receive()).toMatchObject([{ data: 'some "text"' }]);
  await client.submit(new Uint8Array([0, 255]));
  expect(await receive()).toMatchObject([{ dataBase64: 'AP8=' }]);
  await fetch(`${BASE_URL}/v1/requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync('{}'),
  });
  const [zipped] = await receive();
  expect(zipped).toMatchObject({ contentEncoding: 'gzip', dataBase64: gzipSync('{}').toString('base64') });
  const large = randomBytes(5 * 2 ** 20);
  await client.submit(large);
  const [job] = await receive();
  for (let reads = 0; reads < 2; reads++) {
    const bytes = await (await fetch(job?.dataUrl ?? '')).arrayBuffer();
    expect(Buffer.compare(Buffer.from(bytes), large)).toBe(0);
  }
});

test('a job whose payload can’t be handed over is tried again, and the others are given out', async () => {
  const { client, receive, takeOne } = await start();
  const large = await client.submit(randomBytes(2 * 2 ** 20));
  const small = await client.submit('x');
  vi.spyOn(DirectoryClientTransfers.prototype, 'downloadUrl').mockRejectedValueOnce(new Error('no link'));
  expect(await receive({ max: 2 })).toMatchObject([{ id: small.id }]);
  // A call that gets only the job without a link has none, so the next one gets its second attempt.
  const retried = await eventually(() => takeOne());
  expect(retried).toMatchObject({ id: large.id, attempt: 2, dataUrl: expect.any(String) });
  expect(await client.status(large.id)).toMatchObject({ lastError: { message: 'no link' } });
});

test('a result larger than memory limits is streamed to the store', async () => {
  const { client, takeOne, fetch } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne();
  const result = randomBytes(20 * 2 ** 20);
  const ack = await fetch(`${BASE_URL}/v1/jobs/${lease}/ack`, { method: 'POST', body: result });
  expect(ack.status).toBe(204);
  const answer = await fetch(`${BASE_URL}/v1/requests/${id}/result`);
  const stored = await fetch(answer.headers.get('location') ?? '');
  expect(Buffer.compare(Buffer.from(await stored.arrayBuffer()), result)).toBe(0);
});

test('a result with a content encoding is decoded', async () => {
  const { client, takeOne, fetch } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne();
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
  const path = `${BASE_URL}/v1/jobs/${lease}/ack`;
  const unknown = { ...headers, 'content-encoding': 'rot13' };
  expect((await fetch(path, { method: 'POST', headers: unknown, body: 'x' })).status).toBe(415);
  const ack = await fetch(path, { method: 'POST', headers, body: gzipSync('plain') });
  expect(ack.status).toBe(204);
  expect(await (await client.result(id)).text()).toBe('plain');
});

test('a result that isn’t what its content encoding says: the request fails, and its taker knows', async () => {
  const { client, takeOne, fetch } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne();
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
  const ack = await fetch(`${BASE_URL}/v1/jobs/${lease}/ack`, { method: 'POST', headers, body: 'plain' });
  expect(ack.status).toBe(422);
  expect(await ack.json()).toMatchObject({
    code: 'content_encoding_invalid',
    detail: expect.stringContaining(`The request ${id} has failed: The result is not valid gzip`),
  });
  expect((await client.status(id)).status).toBe('failed');
});

test('a result that hasn’t arrived when the lease runs out is not taken, and the request is given out again', async () => {
  const { client, takeOne, fetch } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne({ leaseSeconds: 1 });
  const body = new ReadableStream({ start: (half) => half.enqueue(new TextEncoder().encode('half')) });
  const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body, duplex: 'half' } as const;
  expect((await fetch(`${BASE_URL}/v1/jobs/${lease}/ack`, init)).status).toBe(409);
  expect(await takeOne()).toMatchObject({ id, attempt: 2 });
});

test('a result whose outcome can’t be published is answered with 503', async () => {
  const { client, call, takeOne } = await start();
  await client.submit('x');
  const { lease } = await takeOne();
  vi.spyOn(SqliteOutputQueue.prototype, 'send').mockRejectedValueOnce(new Error('the disk is full'));
  expect(await call(`${lease}/ack`, 1)).toMatchObject({ status: 503, body: { code: 'outcome_unrecorded' } });
});

test('an ack without a body is the result null', async () => {
  const { client, call, takeOne, fetch } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne();
  const ack = await fetch(`${BASE_URL}/v1/jobs/${lease}/ack`, { method: 'POST' });
  expect(ack.status).toBe(204);
  expect(await (await client.result(id)).json()).toBeNull();
  expect(await call(`${lease}/fail`, { message: 'late' })).toMatchObject({ status: 409 });
});

test('a taker fails a request, or asks for another attempt', async () => {
  const { client, call, takeOne } = await start();
  const { id } = await client.submit('x');
  const first = await takeOne();
  expect(await call(`${first.lease}/retry`, { afterSeconds: 0, message: 'busy' })).toEqual({
    status: 204,
    body: '',
  });
  expect(await client.status(id)).toMatchObject({ status: 'queued', lastError: { message: 'busy' } });
  const second = await takeOne();
  expect(second).toMatchObject({ id, attempt: 2 });
  expect(second.lease).not.toBe(first.lease);
  const failure = { code: 'csv_invalid', message: 'line 2 is broken', details: { line: 2 } };
  expect(await call(`${second.lease}/fail`, failure)).toMatchObject({ status: 204 });
  expect(await client.status(id)).toMatchObject({
    status: 'failed',
    problem: { code: 'csv_invalid', detail: 'line 2 is broken', details: { line: 2 } },
  });
});

test('a request whose taker never answers is given to another; when its attempts are used up it fails', async () => {
  const { client, call, takeOne } = await start({ maxAttempts: 2 });
  const { id } = await client.submit('x');
  const silent = await takeOne({ leaseSeconds: 1 });
  const other = await takeOne({ leaseSeconds: 1 });
  expect(other).toMatchObject({ id, attempt: 2 });
  expect(await call(`${silent.lease}/ack`)).toMatchObject({ status: 409, body: { code: 'lease_not_held' } });
  expect(await call(`${silent.lease}/extend`)).toMatchObject({ status: 409 });
  expect(await client.wait(id)).toMatchObject({
    status: 'failed',
    problem: { code: 'attempts_exhausted', detail: expect.stringContaining('TakerSilent') },
  });
  expect(await call(`${other.lease}/ack`)).toMatchObject({ status: 409 });
});

test('a lease is extended, with progress', async () => {
  const { client, call, takeOne, logger } = await start();
  const { id } = await client.submit('x');
  const { lease, leaseEndsAt } = await takeOne({ leaseSeconds: 3 });
  const extended = await call(`${lease}/extend`, {
    leaseSeconds: 100,
    progress: { fraction: 0.5, note: 'half' },
  });
  expect(Date.parse(extended.body.leaseEndsAt)).toBeGreaterThan(Date.parse(leaseEndsAt) + 90_000);
  expect(logger.lines.find(({ message }) => message === 'Progress')).toMatchObject({
    fields: { fraction: 0.5, note: 'half' },
  });
  await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(leaseEndsAt) + 100));
  expect(await call(`${lease}/ack`, { done: true })).toMatchObject({ status: 204 });
  expect(await client.status(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('of two takers that wait, each request goes to one', async () => {
  const { client, call, receive } = await start();
  const taken: string[] = [];
  let isOver = false;
  const takers = [1, 2].map(async () => {
    while (!isOver) {
      const jobs = await receive({ max: 3, waitSeconds: 1 });
      taken.push(...jobs.map(({ id }) => id));
      await Promise.all(jobs.map(({ lease }) => call(`${lease}/ack`, 1)));
    }
  });
  const submitted = await Promise.all(
    Array.from({ length: 40 }, (_, number) => client.submit(new Blob([String(number)]))),
  );
  for (const { id } of submitted)
    expect(await client.wait(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  isOver = true;
  await Promise.all(takers);
  expect(taken.toSorted()).toEqual(submitted.map(({ id }) => id).toSorted());
});

test('two calls that end one lease: one succeeds', async () => {
  const { client, call, takeOne } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne();
  const answers = await Promise.all([call(`${lease}/ack`, 1), call(`${lease}/fail`, { message: 'no' })]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409]);
  expect(['succeeded', 'failed']).toContain((await client.status(id)).status);
});

test('nothing is received until a taker waits, and a taker that goes away loses nothing', async () => {
  const { client, call, receive, takeOne } = await start();
  const { id } = await client.submit('first');
  expect(await client.status(id)).toMatchObject({ status: 'queued', attempts: 0 });
  expect(await call(`${(await takeOne()).lease}/ack`, 1)).toMatchObject({ status: 204 });
  const gone = new AbortController();
  const waiting = receive({}, gone.signal);
  gone.abort();
  expect(await waiting).toEqual([]);
  const next = await client.submit('second');
  expect(await client.status(next.id)).toMatchObject({ status: 'queued', attempts: 0 });
  expect(await takeOne({ waitSeconds: 0 })).toMatchObject({ id: next.id, attempt: 1 });
});

test('a taker gets no more requests than it asks for, and the others stay in the queue', async () => {
  const { client, call, receive } = await start();
  for (let number = 0; number < 5; number++) await client.submit(new Blob([String(number)]));
  const jobs = await receive({ max: 2 });
  for (const { lease } of jobs) expect(await call(`${lease}/ack`, 1)).toMatchObject({ status: 204 });
  const attempts: number[] = [];
  for await (const waiting of client.list({ status: 'queued' })) attempts.push(waiting.attempts);
  expect(attempts).toEqual(Array(5 - jobs.length).fill(0));
});

test('a taker learns that its request was cancelled when it extends or ends', async () => {
  const { client, call, takeOne } = await start();
  const { id } = await client.submit('x');
  const { lease } = await takeOne();
  expect(await client.cancel(id)).toMatchObject({ status: 'cancelling' });
  await eventually(async () => expect(await call(`${lease}/extend`)).toMatchObject({ status: 409 }));
  await eventually(async () => expect(await client.status(id)).toMatchObject({ status: 'cancelled' }));
});

test('a service that stops answers takers that wait, lets jobs end, and hands back the rest uncounted', async () => {
  const { client, call, receive, takeOne, takers, drain } = await start({ maxAttempts: 1 });
  const ended = await client.submit('is ended');
  const { lease } = await takeOne();
  const unended = await client.submit('is not ended');
  await takeOne({ leaseSeconds: 1 });
  const waiting = receive({ waitSeconds: 50 });
  await eventually(() => expect(takers.wanted).toBe(1));
  const draining = drain();
  expect(await waiting).toEqual([]);
  expect(await call('receive')).toMatchObject({ status: 503, body: { code: 'service_stopping' } });
  expect(await call(`${lease}/ack`, 1)).toMatchObject({ status: 204 });
  await draining;
  expect(await client.status(ended.id)).toMatchObject({ status: 'succeeded' });
  expect(await client.status(unended.id)).toMatchObject({ status: 'queued' });
});

test('a job that a stopped service hands back waits until its taker’s lease is over', async () => {
  const { client, takeOne, drain, storage } = await start();
  await client.submit('x');
  const { leaseEndsAt } = await takeOne();
  await drain();
  const { visibleAt } = Object(
    storage.file.statement('SELECT visible_at AS visibleAt FROM messages').get({}),
  );
  expect(visibleAt).toBeGreaterThanOrEqual(Date.parse(leaseEndsAt));
});

test.each([
  ['receive', { max: 0 }, 400, 'max'],
  ['receive', { max: 11 }, 400, 'max'],
  ['receive', { max: 1.5 }, 400, 'max'],
  ['receive', { waitSeconds: -1 }, 400, 'waitSeconds'],
  ['receive', { waitSeconds: 51 }, 400, 'waitSeconds'],
  ['receive', { leaseSeconds: 0 }, 400, 'leaseSeconds'],
  ['receive', { leaseSeconds: 43_201 }, 400, 'leaseSeconds'],
  ['receive', { maximum: 2 }, 400, 'this call takes max, waitSeconds, leaseSeconds'],
  ['receive?max=2', {}, 400, 'unknown query parameter'],
  ['nothing/ack', {}, 409, 'This lease is not held'],
  ['nothing/extend', { leaseSeconds: 'x' }, 400, 'leaseSeconds'],
  ['nothing/extend', { progress: { fraction: 2 } }, 400, 'fraction'],
  ['nothing/extend', {}, 409, 'This lease is not held'],
  ['nothing/fail', {}, 400, 'message'],
  ['nothing/fail', { message: '' }, 400, 'message'],
  ['nothing/fail', { message: 'x', code: 'has space' }, 400, 'code'],
  ['nothing/fail', { message: 'x' }, 409, 'This lease is not held'],
  ['nothing/retry', { afterSeconds: -1 }, 400, 'afterSeconds'],
  ['nothing/retry', { afterSeconds: 43_201 }, 400, 'afterSeconds'],
  [`${'x'.repeat(101)}/retry`, {}, 400, 'lease'],
  ['nothing/retry', {}, 409, 'This lease is not held'],
  ['nothing', {}, 404, 'Path not found'],
])('%s with %o is refused: %i', async (path, body, status, detail) => {
  const { call } = await start();
  expect(await call(path, body)).toMatchObject({ status, body: { detail: expect.stringContaining(detail) } });
});

test.each([
  ['receive', 'text/plain', '{}', 415],
  ['receive', 'application/json', '{', 400],
  ['nothing/ack', 'no type', 'x', 415],
])('%s as %s is refused', async (path, contentType, body, status) => {
  const { fetch } = await start();
  const init = { method: 'POST', headers: { 'content-type': contentType }, body };
  expect((await fetch(`${BASE_URL}/v1/jobs/${path}`, init)).status).toBe(status);
});

test('the OpenAPI document has the calls of takers', async () => {
  const { fetch } = await start();
  const document = (await (await fetch(`${BASE_URL}/v1/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/v1/jobs/receive', '/v1/jobs/{lease}/ack', '/v1/requests']),
  );
});
