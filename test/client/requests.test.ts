import { describe, expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/client.ts';
import { RequestFinished, RequestUnknown, WaitTimedOut } from '../../lib/client/errors.ts';
import {
  answer,
  openScriptedApi,
  problem,
  requestJson,
  reset,
  summaryOf,
  truncated,
} from '../support/scripted-api.ts';

const QUEUED = answer(200, requestJson());
const DONE = answer(200, requestJson({ status: 'succeeded' }));

describe('status', () => {
  test('is requested by id and source', async () => {
    const { client, calls } = await openScriptedApi([QUEUED, QUEUED]);
    expect(await client.status('r-1')).toEqual(requestJson());
    await client.status("a/b?c'd", { source: '/shop+one two' });
    expect(calls.map(summaryOf)).toEqual([
      'GET /v1/requests/r-1',
      'GET /v1/requests/~YS9iP2MnZA?source=%2Fshop%2Bone%20two',
    ]);
    expect(calls[0]?.headers.prefer).toBeUndefined();
  });

  test('survives resets and truncated answers', async () => {
    const { client } = await openScriptedApi([reset, truncated(200, JSON.stringify(requestJson())), QUEUED]);
    expect((await client.status('r-1')).id).toBe('r-1');
  });

  test('throws for an unknown request', async () => {
    const { client, calls } = await openScriptedApi([problem(404, 'request_unknown')]);
    await expect(client.status('r-1')).rejects.toThrow(RequestUnknown);
    expect(calls).toHaveLength(1);
  });
});

describe('the base URL', () => {
  test.each(['/', '', '/$default', '/$default/'])('may end in %j', async (path) => {
    const { endpoint, calls } = await openScriptedApi([QUEUED]);
    await new CoatcheckClient({ baseUrl: endpoint.url + path }).status('r-1');
    expect(calls[0]?.url).toBe(`${path.replace(/\/$/, '')}/v1/requests/r-1`);
  });

  test.each([
    'api.example.com',
    'ftp://example.com',
    'https://example.com/?a=b',
    'https://a:b@example.com',
    '',
  ])('rejects %j', (baseUrl) => {
    expect(() => new CoatcheckClient({ baseUrl })).toThrow(`got ${JSON.stringify(baseUrl)}`);
  });
});

describe('waiting', () => {
  test('polls until the request has ended', async () => {
    const { client, calls } = await openScriptedApi([QUEUED, reset, QUEUED, DONE]);
    expect((await client.wait('r-1', { source: '/shop' })).status).toBe('succeeded');
    expect(calls).toHaveLength(4);
    expect(new Set(calls.map(({ headers, url }) => `${headers.prefer} ${url}`))).toEqual(
      new Set(['wait=20 /v1/requests/r-1?source=%2Fshop']),
    );
  });

  test.each(['succeeded', 'failed', 'cancelled', 'expired'])('ends at the status %s', async (status) => {
    const { client } = await openScriptedApi([answer(200, requestJson({ status }))]);
    expect((await client.wait('r-1')).status).toBe(status);
  });

  test.each(['awaiting_upload', 'queued', 'running', 'cancelling', 'new_in_future'])(
    'continues at the status %s',
    async (status) => {
      const { client, calls } = await openScriptedApi([answer(200, requestJson({ status })), DONE]);
      await client.wait('r-1');
      expect(calls).toHaveLength(2);
    },
  );

  test('respects Retry-After if answers are not held', async () => {
    const soon = answer(200, requestJson(), { 'retry-after': '7' });
    const { client, timing } = await openScriptedApi([soon, QUEUED, DONE]);
    await client.wait('r-1');
    expect(timing.sleeps).toEqual([7_000, 1_000]);
  });

  test('polls again at once after a held answer', async () => {
    const { client, timing, endpoint } = await openScriptedApi([]);
    let round = 0;
    endpoint.script = (call, response) => {
      timing.advanceSeconds(20);
      (++round < 3 ? answer(200, requestJson(), { 'retry-after': '7' }) : DONE)(call, response);
    };
    await client.wait('r-1');
    expect(timing.sleeps).toEqual([]);
  });

  test('reports changes, and polls more often for them', async () => {
    const half = requestJson({ status: 'running', progress: { fraction: 0.5 } });
    const { client, calls } = await openScriptedApi([QUEUED, QUEUED, answer(200, half), DONE]);
    const seen: string[] = [];
    await client.wait('r-1', {
      onChange: ({ status, progress }) => seen.push(`${status} ${progress?.fraction}`),
    });
    expect(seen).toEqual(['queued undefined', 'running 0.5', 'succeeded undefined']);
    expect(calls[0]?.headers.prefer).toBe('wait=5');
  });

  test('times out with the latest known status', async () => {
    const { client, endpoint, calls } = await openScriptedApi([]);
    endpoint.script = (call, response) => {
      if (calls.length === 1) QUEUED(call, response);
    };
    const error = await client.wait('r-1', { timeoutMilliseconds: 300 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WaitTimedOut);
    expect(error).toMatchObject({ request: { status: 'queued' } });
    expect(String(error)).toContain('r-1 did not end within 0.3 s; its status is queued');
  });

  test('times out while the first answer is held', async () => {
    const { client, endpoint } = await openScriptedApi([]);
    endpoint.script = () => {};
    await expect(client.wait('r-1', { timeoutMilliseconds: 300 })).rejects.toThrow(
      /^The request r-1 did not end within 0\.3 s$/,
    );
  });

  test('asks to hold answers no longer than the remaining time', async () => {
    const { client, calls } = await openScriptedApi([QUEUED, DONE]);
    await client.wait('r-1', { timeoutMilliseconds: 8_000 });
    expect(calls.map(({ headers }) => headers.prefer)).toEqual(['wait=8', 'wait=7']);
  });

  test('ends with the reason of its signal, with and without a timeout', async () => {
    const ends = new AbortController();
    const { client } = await openScriptedApi([() => ends.abort(new Error('enough'))]);
    const waiting = client.wait('r-1', { timeoutMilliseconds: 60_000, signal: ends.signal });
    await expect(waiting).rejects.toThrow('enough');
  });

  test('ends with a permanent error', async () => {
    const { client } = await openScriptedApi([QUEUED, problem(404, 'request_unknown')]);
    await expect(client.wait('r-1', { timeoutMilliseconds: 60_000 })).rejects.toThrow(RequestUnknown);
  });
});

describe('cancelling', () => {
  test('returns the request', async () => {
    const { client, calls } = await openScriptedApi([answer(202, requestJson({ status: 'cancelling' }))]);
    expect((await client.cancel('r-1', { source: '/s' })).status).toBe('cancelling');
    expect(calls.map(summaryOf)).toEqual(['POST /v1/requests/r-1/cancel?source=%2Fs']);
  });

  test('throws for an ended request', async () => {
    const { client } = await openScriptedApi([problem(409, 'request_finished')]);
    await expect(client.cancel('r-1')).rejects.toThrow(RequestFinished);
  });
});

describe('a list', () => {
  const page = (ids: readonly string[], next?: string) =>
    answer(200, { requests: ids.map((id) => requestJson({ id })), next });

  test('fetches pages on demand, and skips empty ones', async () => {
    const { client, calls } = await openScriptedApi([page(['a', 'b'], 'p+2'), page([], 'p3'), page(['c'])]);
    const ids: string[] = [];
    for await (const { id } of client.list({ status: 'failed', limit: 2 })) {
      ids.push(id);
      if (id === 'a') expect(calls).toHaveLength(1);
    }
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(calls.map(summaryOf)).toEqual([
      'GET /v1/requests?status=failed&limit=2',
      'GET /v1/requests?status=failed&limit=2&cursor=p%2B2',
      'GET /v1/requests?status=failed&limit=2&cursor=p3',
    ]);
  });

  test('stops with its reader', async () => {
    const { client, calls } = await openScriptedApi([page(['a'], 'p2')]);
    for await (const _ of client.list()) break;
    expect(calls).toHaveLength(1);
  });

  test('can be read page by page', async () => {
    const { client, calls } = await openScriptedApi([page(['a'], 'p3')]);
    expect(await client.listPage({ cursor: 'p2' })).toMatchObject({ requests: [{ id: 'a' }], next: 'p3' });
    expect(calls.map(summaryOf)).toEqual(['GET /v1/requests?cursor=p2']);
  });
});

test('gets the load of the service', async () => {
  const status = { load: { backlog: 3, maxWaitSeconds: 900 }, accepting: true };
  const { client, calls } = await openScriptedApi([answer(200, status)]);
  expect(await client.serviceStatus()).toEqual(status);
  expect(calls.map(summaryOf)).toEqual(['GET /v1/status']);
});

test('signs every try', async () => {
  let round = 0;
  const auth = async () => ({ headers: { authorization: `try ${++round}` } });
  const { client, calls } = await openScriptedApi([reset, QUEUED], { auth });
  await client.status('r-1');
  expect(calls.map(({ headers }) => headers.authorization)).toEqual(['try 1', 'try 2']);
});

test('does not report an error of auth as a network failure', async () => {
  const auth = async () => {
    throw new Error('no credentials');
  };
  const { client, timing } = await openScriptedApi([], { auth });
  await expect(client.status('r-1')).rejects.toThrow('no credentials');
  expect(timing.sleeps).toEqual([]);
});
