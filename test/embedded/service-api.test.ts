import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { processor } from 'coatcheck';
import { CoatcheckClient } from 'coatcheck/client';
import { expect, onTestFinished, test } from 'vitest';
import { requireProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';
const MEBIBYTE = 2 ** 20;

/** Gives the payload back, and says what came with it. */
const echo = processor(async (request) => {
  request.logger.info('Echo', { contentType: request.contentType, metadata: request.metadata });
  return request.stream();
});

/** A service with its API, whose clock can be set. */
async function start() {
  const logger = new CollectingLogger();
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
  const file = join(await temporaryFolder(), 'service.db');
  const parts = await openParts({ file, logger }, clock);
  const service = new Service({ ...parts, processor: requireProcessor(echo, 'the test') });
  onTestFinished(() => service.close());
  const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32) });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await app.fetch(new Request(input, init));
    const location = answer.headers.get('location');
    return answer.status === 303 && location ? app.fetch(new Request(location)) : answer;
  };
  return { clock, logger, client: new CoatcheckClient({ baseUrl: BASE_URL, fetch }), fetch };
}

/** Members of answers. */
interface Answer {
  readonly request: { readonly id: string };
  readonly upload: {
    readonly url: string;
    readonly fields: { readonly ticket: string };
    readonly uploadName: string;
    readonly partSize: number;
    readonly partCount: number;
  };
  readonly parts: readonly { readonly number: number; readonly url: string }[];
}

async function post(fetch: typeof globalThis.fetch, path: string, body: unknown) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${BASE_URL}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Answer };
}

/** An upload's form, as a client sends it. */
function formOf(fields: Readonly<Record<string, string>>, bytes: Uint8Array<ArrayBuffer>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([bytes]));
  return form;
}

test('a large payload is uploaded by a form, and its result downloaded', async () => {
  const { client, fetch, logger } = await start();
  const payload = randomBytes(10 * MEBIBYTE);
  const { id } = await client.submit(payload, { contentType: 'image/png', metadata: { customer: '17' } });
  expect(await client.wait(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  const result = await client.result(id);
  expect(Buffer.compare(Buffer.from(await result.bytes()), payload)).toBe(0);
  expect(logger.lines.find(({ message }) => message === 'Echo')).toMatchObject({
    fields: { contentType: 'image/png', metadata: { customer: '17' } },
  });
  const { body } = await post(fetch, '/v1/uploads', { size: 1 });
  expect(body).toMatchObject({ request: { status: 'awaiting_upload' } });
});

test('a payload is uploaded in parts', async () => {
  const { client, fetch } = await start();
  const payload = randomBytes(65 * MEBIBYTE);
  const { body } = await post(fetch, '/v1/uploads', { size: payload.length, multipart: true });
  const { uploadName, partSize, partCount } = body.upload;
  const path = `/v1/uploads/${body.request.id}`;
  expect(partCount).toBe(2);
  const urls = await post(fetch, `${path}/parts`, { uploadName, numbers: [1, 2] });
  const parts: { readonly number: number; readonly etag: string | null }[] = [];
  for (const { number, url } of urls.body.parts) {
    const part = payload.subarray((number - 1) * partSize, number * partSize);
    const tooShort = await fetch(url, { method: 'PUT', body: part.subarray(1) });
    expect(tooShort.status).toBe(400);
    const answer = await fetch(url, { method: 'PUT', body: part });
    parts.push({ number, etag: answer.headers.get('etag') });
  }
  const wrong = parts.map((part) => ({ ...part, etag: parts[0]?.etag }));
  expect(await post(fetch, `${path}/complete`, { uploadName, parts: wrong })).toMatchObject({
    status: 409,
    body: { code: 'upload_incomplete' },
  });
  expect(await post(fetch, `${path}/complete`, { uploadName, parts })).toMatchObject({ status: 202 });
  expect(await client.wait(body.request.id)).toMatchObject({ status: 'succeeded' });
  const result = await client.result(body.request.id);
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(digest(await result.bytes())).toBe(digest(payload));
  expect(await post(fetch, `${path}/complete`, { uploadName, parts })).toMatchObject({ status: 202 });
});

test('an upload that is abandoned is cancelled, and its parts are gone', async () => {
  const { fetch } = await start();
  const { body } = await post(fetch, '/v1/uploads', { size: 5, multipart: true });
  const { uploadName } = body.upload;
  const path = `/v1/uploads/${body.request.id}`;
  expect(await post(fetch, `${path}/abort`, { uploadName })).toMatchObject({ body: { status: 'cancelled' } });
  const other = await post(fetch, '/v1/uploads', { size: 5, multipart: true });
  const unknown = { uploadName: '../../service', numbers: [1] };
  expect(await post(fetch, `/v1/uploads/${other.body.request.id}/parts`, unknown)).toMatchObject({
    status: 404,
    body: { code: 'upload_unknown' },
  });
});

test.each([
  ['fewer bytes', 3, undefined],
  ['more bytes', 5, undefined],
  ['another checksum', 4, createHash('sha256').update('none').digest('base64')],
])('a form with %s than announced is refused, and can be sent again', async (_, size, sha256) => {
  const { client, fetch } = await start();
  const { body } = await post(fetch, '/v1/uploads', { size: 4, sha256 });
  const { url, fields } = body.upload;
  const refused = await fetch(url, { method: 'POST', body: formOf({ ...fields }, new Uint8Array(size)) });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: 'upload_mismatch' });
  if (sha256 !== undefined) return;
  const taken = await fetch(url, { method: 'POST', body: formOf({ ...fields }, new Uint8Array(4)) });
  expect(taken.status).toBe(204);
  expect(await client.wait(body.request.id)).toMatchObject({ status: 'succeeded' });
  const again = await fetch(url, { method: 'POST', body: formOf({ ...fields }, new Uint8Array(4)) });
  expect(again.status).toBe(204);
  expect(await client.status(body.request.id)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('a ticket that was changed, is over or is for something else is refused', async () => {
  const { clock, fetch } = await start();
  const { body } = await post(fetch, '/v1/uploads', { size: 4 });
  const { url, fields } = body.upload;
  const send = (ticket: string) =>
    fetch(url, { method: 'POST', body: formOf({ ticket }, new Uint8Array(4)) });
  const [content = '', signature] = fields.ticket.split('.');
  const changed = Buffer.from(Buffer.from(content, 'base64url').toString().replace('"size":4', '"size":9'));
  for (const ticket of ['', 'a.b', `${changed.toString('base64url')}.${signature}`]) {
    expect((await send(ticket)).status).toBe(403);
  }
  const download = await fetch(`${BASE_URL}/transfers/download?ticket=${fields.ticket}`);
  expect(await download.json()).toMatchObject({
    detail: 'This ticket can be used to upload, not to download',
  });
  clock.ahead = 3_601_000;
  expect(await (await send(fields.ticket)).json()).toMatchObject({
    detail: expect.stringContaining('has expired'),
  });
});

test('a call that is no form is refused', async () => {
  const { fetch } = await start();
  const answer = await fetch(`${BASE_URL}/transfers/form`, { method: 'POST', body: 'text' });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('must be a form') });
});

test('requests are listed and cancelled, and the load is known', async () => {
  const { client, fetch } = await start();
  const { id } = await client.submit('text');
  await client.wait(id);
  const list = await (await fetch(`${BASE_URL}/v1/requests`)).json();
  expect(list).toMatchObject({ requests: [{ id, status: 'succeeded' }] });
  expect(await (await fetch(`${BASE_URL}/v1/status`)).json()).toMatchObject({
    accepting: true,
    load: { backlog: 0 },
  });
  await eventually(async () => expect((await fetch(`${BASE_URL}/v1/nothing`)).status).toBe(404));
});

test.each([
  ['a length that is too large', () => new Uint8Array(7 * MEBIBYTE)],
  ['no length', () => ReadableStream.from(Array.from({ length: 7 }, () => new Uint8Array(MEBIBYTE)))],
])('a call with %s is refused', async (_, body) => {
  const { fetch } = await start();
  const answer = await fetch(`${BASE_URL}/v1/requests`, { method: 'POST', body: body(), duplex: 'half' });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ code: 'payload_too_large' });
});
