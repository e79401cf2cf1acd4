import { describe, expect, test } from 'vitest';
import {
  ApiError,
  IdempotencyKeyReused,
  NotAuthorized,
  Overloaded,
  PayloadTooLarge,
} from '../../lib/client/errors.ts';
import type { SubmissionProgress } from '../../lib/client/submission.ts';
import { DIRECT_MAX_BYTES } from '../../lib/client/submit.ts';
import {
  answer,
  openScriptedApi,
  problem,
  requestJson,
  reset,
  summaryOf,
  truncated,
} from '../support/scripted-api.ts';

const ACCEPTED = answer(202, requestJson());

test.each([
  ['text', 'h\u00e9', {}, 'text/plain; charset=utf-8'],
  ['bytes', new Uint8Array(Buffer.from('h\u00e9')), {}, 'application/octet-stream'],
  ['a buffer', new Uint8Array(Buffer.from('h\u00e9')).buffer, {}, 'application/octet-stream'],
  ['a blob', new Blob(['h\u00e9'], { type: 'text/csv' }), {}, 'text/csv'],
  ['a blob without a type', new Blob(['h\u00e9']), {}, 'application/octet-stream'],
  ['the given content type', 'h\u00e9', { contentType: 'text/CSV' }, 'text/CSV'],
])('sends a small payload in one call: %s', async (_, body, options, contentType) => {
  const { client, calls } = await openScriptedApi([ACCEPTED]);
  expect(await client.submit(body, options)).toEqual(requestJson());
  expect(calls.map(summaryOf)).toEqual(['POST /v1/requests']);
  expect(calls[0]?.body.toString()).toBe('h\u00e9');
  expect(calls[0]?.headers['content-type']).toBe(contentType);
});

test('sends a value as JSON', async () => {
  const { client, calls } = await openScriptedApi([ACCEPTED]);
  await client.submitJson({ x: [1, null] });
  expect(calls[0]?.body.toString()).toBe('{"x":[1,null]}');
  expect(calls[0]?.headers['content-type']).toBe('application/json');
  await expect(client.submitJson(undefined)).rejects.toThrow('must be a JSON value, got undefined');
});

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('omits a malformed traceparent', async () => {
  const { client, calls } = await openScriptedApi([ACCEPTED]);
  await client.submit('x', { traceparent: `${TRACEPARENT}\n`, tracestate: 'a=1' });
  expect(calls[0]?.headers).not.toHaveProperty('traceparent');
  expect(calls[0]?.headers).not.toHaveProperty('tracestate');
});

test('sends all options', async () => {
  const { client, calls } = await openScriptedApi([answer(200, requestJson({ status: 'succeeded' }))]);
  const progress: SubmissionProgress[] = [];
  const request = await client.submit('x', {
    idempotencyKey: 'order 17',
    notBefore: '2026-01-31T20:00:00+01:00',
    expiresAt: new Date('2026-02-01T00:00:00Z'),
    callbackUrl: 'https://example.com/hook',
    orderingKey: 'account 17',
    topic: 'images.thumbnail',
    priority: 'high',
    metadata: { Origin: 'shop 1', empty: '', Order_Id: '"17"', 'a.b': 'c' },
    waitSeconds: 15.7,
    traceparent: TRACEPARENT,
    tracestate: 'a=1',
    onProgress: (seen) => progress.push(seen),
  });
  expect(request.status).toBe('succeeded');
  expect(calls[0]?.headers).toMatchObject({
    'idempotency-key': 'order 17',
    'coatcheck-not-before': '2026-01-31T20:00:00+01:00',
    'coatcheck-expires-at': '2026-02-01T00:00:00.000Z',
    'coatcheck-callback-url': 'https://example.com/hook',
    'coatcheck-ordering-key': 'account 17',
    'coatcheck-topic': 'images.thumbnail',
    'coatcheck-priority': 'high',
    'coatcheck-metadata-origin': 'shop 1',
    'coatcheck-metadata-empty': '',
    'coatcheck-metadata': '{"order_id":"\\"17\\"","a.b":"c"}',
    prefer: 'wait=15',
    traceparent: TRACEPARENT,
    tracestate: 'a=1',
  });
  expect(progress).toEqual([{ sentBytes: 1, totalBytes: 1 }]);
});

test.each([
  [{}, undefined],
  [{ waitSeconds: 0.5 }, undefined],
  [{ waitSeconds: -1 }, undefined],
  [{ waitSeconds: 600 }, 'wait=20'],
])('with %j sends Prefer: %j', async (options, prefer) => {
  const { client, calls } = await openScriptedApi([ACCEPTED]);
  await client.submit('x', options);
  expect(calls[0]?.headers.prefer).toBe(prefer);
});

test('all tries of a call share a key, and each call has its own', async () => {
  const { client, calls, timing } = await openScriptedApi([
    reset,
    truncated(202, JSON.stringify(requestJson())),
    problem(503, 'overloaded', { 'retry-after': '3' }),
    problem(409, 'idempotency_key_busy', { 'retry-after': '1' }),
    ACCEPTED,
    ACCEPTED,
  ]);
  await client.submit('x');
  await client.submit('x');
  const keys = calls.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(6);
  expect(new Set(keys.slice(0, 5)).size).toBe(1);
  expect(keys[5]).not.toBe(keys[0]);
  expect(timing.sleeps).toEqual([100, 200, 3_400, 1_800]);
});

describe('error classes:', () => {
  test.each([
    [401, 'http_401', NotAuthorized],
    [403, 'forbidden', NotAuthorized],
    [413, 'payload_too_large', PayloadTooLarge],
    [422, 'idempotency_key_reused', IdempotencyKeyReused],
    [429, 'tenant_over_share', Overloaded],
    [503, 'overloaded', Overloaded],
    [400, 'payload_empty', ApiError],
  ])('%i %s', async (status, code, leaf) => {
    const facts = { backlog: 120 };
    const { client } = await openScriptedApi([problem(status, code, { 'retry-after': '9' }, facts)], {
      retry: { attempts: 1 },
    });
    const error = await client.submit('x').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(leaf);
    expect(error).toMatchObject({
      name: leaf.name,
      code,
      status,
      retryAfterSeconds: 9,
      problem: { backlog: 120 },
      message: `The API answered ${status} ${code}: ${code}, it says`,
    });
  });
});

test('turns an error of a gateway into an ApiError', async () => {
  const gateway = answer(403, { message: 'Forbidden by the gateway' });
  const { client } = await openScriptedApi([gateway]);
  const error = await client.submit('x').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotAuthorized);
  expect(error).toMatchObject({ code: 'http_403', problem: { detail: 'Forbidden by the gateway' } });
});

test('recognizes responses from outside the API', async () => {
  const page: Parameters<typeof openScriptedApi>[0] = [
    (_, response) => response.writeHead(200).end('<html>'),
    answer(202, { id: 5 }),
    (_, response) => response.writeHead(302, { location: '/login' }).end(),
  ];
  const { client } = await openScriptedApi(page);
  await expect(client.submit('x')).rejects.toThrow(/\/v1\/requests should return a request, got <html>/);
  await expect(client.submit('x')).rejects.toThrow('got {"id":5}');
  await expect(client.submit('x')).rejects.toThrow('got HTTP 302');
});

test('says what a page is about that a proxy answers with', async () => {
  const page = '<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body></body></html>';
  const { client } = await openScriptedApi([(_, response) => response.writeHead(413).end(page)]);
  await expect(client.submit('x')).rejects.toThrow(
    /^The API answered 413 http_413: 413 Request Entity Too Large$/,
  );
});

test('reports a network failure after some tries, with the call and the reason', async () => {
  const { client, calls } = await openScriptedApi(Array(6).fill(reset));
  await expect(client.submit('x')).rejects.toThrow(
    /^POST http:\/\/127\.0\.0\.1:\d+\/v1\/requests failed: fetch failed: .+$/,
  );
  expect(calls).toHaveLength(6);
});

test('a signal ends a hanging call with its reason', async () => {
  const ends = new AbortController();
  const { client, endpoint } = await openScriptedApi([() => ends.abort(new Error('enough'))]);
  await expect(client.submit('x', { signal: ends.signal })).rejects.toThrow('enough');
  await expect.poll(() => endpoint.connections).toBe(0);
});

test.each([
  [{ idempotencyKey: '' }, 'idempotencyKey must have 1 to 255'],
  [{ idempotencyKey: 'x'.repeat(256) }, 'idempotencyKey must have 1 to 255'],
  [{ idempotencyKey: '"x"' }, 'idempotencyKey must have 1 to 255'],
  [{ idempotencyKey: ' x' }, 'idempotencyKey must have 1 to 255'],
  [{ idempotencyKey: 'ü' }, 'idempotencyKey must have 1 to 255'],
  [{ id: '' }, 'id must have 1 to 256 printable ASCII characters'],
  [{ id: 'ü' }, 'id must have 1 to 256 printable ASCII characters'],
  [{ id: 'a', idempotencyKey: 'b' }, 'id and idempotencyKey: a request has one of them'],
  [{ metadata: { 'a b': 'x' } }, 'a name must be a token of letters, digits and -_., got "a b"'],
  [
    { metadata: { Order_id: '1', order_id: '2' } },
    'metadata: names are sent in lower case, and order_id came twice',
  ],
  [{ metadata: { a: 'ü' } }, 'metadata: a must be printable ASCII'],
  [{ metadata: { a: 'x\r\nx: y' } }, 'metadata: a must be printable ASCII'],
  [
    { notBefore: new Date(Number.NaN) },
    'notBefore must be a time in the years 0000 to 9999, got an invalid date',
  ],
  [
    { expiresAt: new Date(Number.NaN) },
    'expiresAt must be a time in the years 0000 to 9999, got an invalid date',
  ],
])('rejects %j before sending anything', async (options, message) => {
  const { client, calls } = await openScriptedApi([]);
  await expect(client.submit('x', options)).rejects.toThrow(message);
  expect(calls).toEqual([]);
});

test('an id takes the place of an idempotency key, and one that is being accepted is asked for again', async () => {
  const busy = problem(409, 'request_id_busy', { 'retry-after': '1' });
  const { client, calls } = await openScriptedApi([busy, answer(202, requestJson())]);
  await client.submit('x', { id: 'order 17' });
  for (const { headers } of calls) {
    expect(headers).toMatchObject({ 'coatcheck-request-id': 'order 17' });
    expect(headers).not.toHaveProperty('idempotency-key');
  }
  expect(calls).toHaveLength(2);
});

test.each(['idempotencyKey', 'id'])('rejects %s for a large payload', async (name) => {
  const { client, calls } = await openScriptedApi([]);
  const large = new Uint8Array(DIRECT_MAX_BYTES + 1);
  await expect(client.submit(large, { [name]: 'k' })).rejects.toThrow(
    `${name} is for payloads up to 4194304 bytes; this one has 4194305`,
  );
  expect(calls).toEqual([]);
});

test('does not report an invalid header as a network failure', async () => {
  const { client, timing } = await openScriptedApi([]);
  await expect(client.submit('x', { contentType: 'text/\u4e00' })).rejects.toThrow(TypeError);
  expect(timing.sleeps).toEqual([]);
});
