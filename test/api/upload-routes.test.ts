import { describe, expect, test } from 'vitest';
import { PartUrls, UploadTicket } from '../../lib/api/upload-schemas.ts';
import { exactly, problemIn, requestIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { upload } from '../support/ticketed-upload.ts';

const ACME = { tenant: 'acme' };
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const SHA256 = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';

async function opened(api: ApiHarness, json: object = { size: 5 }, headers = {}) {
  const response = await api.call('POST', '/v1/uploads', { ...ACME, json, headers });
  expect(response.status).toBe(201);
  expect(response.headers.get('content-type')).toBe('application/json');
  const ticket = exactly(UploadTicket, await response.json());
  return { ...ticket, headers: response.headers, path: `/v1/requests/${ticket.request.id}` };
}

/** A ticket with a form. */
async function formed(api: ApiHarness, json: object = { size: 5 }, headers = {}) {
  const ticket = await opened(api, json, headers);
  if (ticket.upload.method !== 'POST') throw new Error('the upload is in parts');
  return { ...ticket, key: ticket.upload.fields.key ?? '' };
}

/** A ticket for an upload in parts, with one part uploaded. */
async function inParts(api: ApiHarness, size = 5) {
  const ticket = await opened(api, { size, multipart: true });
  if (ticket.upload.method !== 'PUT_PARTS') throw new Error('the upload is a form');
  const { uploadName } = ticket.upload;
  const parts = [{ number: 1, etag: api.transfers.putPart(uploadName, 1, 'hello') }];
  const call = (step: string, json: object, tenant = 'acme') =>
    api.call('POST', `/v1/uploads/${ticket.request.id}/${step}`, { json, tenant });
  return { ...ticket, uploadName, parts, call };
}

async function resourceAt(api: ApiHarness, path: string) {
  return requestIn(await api.call('GET', path, ACME), 200);
}

describe('a ticket', () => {
  test('shows where the request is and how to upload', async () => {
    const api = new ApiHarness();
    const json = {
      size: 5,
      contentType: 'text/csv',
      sha256: SHA256,
      metadata: { a: 'b' },
      expiresAt: '2026-01-31T13:00:00+00:30',
    };
    const { request, headers, key, upload, path } = await formed(api, json);
    expect(request).toEqual({
      id: request.id,
      status: 'awaiting_upload',
      createdAt: '2026-01-31T12:00:00.000Z',
      updatedAt: '2026-01-31T12:00:00.000Z',
      expiresAt: '2026-01-31T12:30:00.000Z',
      attempts: 0,
      why: 'waiting for its upload',
      links: { self: path, result: `${path}/result`, cancel: `${path}/cancel` },
    });
    // From `printf acme | basenc --base64url`.
    expect(key).toBe(`requests/tickets/YWNtZQ/${request.id}`);
    expect(upload).toEqual({
      method: 'POST',
      url: 'https://store.example/',
      fields: { key, 'Content-Type': 'text/csv', Policy: 'signed' },
      expiresAt: '2026-01-31T13:00:00.000Z',
    });
    expect(api.transfers.forms).toMatchObject([
      {
        upload: { key, contentType: 'text/csv', metadata: { a: 'b' } },
        terms: { size: 5, sha256: SHA256 },
      },
    ]);
    const url = new URL(headers.get('location') ?? '', 'https://example.com/prod/v1/uploads');
    expect(url.href).toBe(`https://example.com/prod${path}`);
    expect(headers.get('retry-after')).toBe('2');
    expect(headers.get('cache-control')).toBe('no-store');
    const found = await api.call('GET', path, ACME);
    expect(found.headers.get('etag')).toBe(headers.get('etag'));
    expect(await requestIn(found, 200)).toEqual(request);
  });

  test('without options is for bytes, by a form, without notes', async () => {
    const api = new ApiHarness();
    await formed(api, { size: 1 });
    expect(api.transfers.forms[0]).toMatchObject({
      upload: { contentType: 'application/octet-stream', metadata: {} },
      terms: { size: 1, sha256: undefined, expiresInSeconds: 3_600 },
    });
  });

  test.each([false, true])('B5: has the requested coding and language, in parts: %s', async (multipart) => {
    const api = new ApiHarness();
    await opened(api, { size: 5, multipart, contentEncoding: 'GZIP', contentLanguage: 'de-CH, fr' });
    const expected = { contentEncoding: 'gzip', contentLanguage: 'de-CH, fr' };
    expect(multipart ? api.transfers.open : api.transfers.forms.map(({ upload }) => upload)).toMatchObject([
      expected,
    ]);
  });

  test('B5: for an unknown coding is refused', async () => {
    const api = new ApiHarness();
    const json = { size: 5, contentEncoding: 'compress' };
    const response = await api.call('POST', '/v1/uploads', { json });
    expect(response.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd');
    expect((await problemIn(response, 415)).code).toBe('content_encoding_unsupported');
  });

  test('in parts shows the number of parts and their size', async () => {
    const { upload, uploadName } = await inParts(new ApiHarness());
    expect(upload).toEqual({
      method: 'PUT_PARTS',
      uploadName,
      partSize: 67_108_864,
      partCount: 1,
      expiresAt: '2026-01-31T13:00:00.000Z',
    });
  });

  test('above 5 GiB is for parts even if the client asks for a form', async () => {
    const api = new ApiHarness(undefined, { maxPayloadBytes: 6_000_000_000 });
    const { upload } = await opened(api, { size: 5_368_709_121, multipart: false });
    expect(upload.method).toBe('PUT_PARTS');
  });

  test('above the size limit is refused', async () => {
    const api = new ApiHarness(undefined, { maxPayloadBytes: 5 });
    await opened(api, { size: 5 });
    const response = await api.call('POST', '/v1/uploads', { json: { size: 6 } });
    expect((await problemIn(response, 413)).code).toBe('payload_too_large');
  });

  test('ignores an idempotency key', async () => {
    const api = new ApiHarness();
    const one = await opened(api, { size: 5 }, { 'Idempotency-Key': 'k' });
    const other = await opened(api, { size: 5 }, { 'Idempotency-Key': 'k' });
    expect(one.request.id).not.toBe(other.request.id);
  });

  test('keeps metadata that is also a name of Object.prototype', async () => {
    const api = new ApiHarness();
    const json = { size: 10, metadata: { constructor: 'y' } };
    await api.call('POST', '/v1/uploads', { json });
    const [form] = api.transfers.forms;
    expect(Object.entries(form?.upload.metadata ?? {})).toEqual([['constructor', 'y']]);
    expect(Object.getPrototypeOf(form?.upload.metadata)).toBe(Object.prototype);
  });
});

describe('a ticket request is refused', () => {
  test.each<[string, unknown]>([
    ['no size', {}],
    ['a size of 0', { size: 0 }],
    ['a size that is a text', { size: '5' }],
    ['a size that isn’t whole', { size: 1.5 }],
    ['a size beyond whole numbers', { size: 1e308 }],
    ['a negative size', { size: -5 }],
    ['a list', [{ size: 5 }]],
    ['null', null],
    ['an unknown member', { size: 5, tenant: 'other' }],
    ['a checksum too short', { size: 5, sha256: 'abc=' }],
    ['a checksum in another alphabet', { size: 5, sha256: SHA256.replace('+', '-') }],
    ['a checksum with more behind it', { size: 5, sha256: `${SHA256}\n` }],
    ['a checksum that is null', { size: 5, sha256: null }],
    ['a preference as a text', { size: 5, multipart: 'true' }],
    ['a note that is a number', { size: 5, metadata: { a: 5 } }],
    ['a note in capitals', { size: 5, metadata: { A: 'b' } }],
    ['a note with a line break', { size: 5, metadata: { a: 'b\r\nc: d' } }],
    ['notes that are a list', { size: 5, metadata: ['a'] }],
    ['too many notes', { size: 5, metadata: { a: 'x'.repeat(3_000) } }],
    ['a past time', { size: 5, expiresAt: '2026-01-31T12:00:00Z' }],
    ['a time as a number', { size: 5, expiresAt: 1_800_000_000 }],
    ['no such day', { size: 5, expiresAt: '2026-02-30T12:00:00Z' }],
  ])('with %s', async (_, json) => {
    const api = new ApiHarness();
    const response = await api.call('POST', '/v1/uploads', { json });
    expect((await problemIn(response, 400)).code).toBe('request_malformed');
    expect(api.harness.records.all()).toEqual([]);
    expect(api.admission.applicants).toEqual([]);
  });

  test('with a content type that no object can have', async () => {
    const json = { size: 5, contentType: 'text/plain\r\nx-amz-acl: public-read' };
    const response = await new ApiHarness().call('POST', '/v1/uploads', { json });
    expect((await problemIn(response, 415)).code).toBe('content_type_invalid');
  });

  test.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'image/x+json',
    '',
  ])('as %s', async (contentType) => {
    const options = { body: '{"size":5}', headers: { 'Content-Type': contentType } };
    const response = await new ApiHarness().call('POST', '/v1/uploads', options);
    expect((await problemIn(response, 415)).code).toBe('content_type_invalid');
  });

  test.each(['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8'])(
    'but not as %s',
    async (contentType) => {
      const options = { body: '{"size":5}', headers: { 'Content-Type': contentType } };
      expect((await new ApiHarness().call('POST', '/v1/uploads', options)).status).toBe(201);
    },
  );

  test.each(['', '{', '{"size":5', '{"size":05}', '\ufeff', '['.repeat(100_000)])(
    'with no JSON: %.10s',
    async (body) => {
      const options = { body, headers: { 'Content-Type': 'application/json' } };
      const response = await new ApiHarness().call('POST', '/v1/uploads', options);
      expect((await problemIn(response, 400)).code).toBe('request_malformed');
    },
  );

  test.each<[string, unknown]>([
    ['wrong numbers', { uploadName: 'u', numbers: Array.from({ length: 100_000 }, () => 'x') }],
    [
      'unknown members',
      Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`member-${index}`, 1])),
    ],
    ['one member with a very long name', { ['x'.repeat(1_000_000)]: 1 }],
  ])('with a short answer even to %s', async (_, json) => {
    const response = await new ApiHarness().call('POST', '/v1/uploads/a/parts', { json });
    expect((await response.clone().text()).length).toBeLessThan(10_000);
    expect((await problemIn(response, 400)).code).toBe('request_malformed');
  });

  test('with a short answer for a note with a very long name', async () => {
    const json = { size: 5, metadata: { ['x'.repeat(1_000_000)]: 1 } };
    const response = await new ApiHarness().call('POST', '/v1/uploads', { json });
    expect((await response.text()).length).toBeLessThan(10_000);
  });
});

describe('an upload by a form', () => {
  test('passes the details of its ticket to the handler and the outcome', async () => {
    const api = new ApiHarness(async (request) => {
      const { id, tenant, contentType, metadata } = request;
      return { id, tenant, contentType, metadata, text: await request.text() };
    });
    const json = {
      size: 5,
      contentType: 'text/csv',
      metadata: { a: 'b' },
      expiresAt: '2026-01-31T12:30:00Z',
    };
    const { request, key, path } = await formed(api, json, { traceparent: TRACEPARENT, tracestate: 'a=1' });
    api.harness.clock.advanceSeconds(60);
    expect(await upload(api, { key, content: 'hello' })).toEqual([]);
    expect(api.harness.event).toMatchObject({
      subject: request.id,
      tenant: 'acme',
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
      type: 'coatcheck.request.succeeded',
      data: { id: request.id, tenant: 'acme', contentType: 'text/csv', metadata: { a: 'b' }, text: 'hello' },
    });
    expect(await resourceAt(api, path)).toMatchObject({
      status: 'succeeded',
      createdAt: request.createdAt,
      expiresAt: request.expiresAt,
      endedAt: '2026-01-31T12:01:00.000Z',
    });
  });

  test('that arrives after its expiry expires unread', async () => {
    const api = new ApiHarness(() => expect.unreachable());
    const { request, key, path } = await formed(api, { size: 5, expiresAt: '2026-01-31T12:01:00Z' });
    api.harness.clock.advanceSeconds(60);
    await upload(api, { key, content: 'hello' });
    expect(await resourceAt(api, path)).toMatchObject({
      status: 'expired',
      problem: { code: 'request_expired' },
    });
    expect(api.harness.statuses).toEqual({ [request.id]: 'expired' });
    expect(api.harness.store.opened).toEqual([]);
  });

  test('of a request that is already cancelled never runs, and its outcome says so', async () => {
    const api = new ApiHarness(() => expect.unreachable());
    const { request, key, path } = await formed(api);
    expect((await requestIn(await api.call('POST', `${path}/cancel`, ACME), 200)).status).toBe('cancelled');
    expect(await upload(api, { key, content: 'hello' })).toEqual([]);
    expect(api.harness.statuses).toEqual({ [request.id]: 'cancelled' });
    expect(await resourceAt(api, path)).toMatchObject({ status: 'cancelled', attempts: 0 });
  });

  test('without a byte fails permanently, and the record says so', async () => {
    const api = new ApiHarness(() => expect.unreachable());
    const { request, key, path } = await formed(api, { size: 5 }, { traceparent: TRACEPARENT });
    expect(await upload(api, { key, content: '' })).toEqual([]);
    expect(await resourceAt(api, path)).toMatchObject({
      status: 'failed',
      problem: { code: 'payload_empty', attempts: 1 },
    });
    expect(api.harness.event).toMatchObject({
      subject: request.id,
      tenant: 'acme',
      traceparent: TRACEPARENT,
    });
    expect(api.harness.problem.code).toBe('payload_empty');
  });

  test('that S3 reports twice, or the client does twice, is one request', async () => {
    let runs = 0;
    const api = new ApiHarness(async (request) => `${++runs} ${await request.text()}`);
    const { request, key } = await formed(api);
    await upload(api, { key, content: 'hello' });
    api.harness.clock.advanceSeconds(60);
    await upload(api, { key, content: 'other' });
    expect(runs).toBe(1);
    const [first, second] = api.harness.events;
    expect(first?.data).toBe('1 hello');
    expect(second).toEqual(first);
    expect(api.harness.statuses).toEqual({ [request.id]: 'succeeded' });
  });

  test('with a ticket of no tenant creates a request of no tenant', async () => {
    const api = new ApiHarness(async ({ tenant }) => tenant ?? 'nobody');
    await api.call('POST', '/v1/uploads', { json: { size: 5 } });
    await upload(api, { key: api.transfers.forms[0]?.upload.key ?? '', content: 'hello' });
    expect(api.harness.event).not.toHaveProperty('tenant');
    expect(api.harness.event.data).toBe('nobody');
  });

  test('whose record no longer exists still runs', async () => {
    const api = new ApiHarness(async ({ tenant }) => tenant);
    const { request, key } = await formed(api);
    api.harness.records.drop({ id: request.id, source: '', tenant: 'acme' });
    await upload(api, { key, content: 'hello' });
    expect(api.harness.event).toMatchObject({ subject: request.id, data: 'acme' });
  });

  test('does not support the operations for parts', async () => {
    const api = new ApiHarness();
    const { request } = await formed(api);
    const json = { uploadName: 'upload-1', parts: [{ number: 1, etag: 'x' }] };
    const response = await api.call('POST', `/v1/uploads/${request.id}/complete`, { ...ACME, json });
    expect((await problemIn(response, 404)).code).toBe('upload_unknown');
  });
});

describe('an upload in parts', () => {
  test('gets its URLs, is completed, and runs when S3 reports it', async () => {
    const api = new ApiHarness((request) => request.size);
    const { request, path, uploadName, call } = await inParts(api, 100_000_000);
    const etags = [67_108_864, 32_891_136].map((size, index) =>
      api.transfers.putPart(uploadName, index + 1, 'x', size),
    );
    const parts = etags.map((etag, index) => ({ number: index + 1, etag }));
    const urls = await call('parts', { uploadName, numbers: [2, 1] });
    expect(urls.status).toBe(200);
    expect(urls.headers.get('cache-control')).toBe('no-store');
    expect(
      exactly(PartUrls, await urls.json()).parts.map(({ number, url }) => [number, new URL(url).pathname]),
    ).toEqual([
      [2, `/requests/tickets/YWNtZQ/${request.id}`],
      [1, `/requests/tickets/YWNtZQ/${request.id}`],
    ]);
    const completed = await requestIn(await call('complete', { uploadName, parts }), 202);
    expect(completed.id).toBe(request.id);
    const { key, bytes } = { key: `requests/tickets/YWNtZQ/${request.id}`, bytes: Buffer.alloc(100_000_000) };
    await upload(api, { key, content: bytes });
    expect(api.harness.event).toMatchObject({ subject: request.id, tenant: 'acme', data: 100_000_000 });
    expect((await resourceAt(api, path)).status).toBe('succeeded');
    // A retry after a lost answer, for example.
    expect((await requestIn(await call('complete', { uploadName, parts }), 202)).status).toBe('succeeded');
    expect(api.transfers.completed).toHaveLength(1);
  });

  test('cannot be continued, completed or aborted by another tenant', async () => {
    const api = new ApiHarness();
    const { path, uploadName, parts, call } = await inParts(api);
    for (const [step, json] of [
      ['parts', { uploadName, numbers: [1] }],
      ['complete', { uploadName, parts }],
      ['abort', { uploadName }],
    ] as const) {
      expect((await problemIn(await call(step, json, 'other'), 404)).code).toBe('request_unknown');
    }
    expect(api.transfers.unfinished).toEqual([uploadName]);
    expect((await resourceAt(api, path)).status).toBe('awaiting_upload');
  });

  test('can be completed only with its own parts', async () => {
    const api = new ApiHarness();
    const { uploadName, call } = await inParts(api);
    const wrong = await call('complete', { uploadName, parts: [{ number: 1, etag: '"wrong"' }] });
    expect((await problemIn(wrong, 409)).code).toBe('upload_incomplete');
    const unknown = await call('complete', { uploadName: 'other', parts: [{ number: 1, etag: 'x' }] });
    expect((await problemIn(unknown, 404)).code).toBe('upload_unknown');
    expect(api.transfers.completed).toEqual([]);
  });

  test('can be aborted repeatedly, and is over then', async () => {
    const api = new ApiHarness();
    const { uploadName, parts, call } = await inParts(api);
    expect((await requestIn(await call('abort', { uploadName }), 200)).status).toBe('cancelled');
    expect((await requestIn(await call('abort', { uploadName }), 200)).status).toBe('cancelled');
    expect(api.transfers.unfinished).toEqual([]);
    expect((await problemIn(await call('parts', { uploadName, numbers: [1] }), 409)).code).toBe(
      'upload_over',
    );
    expect((await requestIn(await call('complete', { uploadName, parts }), 202)).status).toBe('cancelled');
    expect(api.harness.records.all()).toMatchObject([{ record: { status: 'cancelled' } }]);
  });

  test('that is completed waits for its turn, even if completed again, and can no longer be aborted', async () => {
    const api = new ApiHarness(async (request) => request.text());
    const { request, uploadName, parts, call } = await inParts(api);
    for (const _ of ['before S3 reports it', 'again']) {
      expect((await requestIn(await call('complete', { uploadName, parts }), 202)).status).toBe('queued');
    }
    expect((await problemIn(await call('abort', { uploadName }), 409)).code).toBe('upload_over');
    await upload(api, { key: `requests/tickets/YWNtZQ/${request.id}`, content: 'hello' });
    expect(api.harness.statuses).toEqual({ [request.id]: 'succeeded' });
  });

  test('cannot be aborted once its payload has arrived', async () => {
    const api = new ApiHarness();
    const { request, uploadName, parts, call } = await inParts(api);
    await call('complete', { uploadName, parts });
    await upload(api, { key: `requests/tickets/YWNtZQ/${request.id}`, content: 'hello' });
    const { code, detail } = await problemIn(await call('abort', { uploadName }), 409);
    expect([code, detail]).toEqual(['upload_over', 'The request must be awaiting_upload, it is succeeded']);
  });

  test.each<[string, unknown]>([
    ['parts', { uploadName: 'u', numbers: [] }],
    ['parts', { uploadName: 'u', numbers: [0] }],
    ['parts', { uploadName: 'u', numbers: [10_001] }],
    ['parts', { uploadName: 'u', numbers: ['1'] }],
    ['parts', { uploadName: 'u', numbers: Array.from({ length: 101 }, (_, index) => index + 1) }],
    ['parts', { uploadName: '', numbers: [1] }],
    ['parts', { uploadName: 'u'.repeat(1_025), numbers: [1] }],
    ['parts', { numbers: [1] }],
    ['complete', { uploadName: 'u', parts: [] }],
    ['complete', { uploadName: 'u', parts: [{ number: 1 }] }],
    ['complete', { uploadName: 'u', parts: [{ number: 1, etag: '' }] }],
    ['complete', { uploadName: 'u', parts: [{ number: 1, etag: 'x', size: 5 }] }],
    [
      'complete',
      { uploadName: 'u', parts: Array.from({ length: 10_001 }, () => ({ number: 1, etag: 'x' })) },
    ],
    ['abort', {}],
    ['abort', { uploadName: 5 }],
  ])('refuses %s with an invalid body: %#', async (step, json) => {
    const api = new ApiHarness();
    const response = await api.call('POST', `/v1/uploads/a/${step}`, { json });
    expect((await problemIn(response, 400)).code).toBe('request_malformed');
  });

  test('gets URLs for many parts at a time', async () => {
    const { uploadName, call } = await inParts(new ApiHarness(), 5_000_000_000);
    const numbers = Array.from({ length: 75 }, (_, index) => 75 - index);
    const { parts } = exactly(PartUrls, await (await call('parts', { uploadName, numbers })).json());
    expect(parts.map(({ number }) => number)).toEqual(numbers);
  });
});
