import { expect, test } from 'vitest';
import type { Batch, BatchImport } from '../../lib/client/batch.ts';
import type { BatchItem } from '../../lib/client/batches.ts';
import type { CoatcheckClient } from '../../lib/client/client.ts';
import { BATCH_LINE_MAX_BYTES } from '../../lib/core/model/batch-lines.ts';
import { answer, openScriptedApi, problem, reset, summaryOf } from '../support/scripted-api.ts';
import type { Script } from '../support/scripted-endpoint.ts';

const BATCH: Batch = {
  id: 'b-1',
  status: 'running',
  createdAt: '2026-01-31T12:00:00.000Z',
  counts: { total: 2, queued: 1, running: 0, succeeded: 1, failed: 0, cancelled: 0, expired: 0 },
  progress: 0.5,
  links: { self: '/v1/batches/b-1', items: '', seal: '', results: '', cancel: '' },
};

const DONE: Batch = { ...BATCH, status: 'completed', progress: 1 };

type Batches = CoatcheckClient['batches'];

test.each<[string, (batches: Batches) => Promise<Batch>, string]>([
  ['get', (b) => b.get('b-1'), 'GET /v1/batches/b-1'],
  ['seal', (b) => b.seal('b-1'), 'POST /v1/batches/b-1/seal'],
  ['cancel', (b) => b.cancel('a/b'), 'POST /v1/batches/~YS9i/cancel'],
])('%s calls the API', async (_, call, summary) => {
  const { client, calls } = await openScriptedApi([answer(200, BATCH)]);
  expect(await call(client.batches)).toEqual(BATCH);
  expect(calls.map(summaryOf)).toEqual([summary]);
});

test('a batch is created once, though its answer is lost', async () => {
  const { client, calls } = await openScriptedApi([reset, answer(201, BATCH)]);
  await client.batches.create({ topic: 'mail', expiresAt: new Date('2026-02-01T00:00:00Z') });
  const keys = calls.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(JSON.parse(String(calls[1]?.body))).toEqual({
    topic: 'mail',
    expiresAt: '2026-02-01T00:00:00.000Z',
  });
});

/** Answers as if each line of the call were a new item, unless its key is `no`, with a receipt if none is refused. */
const takeLines: Script = (call, response) => {
  const lines = String(call.body).split('\n');
  const refused = lines.flatMap((line, index) =>
    line.includes('"no"') ? [{ line: index + 1, problem: { code: 'x', status: 400 } }] : [],
  );
  const added = lines.filter((line) => line !== '').length - refused.length;
  const receipt = refused.length === 0 ? { 'coatcheck-receipt': `of ${added}` } : undefined;
  answer(200, { added, repeated: 0, refused }, receipt)(call, response);
};

test('items are sent by as many calls as it takes, and refused ones have their place among all', async () => {
  const { client, calls } = await openScriptedApi([takeLines, reset, takeLines, takeLines]);
  const text = 'x'.repeat(1_000_000);
  async function* items(): AsyncGenerator<BatchItem | string> {
    for (const key of ['a', 'b', 'c', 'no', 'd']) yield { key, text };
    yield '{"key":"e","json":1}';
    yield { key: 'f', text: 'x'.repeat(BATCH_LINE_MAX_BYTES) };
    yield {
      key: 'g',
      bytes: new Uint8Array([0xff]),
      priority: 'high',
      notBefore: new Date('2026-02-01T00:00:00Z'),
    };
    yield '{"key":"no"}';
  }
  const seen: number[] = [];
  const result = await client.batches.add('b-1', items(), { onProgress: ({ added }) => seen.push(added) });
  expect(result).toEqual({
    added: 6,
    repeated: 0,
    refused: [
      { line: 4, problem: { code: 'x', status: 400 } },
      { line: 7, problem: expect.objectContaining({ code: 'line_too_large', status: 413 }) },
      { line: 9, problem: { code: 'x', status: 400 } },
    ],
    receipts: [{ firstLine: 1, lastLine: 2, receipt: 'of 2' }],
  });
  expect(seen).toEqual([2, 3, 6]);
  expect(calls).toHaveLength(4);
  expect(calls[1]?.body.equals(calls[2]?.body ?? Buffer.alloc(0))).toBe(true);
  expect(calls[0]?.headers['content-type']).toBe('application/x-ndjson');
  expect(String(calls[3]?.body).split('\n').slice(1)).toEqual([
    '{"key":"e","json":1}',
    '',
    '{"key":"g","priority":"high","base64":"/w==","notBefore":"2026-02-01T00:00:00.000Z"}',
    '{"key":"no"}',
    '',
  ]);
});

test('each call has the receipt of its lines, which are as in a file', async () => {
  const { client, calls } = await openScriptedApi([takeLines, takeLines]);
  const lines = ['a', 'b', 'c'].map((key) => JSON.stringify({ key, text: 'x'.repeat(1_000_000) }));
  const { receipts } = await client.batches.add('b-1', lines);
  expect(receipts).toEqual([
    { firstLine: 1, lastLine: 2, receipt: 'of 2' },
    { firstLine: 3, lastLine: 3, receipt: 'of 1' },
  ]);
  expect(calls.map(({ body }) => String(body)).join('')).toBe(`${lines.join('\n')}\n`);
});

test('no item is no call, and a line is one line', async () => {
  const { client, calls } = await openScriptedApi([]);
  expect(await client.batches.add('b-1', [])).toEqual({ added: 0, repeated: 0, refused: [], receipts: [] });
  await expect(client.batches.add('b-1', ['{}\n{}'])).rejects.toThrow(RangeError);
  const invalid = [{ key: 'a', json: 1, topic: 'a b' }];
  await expect(client.batches.add('b-1', ['{}', ...invalid])).rejects.toThrow(
    /^Item 2 can't be added: .*topic must have/,
  );
  await expect(client.batches.add('b-1', [{ key: 'a', json: 1n }])).rejects.toThrow(
    /^Item 1 can't be added: .*BigInt/,
  );
  expect(calls).toEqual([]);
});

test('it waits until the batch has ended', async () => {
  const { client, timing } = await openScriptedApi([
    answer(200, BATCH),
    answer(200, BATCH),
    answer(200, DONE),
  ]);
  const seen: number[] = [];
  const ended = await client.batches.wait('b-1', { onChange: ({ progress }) => seen.push(progress) });
  expect([ended.status, seen, timing.sleeps]).toEqual(['completed', [0.5, 1], [1_000, 1_000]]);
  const other = await openScriptedApi(Array(4).fill(answer(200, { ...BATCH, status: 'open' })));
  await expect(other.client.batches.wait('b-1', { timeoutMilliseconds: 2_500 })).rejects.toMatchObject({
    code: 'wait_timed_out',
    message: 'The batch b-1 did not end within 2.5 s; its status is open: seal it, so that it can end',
  });
});

const MANIFEST = 's3://bucket/payloads/batches/b-1/m.ndjson';

const IMPORT: BatchImport = {
  state: 'running',
  manifest: MANIFEST,
  bytes: 10,
  bytesDone: 0,
  lines: 0,
  refused: 0,
  problems: [],
};

test('a manifest is uploaded and imported', async () => {
  const store = await openScriptedApi([reset, answer(204, undefined)]);
  const upload = { method: 'POST', url: `${store.endpoint.url}/bucket`, fields: { key: 'k' } };
  const open: Batch = { ...BATCH, status: 'open', import: IMPORT };
  const { client, calls } = await openScriptedApi([
    answer(201, { manifest: MANIFEST, upload }),
    answer(202, open),
    answer(200, open),
    answer(200, { ...open, import: { ...IMPORT, state: 'done' } }),
  ]);
  expect(await client.batches.addManifest('b-1', new Blob(['{"key":"a"}']))).toEqual(open);
  const states: (string | undefined)[] = [];
  const onChange = ({ import: imported }: Batch) => states.push(imported?.state);
  await client.batches.waitForImport('b-1', { onChange });
  expect(states).toEqual(['running', 'done']);
  expect(calls.map(summaryOf)).toEqual([
    'POST /v1/batches/b-1/upload',
    'POST /v1/batches/b-1/import',
    ...Array(2).fill('GET /v1/batches/b-1'),
  ]);
  expect(calls.slice(0, 2).map(({ body }) => JSON.parse(String(body)))).toEqual([
    { size: 11 },
    { manifest: MANIFEST },
  ]);
  expect(String(store.calls[1]?.body)).toContain('{"key":"a"}');
});

test('a manifest that is in S3 is imported from there', async () => {
  const { client, calls } = await openScriptedApi([answer(202, BATCH)]);
  await client.batches.addManifest('b-1', MANIFEST);
  expect(calls.map(summaryOf)).toEqual(['POST /v1/batches/b-1/import']);
});

test('waiting for an import ends at its time', async () => {
  const running = answer(200, { ...BATCH, status: 'open', import: IMPORT });
  const { client } = await openScriptedApi([running, running]);
  await expect(client.batches.waitForImport('b-1', { timeoutMilliseconds: 1_000 })).rejects.toMatchObject({
    code: 'wait_timed_out',
    message: 'The batch b-1 did not end within 1 s; it is still importing items',
  });
});

test('the file with all results is fetched from where it is, once it is written', async () => {
  const store = await openScriptedApi([answer(200, { key: 'a' })]);
  const { client } = await openScriptedApi([
    answer(202, BATCH),
    answer(303, {}, { location: `${store.endpoint.url}/file` }),
  ]);
  expect(await client.batches.manifest('b-1')).toBeUndefined();
  const file = await client.batches.manifest('b-1');
  expect(await file?.text()).toBe('{"key":"a"}');
  expect(store.calls[0]?.headers).not.toHaveProperty('authorization');
});

test('batches are listed page by page', async () => {
  const { client, calls } = await openScriptedApi([
    answer(200, { batches: [BATCH], next: 'c' }),
    answer(200, { batches: [DONE] }),
  ]);
  const statuses = [];
  for await (const { status } of client.batches.list({ limit: 1 })) statuses.push(status);
  expect(statuses).toEqual(['running', 'completed']);
  expect(calls.map(summaryOf)).toEqual(['GET /v1/batches?limit=1', 'GET /v1/batches?limit=1&cursor=c']);
});

test('results that come in parts are read one after another', async () => {
  const part =
    (key: string, link?: string): Script =>
    (_, response) => {
      const headers = { 'content-type': 'application/x-ndjson', ...(link && { link }) };
      response.writeHead(200, headers).end(`${JSON.stringify({ key, id: 'r', status: 'queued' })}\n`);
    };
  const { client, calls } = await openScriptedApi([
    part('a', '<results?cursor=x-_&limit=1>; rel="next"'),
    reset,
    part('b', '</v1/batches/b-1/results?cursor=y>; rel="next", <results>; rel="first"'),
    part('c'),
  ]);
  const keys = [];
  for await (const { key } of client.batches.results('b-1')) keys.push(key);
  expect(keys).toEqual(['a', 'b', 'c']);
  expect(calls.map(summaryOf)).toEqual([
    'GET /v1/batches/b-1/results',
    'GET /v1/batches/b-1/results?cursor=x-_&limit=1',
    'GET /v1/batches/b-1/results?cursor=x-_&limit=1',
    'GET /v1/batches/b-1/results?cursor=y',
  ]);
});

test('results are read line by line, and one that breaks off is an error', async () => {
  const lines = ['a', 'b'].map((key) => JSON.stringify({ key, id: `r-${key}`, status: 'queued' }));
  const breakOff: Script = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${lines[0]}\n{"key`, () => response.destroy());
  };
  const whole: Script = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(lines.map((line) => `${line}\n`).join(''));
  };
  const stop = new AbortController();
  const hang: Script = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${lines[0]}\n`);
  };
  const { client } = await openScriptedApi([whole, breakOff, problem(404, 'batch_unknown'), hang]);
  const read = async () => {
    const keys = [];
    for await (const { key } of client.batches.results('b-1')) keys.push(key);
    return keys;
  };
  expect(await read()).toEqual(['a', 'b']);
  await expect(read()).rejects.toMatchObject({ code: 'connection_failed' });
  await expect(read()).rejects.toMatchObject({ code: 'batch_unknown' });
  const results = client.batches.results('b-1', { signal: stop.signal });
  expect((await results.next()).value).toMatchObject({ key: 'a' });
  stop.abort(new Error('stopped'));
  await expect(results.next()).rejects.toThrow(/^stopped$/);
});
