import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problemIn, requestIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { START } from '../support/test-clock.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** An API whose handler returns its input. */
function echoing(): ApiHarness {
  return new ApiHarness(async (request) => {
    const { id, tenant, contentType, metadata } = request;
    return { id, tenant, contentType, metadata, text: await request.text() };
  });
}

function submit(api: ApiHarness, headers: Readonly<Record<string, string>> = {}, body = 'hello') {
  return api.call('POST', '/v1/requests', { body, headers, tenant: 'acme' });
}

describe('a submitted request', () => {
  test('gets a ticket and its URL', async () => {
    const api = new ApiHarness();
    const response = await submit(api);
    const { headers } = response;
    const request = await requestIn(response, 202);
    expect(request).toEqual({
      id: request.id,
      status: 'queued',
      createdAt: '2026-01-31T12:00:00.000Z',
      updatedAt: '2026-01-31T12:00:00.000Z',
      attempts: 0,
      why: 'waiting to start',
      links: {
        self: `/v1/requests/${request.id}`,
        result: `/v1/requests/${request.id}/result`,
        cancel: `/v1/requests/${request.id}/cancel`,
      },
    });
    expect(headers.get('retry-after')).toBe('2');
    expect(headers.get('preference-applied')).toBeNull();
    const found = await api.call('GET', request.links.self, { tenant: 'acme' });
    expect(found.headers.get('etag')).toBe(headers.get('etag'));
    expect(await requestIn(found, 200)).toEqual(request);
  });

  test.each([
    ['https://example.com/v1/requests', 'https://example.com/v1/requests/'],
    ['https://example.com/prod/api/v1/requests', 'https://example.com/prod/api/v1/requests/'],
    ['https://example.com/v1/requests?a=b', 'https://example.com/v1/requests/'],
  ])('at %s has its URL below %s', async (url, below) => {
    const response = await submit(new ApiHarness());
    const location = response.headers.get('location') ?? '';
    expect(new URL(location, url).href).toBe(below + (await requestIn(response, 202)).id);
  });

  test('passes all its details to the handler', async () => {
    const api = echoing();
    const trace = { traceparent: TRACEPARENT, tracestate: 'a=1' };
    const { id } = await requestIn(
      await submit(api, {
        'Content-Type': 'text/csv; charset=utf-8',
        'Coatcheck-Metadata-Customer': '42',
        'Coatcheck-Expires-At': '2026-01-31T12:01:00Z',
        ...trace,
      }),
      202,
    );
    expect(api.harness.records.all()).toMatchObject([
      {
        record: {
          request: { id, source: '', tenant: 'acme', expiresAt: START + 60_000, ...trace },
        },
      },
    ]);
    await api.deliver();
    expect(api.harness.event).toMatchObject({
      subject: id,
      tenant: 'acme',
      ...trace,
      data: {
        id,
        tenant: 'acme',
        contentType: 'text/csv; charset=utf-8',
        metadata: { customer: '42' },
        text: 'hello',
      },
    });
  });

  test('shows its expiry, and expires then', async () => {
    const api = echoing();
    const expiring = await requestIn(
      await submit(api, { 'Coatcheck-Expires-At': '2026-01-31T13:00:00.5+01:00' }),
      202,
    );
    expect(expiring.expiresAt).toBe('2026-01-31T12:00:00.500Z');
    api.harness.clock.advanceSeconds(1);
    await api.deliver();
    const { id } = expiring;
    const { status, problem } = await requestIn(
      await api.call('GET', `/v1/requests/${id}`, { tenant: 'acme' }),
      200,
    );
    expect(status).toBe('expired');
    expect(problem?.code).toBe('request_expired');
  });

  test('without a content type is bytes', async () => {
    const api = echoing();
    await api.call('POST', '/v1/requests', { body: new Uint8Array(Buffer.from('hello')) });
    await api.deliver();
    expect(api.harness.event.data).toMatchObject({ contentType: 'application/octet-stream' });
  });

  test('with an invalid trace parent is accepted without one', async () => {
    const api = new ApiHarness();
    await submit(api, { traceparent: '00-0-0-00\t' });
    expect(api.harness.records.all()[0]?.record.request.traceparent).toBeUndefined();
  });

  test('passes its bytes unchanged to the handler', async () => {
    const received: Buffer[] = [];
    const api = new ApiHarness(async (request) => {
      received.push(Buffer.from(await request.bytes()));
    });
    const contentTypes = fc.constantFrom(
      'application/json',
      'text/plain;charset=utf-16',
      'image/png',
      'multipart/form-data',
    );
    const bodies = fc.oneof(
      fc.uint8Array({ minLength: 1 }),
      fc.json().map((json) => new Uint8Array(Buffer.from(json))),
      fc.constant(new Uint8Array(Buffer.from('\ufeff{"a": 1}\n'))),
    );
    await fc.assert(
      fc.asyncProperty(bodies, contentTypes, async (bytes, contentType) => {
        const body = new Uint8Array(bytes);
        await requestIn(
          await api.call('POST', '/v1/requests', { body, headers: { 'Content-Type': contentType } }),
          202,
        );
        await api.deliver();
        expect(received.pop()).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('of 4 MiB is accepted', async () => {
    const api = new ApiHarness(async (request) => (await request.bytes()).byteLength);
    const { id } = await requestIn(
      await api.call('POST', '/v1/requests', { body: new Uint8Array(4_194_304).fill(255) }),
      202,
    );
    expect(api.harness.store.keys()).toEqual([`payloads/${id}`]);
    await api.deliver();
    expect(api.harness.event.data).toBe(4_194_304);
  });
});

describe('an idempotency key', () => {
  test('quoted or bare gets the same ticket, whatever the status of its request', async () => {
    const api = new ApiHarness();
    const { id } = await requestIn(await submit(api, { 'Idempotency-Key': 'k' }), 202);
    expect(await requestIn(await submit(api, { 'Idempotency-Key': '"k"' }), 202)).toMatchObject({
      id,
      status: 'queued',
    });
    await api.deliver();
    const again = await submit(api, { 'Idempotency-Key': 'k' });
    expect(again.headers.get('retry-after')).toBeNull();
    expect(await requestIn(again, 202)).toMatchObject({ id, status: 'succeeded' });
    expect(api.queue.sent).toHaveLength(1);
  });

  test.each([
    ['another', 'https://example.com/other'],
    ['no', undefined],
  ])('with %s callback URL is refused, because the outcome would go elsewhere', async (_, url) => {
    const api = new ApiHarness(undefined, { callbacks: 'public' });
    const first = { 'Idempotency-Key': 'k', 'Coatcheck-Callback-Url': 'https://example.com/hook' };
    const { id } = await requestIn(await submit(api, first), 202);
    expect((await requestIn(await submit(api, first), 202)).id).toBe(id);
    const other = { 'Idempotency-Key': 'k', ...(url !== undefined && { 'Coatcheck-Callback-Url': url }) };
    expect((await problemIn(await submit(api, other), 422)).code).toBe('idempotency_key_reused');
    expect(api.queue.sent).toHaveLength(1);
  });

  test('with another body, type, note or expiry is refused', async () => {
    const api = new ApiHarness();
    const key = { 'Idempotency-Key': 'k', 'Content-Type': 'text/plain' };
    await submit(api, key);
    const others = [
      submit(api, key, 'other'),
      submit(api, { ...key, 'Content-Type': 'text/csv' }),
      submit(api, { ...key, 'Coatcheck-Metadata-A': 'b' }),
      submit(api, { ...key, 'Coatcheck-Expires-At': '2026-02-01T00:00:00Z' }),
    ];
    for (const other of others)
      expect((await problemIn(await other, 422)).code).toBe('idempotency_key_reused');
    expect(api.queue.sent).toHaveLength(1);
  });

  test('of another tenant belongs to another request', async () => {
    const api = new ApiHarness();
    const headers = { 'Idempotency-Key': 'k' };
    const tickets = ['acme', 'other', undefined].map(async (tenant) =>
      requestIn(await api.call('POST', '/v1/requests', { body: 'hello', headers, tenant }), 202),
    );
    expect(new Set((await Promise.all(tickets)).map(({ id }) => id)).size).toBe(3);
  });

  test('gets a Retry-After of one second while its request is being accepted', async () => {
    const api = new ApiHarness();
    const { id } = await requestIn(await submit(api, { 'Idempotency-Key': 'k' }), 202);
    api.harness.records.drop({ id, source: '', tenant: 'acme' });
    const response = await submit(api, { 'Idempotency-Key': 'k' });
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await problemIn(response, 409)).code).toBe('idempotency_key_busy');
    api.harness.clock.advanceSeconds(30);
    expect((await requestIn(await submit(api, { 'Idempotency-Key': 'k' }), 202)).id).toBe(id);
  });

  test('in two headers is one combined key', async () => {
    const api = new ApiHarness();
    const headers = new Headers([
      ['Idempotency-Key', 'a'],
      ['Idempotency-Key', 'b'],
    ]);
    const twice = await api.app.request('/v1/requests', { method: 'POST', body: 'hello', headers });
    const { id } = await requestIn(twice, 202);
    expect((await requestIn(await submit(api, { 'Idempotency-Key': 'a' }), 202)).id).not.toBe(id);
  });
});

describe('a preference to wait', () => {
  test('holds the answer until the request ends', async () => {
    const api = new ApiHarness();
    api.onWait = () => api.deliver();
    const response = await submit(api, { Prefer: 'respond-async, wait=5' });
    expect(response.headers.get('preference-applied')).toBe('wait=5');
    expect(response.headers.get('retry-after')).toBeNull();
    expect(response.headers.get('location')).not.toBeNull();
    expect(await requestIn(response, 200)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(api.harness.clock.now() - START).toBeLessThan(1_000);
  });

  test('for longer than twenty seconds is cut to twenty seconds', async () => {
    const api = new ApiHarness();
    const response = await submit(api, { Prefer: 'wait=99999999999' });
    expect(response.headers.get('preference-applied')).toBe('wait=20');
    expect(await requestIn(response, 202)).toMatchObject({ status: 'queued' });
    expect(api.harness.clock.now() - START).toBe(20_000);
  });

  test('for an ended request takes no time', async () => {
    const api = new ApiHarness();
    await submit(api, { 'Idempotency-Key': 'k' });
    await api.deliver();
    expect((await submit(api, { 'Idempotency-Key': 'k', Prefer: 'wait=5' })).status).toBe(200);
    expect(api.harness.clock.now()).toBe(START);
  });

  test('still returns the ticket if the wait fails', async () => {
    const api = new ApiHarness();
    api.harness.records.faults.inject('read', 'fails before');
    const response = await submit(api, { Prefer: 'wait=5' });
    const { id } = await requestIn(response, 202);
    expect(api.harness.logger.lines).toMatchObject([{ level: 'warn', fields: { requestId: id } }]);
  });
});

describe('is refused, and nothing is sent:', () => {
  test.each<[string, number, string, Record<string, string>]>([
    ['an empty key', 400, 'request_malformed', { 'Idempotency-Key': '""' }],
    ['a long key', 400, 'request_malformed', { 'Idempotency-Key': 'x'.repeat(256) }],
    ['a key that isn’t ASCII', 400, 'request_malformed', { 'Idempotency-Key': 'ü' }],
    ['an invalid time', 400, 'request_malformed', { 'Coatcheck-Expires-At': 'tomorrow' }],
    ['a time gone by', 400, 'request_malformed', { 'Coatcheck-Expires-At': '2026-01-31T12:00:00Z' }],
    ['a nameless note', 400, 'request_malformed', { 'Coatcheck-Metadata-': 'b' }],
    ['an empty note', 400, 'request_malformed', { 'Coatcheck-Metadata-A': '' }],
    ['a note that isn’t ASCII', 400, 'request_malformed', { 'Coatcheck-Metadata-A': 'ü' }],
    ['a note named __proto__', 400, 'request_malformed', { 'Coatcheck-Metadata-__proto__': 'b' }],
    ['notes that aren’t JSON', 400, 'request_malformed', { 'Coatcheck-Metadata': 'a=b' }],
    ['a list of notes', 400, 'request_malformed', { 'Coatcheck-Metadata': '["b"]' }],
    ['a note that is no text', 400, 'request_malformed', { 'Coatcheck-Metadata': '{"a":1}' }],
    [
      'a note named __proto__ in JSON',
      400,
      'request_malformed',
      { 'Coatcheck-Metadata': '{"__proto__":"b"}' },
    ],
    [
      'a note given twice',
      400,
      'request_malformed',
      { 'Coatcheck-Metadata': '{"a":"b"}', 'Coatcheck-Metadata-A': 'b' },
    ],
    ['notes too long', 400, 'request_malformed', { 'Coatcheck-Metadata-A': 'x'.repeat(100_000) }],
    ['an empty content type', 415, 'content_type_invalid', { 'Content-Type': '' }],
    ['a content type that isn’t ASCII', 415, 'content_type_invalid', { 'Content-Type': 'text/ü' }],
  ])('%s', async (_, status, code, headers) => {
    const api = new ApiHarness();
    const response = await submit(api, headers);
    expect((await response.clone().text()).length).toBeLessThan(1_000);
    expect((await problemIn(response, status)).code).toBe(code);
    expect(api.queue.sent).toEqual([]);
    expect(api.harness.records.all()).toEqual([]);
    expect(api.admission.applicants).toEqual([]);
  });

  test('no body', async () => {
    expect((await problemIn(await submit(new ApiHarness(), {}, ''), 400)).code).toBe('payload_empty');
    expect((await problemIn(await new ApiHarness().call('POST', '/v1/requests'), 400)).code).toBe(
      'payload_empty',
    );
  });

  test('a body that is too large', async () => {
    const api = new ApiHarness(undefined, { maxPayloadBytes: 4 });
    const { code, detail } = await problemIn(await submit(api), 413);
    expect([code, detail]).toEqual(['payload_too_large', 'The payload is at least 5 bytes; the limit is 4']);
  });
});

describe('B5: an encoded payload', () => {
  const encoded = gzipSync('{"x":6}');

  /** An API whose handler records how the payload arrived and its content. */
  function decoding(inlineLimitBytes = 100_000) {
    const received: unknown[] = [];
    const api = new ApiHarness(
      async (request) => {
        const { contentType, contentEncoding, contentLanguage, size } = request;
        received.push({ contentType, contentEncoding, contentLanguage, size, json: await request.json() });
      },
      { inlineLimitBytes },
    );
    return Object.assign(api, { received });
  }

  test.each([
    ['in the message', 100_000],
    ['beside it', 1],
  ])('keeps its coding and language: %s', async (_, inlineLimitBytes) => {
    const api = decoding(inlineLimitBytes);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Encoding': 'gzip',
      'Content-Language': 'en',
    };
    await requestIn(await api.call('POST', '/v1/requests', { body: encoded, headers }), 202);
    await api.deliver();
    expect(api.received).toEqual([
      {
        contentType: 'application/json',
        contentEncoding: 'gzip',
        contentLanguage: 'en',
        size: encoded.byteLength,
        json: { x: 6 },
      },
    ]);
  });

  test.each(['identity', 'aws-chunked'])('with the no-op coding %s stays as it is', async (coding) => {
    const api = decoding();
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': coding };
    await requestIn(await api.call('POST', '/v1/requests', { body: '{"x":6}', headers }), 202);
    await api.deliver();
    expect(api.received).toMatchObject([{ json: { x: 6 } }]);
  });

  test.each(['compress', 'gzip, exi'])(
    'in %s is refused, and the answer lists the supported codings',
    async (coding) => {
      const api = decoding();
      const response = await submit(api, { 'Content-Encoding': coding });
      expect(response.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd');
      expect((await problemIn(response, 415)).code).toBe('content_encoding_unsupported');
      expect(api.queue.sent).toEqual([]);
    },
  );

  test.each(['', 'english language', 'en;q=1', 'x'.repeat(300)])(
    'in the language %j is refused',
    async (language) => {
      const response = await submit(decoding(), { 'Content-Language': language });
      expect((await problemIn(response, 400)).detail).toContain('Content-Language must be language tags');
    },
  );

  test('conflicts with an unencoded payload under the same idempotency key', async () => {
    const api = decoding();
    const key = { 'Idempotency-Key': 'k' };
    await requestIn(await submit(api, key), 202);
    const other = await submit(api, { ...key, 'Content-Encoding': 'br' });
    expect((await problemIn(other, 422)).code).toBe('idempotency_key_reused');
  });
});

describe('a minimum version', () => {
  test('is in the request and in its message', async () => {
    const api = new ApiHarness(() => 'done', { handlerVersion: '6' });
    const headers = { 'Coatcheck-Min-Version': '7' };
    const response = await api.call('POST', '/v1/requests', { body: '{}', headers });
    expect(await response.json()).toMatchObject({ minVersion: '7' });
    await api.deliver();
    expect(api.harness.problem).toMatchObject({ code: 'min_version_unmet', attempts: 0 });
  });

  test.each([
    ['v7', '6', 400, 'request_malformed'],
    ['7', '9f86d08', 422, 'min_version_unsupported'],
    ['7', undefined, 422, 'min_version_unsupported'],
  ])('of %s for code of %s answers %i', async (minVersion, handlerVersion, status, code) => {
    const api = new ApiHarness(() => 'done', { handlerVersion });
    const headers = { 'Coatcheck-Min-Version': minVersion };
    const response = await api.call('POST', '/v1/requests', { body: '{}', headers });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });
});

describe('a topic', () => {
  test('is that of the request', async () => {
    const api = new ApiHarness(() => 'done');
    const headers = { 'Coatcheck-Topic': 'images.thumbnail' };
    const submitted = await api.call('POST', '/v1/requests', { body: '1', headers });
    expect(await submitted.json()).toMatchObject({ topic: 'images.thumbnail' });
    expect(JSON.parse(api.queue.sent[0]?.message ?? '')).toMatchObject({ topic: 'images.thumbnail' });
  });

  test('of an upload is in its metadata too, where the relay finds it', async () => {
    const api = new ApiHarness(() => 'done');
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 5, topic: 'images' } });
    expect(await opened.json()).toMatchObject({ request: { topic: 'images' } });
    expect(api.transfers.forms[0]?.upload.metadata).toEqual({ topic: 'images' });
  });

  test('of an upload may be in the metadata of its object', async () => {
    const api = new ApiHarness();
    const open = (topic: string) =>
      api.call('POST', '/v1/uploads', { json: { size: 5, metadata: { topic } } });
    expect(await (await open('images')).json()).toMatchObject({ request: { topic: 'images' } });
    const refused = await open('Quarterly report');
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      detail: expect.stringMatching(/^metadata\.topic must have 1 to 128 characters/),
    });
  });

  test.each(['images.*', 'a..b', 'ü'])('%s is refused', async (topic) => {
    const api = new ApiHarness(() => 'done');
    const headers = { 'Coatcheck-Topic': topic };
    const submitted = await api.call('POST', '/v1/requests', { body: '1', headers });
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 5, topic } });
    for (const response of [submitted, opened]) {
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'request_malformed' });
    }
    expect(api.queue.sent).toEqual([]);
  });
});

describe('an ordering key', () => {
  const headers = { 'Coatcheck-Ordering-Key': 'account 17' };

  test('goes to the queue with the request', async () => {
    const api = new ApiHarness(() => 'done', { ordered: true });
    const first = await api.call('POST', '/v1/requests', { body: '1', headers });
    const second = await api.call('POST', '/v1/requests', { body: '2' });
    const [one, other] = [await requestIn(first, 202), await requestIn(second, 202)].map(({ id }) => id);
    expect(api.queue.sent.map(({ place }) => place)).toEqual([
      { requestId: one, orderingKey: 'account 17' },
      { requestId: other },
    ]);
  });

  test('is in the metadata of an upload', async () => {
    const api = new ApiHarness(() => 'done', { ordered: true });
    const json = { size: 5, orderingKey: 'account 17', metadata: { a: 'b' } };
    const opened = await api.call('POST', '/v1/uploads', { json });
    expect(opened.status).toBe(201);
    expect(api.transfers.forms[0]?.upload.metadata).toEqual({ a: 'b', 'ordering-key': 'account 17' });
  });

  test.each([
    ['ü', true, 400, 'request_malformed'],
    ['x'.repeat(129), true, 400, 'request_malformed'],
    ['account 17', false, 422, 'order_unsupported'],
  ])('%j in a service that keeps order: %s answers %i', async (key, ordered, status, code) => {
    const api = new ApiHarness(() => 'done', { ordered });
    const submitted = await api.call('POST', '/v1/requests', {
      body: '1',
      headers: { 'Coatcheck-Ordering-Key': key },
    });
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 5, orderingKey: key } });
    for (const response of [submitted, opened]) {
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ code });
    }
    expect(api.queue.sent).toEqual([]);
  });

  test('distinguishes submissions with one idempotency key', async () => {
    const api = new ApiHarness(() => 'done', { ordered: true });
    const submit = (key: string) =>
      api.call('POST', '/v1/requests', {
        body: '1',
        headers: { 'Idempotency-Key': 'once', 'Coatcheck-Ordering-Key': key },
      });
    expect((await submit('a')).status).toBe(202);
    expect((await submit('a')).status).toBe(202);
    expect((await submit('b')).status).toBe(422);
  });
});

describe('a time before which a request must not start', () => {
  const notBefore = '2026-01-31T13:00:00.000Z';

  test('makes it scheduled until then, in every answer', async () => {
    const api = new ApiHarness();
    const headers = { 'Coatcheck-Not-Before': '2026-01-31T14:00:00+01:00' };
    const response = await api.call('POST', '/v1/requests', { body: '1', headers });
    const request = await requestIn(response, 202);
    expect(request).toMatchObject({ status: 'scheduled', notBefore });
    expect(response.headers.get('retry-after')).toBe('60');
    const status = await api.call('GET', `/v1/requests/${request.id}`, { headers: { Prefer: 'wait=20' } });
    expect(await requestIn(status, 200)).toMatchObject({ status: 'scheduled', notBefore });
    expect(await idsOf(api, 'scheduled')).toEqual([request.id]);
    expect(await idsOf(api, 'queued')).toEqual([]);
    api.harness.clock.advanceSeconds(3_600);
    expect(await idsOf(api, 'queued')).toEqual([request.id]);
  });

  test('a request that is scheduled can be cancelled', async () => {
    const api = new ApiHarness();
    const headers = { 'Coatcheck-Not-Before': notBefore };
    const { id } = await requestIn(await api.call('POST', '/v1/requests', { body: '1', headers }), 202);
    expect(await requestIn(await api.call('POST', `/v1/requests/${id}/cancel`), 200)).toMatchObject({
      status: 'cancelled',
      notBefore,
    });
  });

  test('goes for uploads too', async () => {
    const api = new ApiHarness();
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 5, notBefore } });
    expect(await opened.json()).toMatchObject({ request: { status: 'awaiting_upload', notBefore } });
  });

  test.each([
    ['tomorrow', 400, 'request_malformed'],
    ['0000-01-01T00:00:00+01:00', 400, 'request_malformed'],
    ['2027-03-31T12:00:00Z', 400, 'not_before_invalid'],
    ['2026-01-31T12:30:00Z', 422, 'not_before_unsupported'],
  ])('%s answers %i %s', async (time, status, code) => {
    const api = new ApiHarness(() => 'done', { maxDelaySeconds: 900 });
    const headers = { 'Coatcheck-Not-Before': time };
    const submitted = await api.call('POST', '/v1/requests', { body: '1', headers });
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 5, notBefore: time } });
    for (const response of [submitted, opened]) {
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ code });
    }
    expect(api.queue.sent).toEqual([]);
  });

  async function idsOf(api: ApiHarness, status: string): Promise<string[]> {
    const response = await api.call('GET', `/v1/requests?status=${status}`);
    const { requests }: { requests: { id: string }[] } = JSON.parse(await response.text());
    return requests.map(({ id }) => id);
  }
});
