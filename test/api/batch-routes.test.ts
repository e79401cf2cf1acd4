import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { BATCH_LINE_MAX_BYTES, BATCH_MAX_LINES } from '../../lib/core/model/batch-lines.ts';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestClock } from '../support/test-clock.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };

let clock: TestClock;
let call: (
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers?: Readonly<Record<string, string>>,
) => Promise<Response>;

/** The API of a service in a file, as `coatcheck serve` has it. */
async function openApi() {
  clock = new TestClock();
  const file = join(await temporaryFolder(), 'a.db');
  const parts = await openParts({ file, logger: new CollectingLogger() }, clock);
  const handler = defineProcessor(async (request) => {
    const bytes = await request.bytes();
    if (Buffer.from(bytes).toString() === '"fail"') throw new PermanentError('no', { code: 'refused' });
    return new Response(new Uint8Array(bytes), { headers: { 'content-type': request.contentType } });
  });
  const service = new Service({ ...parts, processor: handler });
  onTestFinished(() => service.close());
  return createServiceApi({ ...parts, baseUrl: 'http://api.test', transferKey: randomBytes(32) });
}

beforeEach(async () => {
  const app = await openApi();
  call = async (method, path, body, headers = typeof body === 'string' ? NDJSON : undefined) =>
    app.fetch(new Request(`http://api.test/v1/batches${path}`, { method, body, headers }));
});

async function json(response: Response | Promise<Response>) {
  return JSON.parse(await (await response).text());
}

async function create(body: object = {}, headers: Readonly<Record<string, string>> = {}) {
  return json(call('POST', '', JSON.stringify(body), { 'content-type': 'application/json', ...headers }));
}

const lines = (...items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');

async function linesOf(id: string) {
  const text = await (await call('GET', `/${id}/results`)).text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('a file has no manifests to import', async () => {
  const { id } = await create();
  const post = (path: string, body: object) =>
    call('POST', `/${id}${path}`, JSON.stringify(body), { 'content-type': 'application/json' });
  const unsupported = {
    status: 422,
    code: 'manifest_unsupported',
    detail: expect.stringContaining('Only a service on AWS imports manifests: add the lines'),
  };
  expect(await json(post('/import', { manifest: 's3://bucket/key' }))).toMatchObject(unsupported);
  expect(await json(post('/upload', { size: 1 }))).toMatchObject(unsupported);
  for (const size of [0, 1.5, 5_368_709_121]) expect((await post('/upload', { size })).status).toBe(400);
  for (const body of [{}, { manifest: '' }, { manifest: 's3://a/b', other: 1 }])
    expect((await post('/import', body)).status).toBe(400);
});

test('a batch is created, filled, sealed, listed and read', async () => {
  const response = await call('POST', '', '{"topic":"mail"}', { 'content-type': 'application/json' });
  expect(response.status).toBe(201);
  const created = await json(response);
  const { id } = created;
  expect(response.headers.get('location')).toBe(`batches/${id}`);
  const counts = { total: 0, queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  expect(created).toEqual({
    id,
    status: 'open',
    topic: 'mail',
    createdAt: '2026-01-31T12:00:00.000Z',
    sealsAt: '2026-02-07T12:00:00.000Z',
    counts,
    progress: 0,
    links: {
      self: `/v1/batches/${id}`,
      items: `/v1/batches/${id}/items`,
      seal: `/v1/batches/${id}/seal`,
      results: `/v1/batches/${id}/results`,
      cancel: `/v1/batches/${id}/cancel`,
    },
  });
  // An empty line, a line break of Windows, and digits that a number of JavaScript would lose.
  const body = `\n{"key":"a","json": {"n": 12345678901234567890} }\r\n${lines(
    { key: 'b', text: 'hello' },
    { key: 'c', base64: '//4=' },
    { key: 'd', json: 'fail' },
  )}`;
  expect(await json(call('POST', `/${id}/items`, body))).toEqual({ added: 4, repeated: 0, refused: [] });
  expect(await json(call('POST', `/${id}/items`, body))).toEqual({ added: 0, repeated: 4, refused: [] });
  expect((await call('POST', `/${id}/seal`)).status).toBe(200);
  await eventually(async () => expect((await json(call('GET', `/${id}`))).status).toBe('completed'));
  expect(await json(call('GET', `/${id}`))).toMatchObject({
    progress: 1,
    endedAt: '2026-01-31T12:00:00.000Z',
    counts: { ...counts, total: 4, succeeded: 3, failed: 1 },
  });
  expect(await json(call('GET', `/${id}/manifest`))).toMatchObject({ status: 404, code: 'manifest_unknown' });
  const results = await call('GET', `/${id}/results`);
  expect(results.headers.get('content-type')).toBe('application/x-ndjson');
  const text = await results.text();
  expect(text).toContain('"json":{"n": 12345678901234567890}');
  expect(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { key: 'a', status: 'succeeded', result: { contentType: 'application/json', size: 27 } },
    { key: 'b', result: { contentType: 'text/plain; charset=utf-8', size: 5, text: 'hello' } },
    { key: 'c', result: { contentType: 'application/octet-stream', size: 2, base64: '//4=' } },
    { key: 'd', id: expect.stringMatching(/^[0-9a-f]{32}$/), status: 'failed', problem: { code: 'refused' } },
  ]);

  const other = await create();
  const first = await json(call('GET', '?limit=1'));
  expect(first.batches.map((batch: { id: string }) => batch.id)).toEqual([other.id]);
  const second = await json(call('GET', `?limit=1&cursor=${first.next}`));
  expect(second).toMatchObject({ batches: [{ id }] });
  expect(second.next).toBeUndefined();
});

test('the results of a batch can be read while it runs, and after it was cancelled', async () => {
  const { id } = await create({ notBefore: '2026-02-01T00:00:00Z' });
  await call(
    'POST',
    `/${id}/items`,
    lines({ key: 'a', json: 1, notBefore: '2026-01-01T00:00:00Z' }, { key: 'b', json: 2 }),
  );
  await eventually(async () => expect((await json(call('GET', `/${id}`))).progress).toBe(0.5));
  expect(await linesOf(id)).toMatchObject([
    { key: 'a', status: 'succeeded', result: { json: 1 } },
    { key: 'b', status: 'scheduled' },
  ]);
  expect(await json(call('POST', `/${id}/cancel`))).toMatchObject({ status: 'cancelling' });
  await eventually(async () => expect((await json(call('GET', `/${id}`))).status).toBe('cancelled'));
  expect((await linesOf(id)).map(({ key, status }) => [key, status])).toEqual([
    ['a', 'succeeded'],
    ['b', 'cancelled'],
  ]);
});

test('results come in parts, if the client asks for them', async () => {
  const { id } = await create({ notBefore: '2026-02-01T00:00:00Z' });
  const keys = Array.from({ length: 250 }, (_, number) => `k-${number}`);
  await call('POST', `/${id}/items`, lines(...keys.map((key) => ({ key, json: 1 }))));
  const parts: string[][] = [];
  let query: string | undefined = '?limit=120';
  while (query !== undefined) {
    const response = await call('GET', `/${id}/results${query}`);
    const text = (await response.text()).trimEnd();
    parts.push(text.split('\n').map((line) => JSON.parse(line).key));
    query = /^<results(\?cursor=[\w-]+&limit=120)>; rel="next"$/.exec(
      response.headers.get('link') ?? '',
    )?.[1];
  }
  expect(parts.map((part) => part.length)).toEqual([120, 120, 10]);
  expect(parts.flat()).toEqual(keys);
  for (const wrong of ['?limit=0', '?limit=1e1', '?limit=10001', '?cursor=a', '?after=1']) {
    expect((await call('GET', `/${id}/results${wrong}`)).status).toBe(400);
  }
});

test('a large result is linked from its line, and its line says when it is gone', async () => {
  const { id } = await create();
  await call('POST', `/${id}/items`, lines({ key: 'a', text: 'x'.repeat(500_000) }));
  await call('POST', `/${id}/seal`);
  await eventually(async () => expect((await json(call('GET', `/${id}`))).status).toBe('completed'));
  const [line] = await linesOf(id);
  const result = { contentType: 'text/plain; charset=utf-8', size: 500_000 };
  expect(line.result).toEqual({ ...result, link: `/v1/requests/${line.id}/result` });
  clock.advanceSeconds(16 * 86_400);
  expect((await linesOf(id))[0]?.result).toEqual({ ...result, gone: true });
});

describe('bad input', () => {
  test('a line that is no item is refused by its number, and the others are added', async () => {
    const { id } = await create();
    const body = [
      '{"key":"a","json":1}',
      'not JSON',
      '[1]',
      '{"json":1}',
      '{"key":"b"}',
      '{"key":"c","json":1,"text":"x"}',
      '{"key":"d","jsn":1}',
      '',
      '{"key":"a","json":2}',
      '{"key":"","json":1}',
      '{"key":"e","json":1,"contentType":"json"}',
      '{"key":"f","json":1,"expiresAt":"2026-01-31T11:00:00Z"}',
      '{"key":"g","json":1,"orderingKey":"k"}',
      `{"key":"h","text":"${'x'.repeat(BATCH_LINE_MAX_BYTES)}"}`,
      '{"key":"i","text":""}',
      '{"key":"j","json":1}',
    ].join('\n');
    const { added, repeated, refused } = await json(call('POST', `/${id}/items`, body));
    expect([added, repeated]).toEqual([2, 0]);
    const problems = refused.map(
      (each: { line: number; key?: string; problem: { code: string; detail: string } }) => [
        each.line,
        each.key,
        each.problem.code,
        each.problem.detail.slice(0, 90),
      ],
    );
    expect(problems).toEqual([
      [
        2,
        undefined,
        'line_malformed',
        'A line must be a JSON object, like {"key": "a", "json": {}}, got "not JSON"',
      ],
      [3, undefined, 'line_malformed', expect.stringMatching(/^A line must be a JSON object, like .*, got/)],
      [4, undefined, 'line_malformed', expect.stringMatching(/^A line must be a JSON object, like .*, got/)],
      [5, 'b', 'request_malformed', 'A request must have one of json, text and base64, got none'],
      [6, 'c', 'request_malformed', 'A request must have one of json, text and base64, got json, text'],
      [
        7,
        'd',
        'request_malformed',
        expect.stringContaining('unknown member "jsn": this call takes key, json, text'),
      ],
      [
        9,
        'a',
        'batch_key_reused',
        expect.stringContaining('The batch has an item with the key "a" and another payload'),
      ],
      [10, '', 'batch_key_invalid', expect.stringContaining('key must have 1 to 255 characters')],
      [11, 'e', 'content_type_invalid', expect.stringContaining('contentType must be a media type')],
      [12, 'f', 'request_malformed', expect.stringContaining('expiresAt must be in the future')],
      [13, 'g', 'order_unsupported', expect.stringContaining('orderingKey needs a service that keeps order')],
      [
        14,
        undefined,
        'line_too_large',
        expect.stringContaining(`A line must have at most ${BATCH_LINE_MAX_BYTES} bytes, got`),
      ],
      [15, 'i', 'payload_empty', expect.any(String)],
    ]);
  });

  test('a line that is not in UTF-8 is refused, and the others are added', async () => {
    const { id } = await create();
    const body = Buffer.concat([
      Buffer.from('\ufeff{"key":"ü","json":1}\r\n{"key":"b'),
      Buffer.from([0xff]),
      Buffer.from('","json":1}\n{"key":"c","json":1}'),
    ]);
    const { added, refused } = await json(call('POST', `/${id}/items`, Uint8Array.from(body), NDJSON));
    expect([added, refused]).toMatchObject([
      2,
      [{ line: 2, problem: { code: 'line_malformed', detail: expect.stringContaining('b\ufffd') } }],
    ]);
    expect((await linesOf(id)).map(({ key }) => key)).toEqual(['ü', 'c']);
  });

  test.each([
    ['another content type', '{}', { 'content-type': 'text/csv' }, 415, 'content_type_invalid'],
    ['too many lines', '{}\n'.repeat(BATCH_MAX_LINES + 1), NDJSON, 413, 'payload_too_large'],
    ['more than 6 MiB', ' '.repeat(6 * 2 ** 20 + 1), NDJSON, 413, 'payload_too_large'],
  ])('a call with %s is refused', async (_, body, headers, status, code) => {
    const { id } = await create();
    const response = await call('POST', `/${id}/items`, body, headers);
    expect([response.status, (await json(response)).code]).toEqual([status, code]);
  });

  test('a sealed batch takes no items, and can be sealed again', async () => {
    const { id } = await create();
    await call('POST', `/${id}/seal`);
    const again = await call('POST', `/${id}/seal`);
    expect([again.status, (await json(again)).status]).toEqual([200, 'completed']);
    expect(await linesOf(id)).toEqual([]);
    const refused = await call('POST', `/${id}/items`, lines({ key: 'a', json: 1 }));
    expect([refused.status, await json(refused)]).toMatchObject([
      409,
      {
        code: 'batch_closed',
        detail: `The batch ${id} is sealed and takes no more items: create another one`,
      },
    ]);
  });

  test.each([
    ['GET', '/none', undefined],
    ['POST', '/none/items', lines({ key: 'a', json: 1 })],
    ['POST', '/none/seal', undefined],
    ['POST', '/none/cancel', undefined],
    ['GET', '/none/results', undefined],
  ])('%s %s: an unknown batch', async (method, path, body) => {
    await create();
    const response = await call(method, path, body);
    expect([response.status, (await json(response)).code]).toEqual([404, 'batch_unknown']);
  });

  test.each([
    [{ expiresAt: '2026-01-31T11:00:00Z' }, 400, 'request_malformed'],
    [{ notBefore: 'soon' }, 400, 'request_malformed'],
    [{ notBefore: '2028-01-01T00:00:00Z' }, 400, 'not_before_invalid'],
    [{ topic: 'a b' }, 400, 'request_malformed'],
    [{ metadata: { A: 'b' } }, 400, 'request_malformed'],
    [{ callbackUrl: 'https://example.com/' }, 422, 'callback_refused'],
    [{ name: 'a' }, 400, 'request_malformed'],
  ])('a batch %j is refused', async (body, status, code) => {
    expect(await create(body)).toMatchObject({ status, code });
  });

  test('a batch is created once for its key, which is for what it says', async () => {
    const key = { 'idempotency-key': '"k"' };
    const { id } = await create({ topic: 'mail' }, key);
    expect((await create({ topic: 'mail' }, key)).id).toBe(id);
    expect(await create({}, key)).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });

  test.each(['?limit=0', '?cursor=a', '?status=open'])('a list %s is refused', async (query) => {
    expect((await call('GET', query)).status).toBe(400);
  });
});
