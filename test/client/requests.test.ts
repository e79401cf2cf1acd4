import { describe, expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/client.ts';
import { RequestFinished, RequestUnknown, WaitTimedOut } from '../../lib/client/errors.ts';
import {
  answer,
  openScriptedApi,
  problem,
  requestJson,
  reset,
  told,
  truncated,
} from '../support/scripted-api.ts';

const QUEUED = answer(200, requestJson());
const DONE = answer(200, requestJson({ status: 'succeeded' }));

describe('status', () => {
  test('is asked for by id and source', async () => {
    const { client, calls } = await openScriptedApi([QUEUED, QUEUED]);
    expect(await client.status('r-1')).toEqual(requestJson());
    await client.status("a/b?c'd", { source: '/shop+one two' });
    expect(calls.map(told)).toEqual([
      'GET /v1/requests/r-1',
      'GET /v1/requests/~YS9iP2MnZA?source=%2Fshop%2Bone%20two',
    ]);
    expect(calls[0]?.headers.prefer).toBeUndefined();
  });

  test('survives resets and answers cut short', async () => {
    const { client } = await openScriptedApi([reset, truncated(200, JSON.stringify(requestJson())), QUEUED]);
    expect((await client.status('r-1')).id).toBe('r-1');
  });

  test('of a request that is not there', async () => {
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
  ])('is not %j', (baseUrl) => {
    expect(() => new CoatcheckClient({ baseUrl })).toThrow(`got ${JSON.stringify(baseUrl)}`);
  });
});

describe('waiting', () => {
  test('asks until the request has ended', async () => {
    const { client, calls } = await openScriptedApi([QUEUED, reset, QUEUED, DONE]);
    expect((await client.wait('r-1', { source: '/shop' })).status).toBe('succeeded');
    expect(calls).toHaveLength(4);
    expect(new Set(calls.map(({ headers, url }) => `${headers.prefer} ${url}`))).toEqual(
      new Set(['wait=20 /v1/requests/r-1?source=%2Fshop']),
    );
  });

  test.each(['succeeded', 'failed', 'cancelled', 'expired'])(
    'ends with a request that is %s',
    async (status) => {
      const { client } = await openScriptedApi([answer(200, requestJson({ status }))]);
      expect((await client.wait('r-1')).status).toBe(status);
    },
  );

  test.each(['awaiting_upload', 'queued', 'running', 'cancelling', 'new_in_future'])(
    'goes on with one that is %s',
    async (status) => {
      const { client, calls } = await openScriptedApi([answer(200, requestJson({ status })), DONE]);
      await client.wait('r-1');
      expect(calls).toHaveLength(2);
    },
  );

  test('asks no more often than the API wants when answers are not held back', async () => {
    const soon = answer(200, requestJson(), { 'retry-after': '7' });
    const { client, timing } = await openScriptedApi([soon, QUEUED, DONE]);
    await client.wait('r-1');
    expect(timing.sleeps).toEqual([7_000, 1_000]);
  });

  test('asks again at once when they were', async () => {
    const { client, timing, endpoint } = await openScriptedApi([]);
    let round = 0;
    endpoint.script = (call, response) => {
      timing.advanceSeconds(20);
      (++round < 3 ? answer(200, requestJson(), { 'retry-after': '7' }) : DONE)(call, response);
    };
    await client.wait('r-1');
    expect(timing.sleeps).toEqual([]);
  });

  test('tells changes, and looks more often for them', async () => {
    const half = requestJson({ status: 'running', progress: { fraction: 0.5 } });
    const { client, calls } = await openScriptedApi([QUEUED, QUEUED, answer(200, half), DONE]);
    const seen: string[] = [];
    await client.wait('r-1', {
      onChange: ({ status, progress }) => seen.push(`${status} ${progress?.fraction}`),
    });
    expect(seen).toEqual(['queued undefined', 'running 0.5', 'succeeded undefined']);
    expect(calls[0]?.headers.prefer).toBe('wait=5');
  });

  test('ends when its time is over, and says how the request stood', async () => {
    const { client, endpoint, calls } = await openScriptedApi([]);
    endpoint.script = (call, response) => {
      if (calls.length === 1) QUEUED(call, response);
    };
    const error = await client.wait('r-1', { timeoutMilliseconds: 300 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WaitTimedOut);
    expect(error).toMatchObject({ request: { status: 'queued' } });
    expect(String(error)).toContain("r-1 hadn't ended after 300 ms: it is queued");
  });

  test('asks for no longer than is left', async () => {
    const { client, calls } = await openScriptedApi([QUEUED, DONE]);
    await client.wait('r-1', { timeoutMilliseconds: 8_000 });
    expect(calls.map(({ headers }) => headers.prefer)).toEqual(['wait=8', 'wait=7']);
  });

  test('ends with the reason of its signal, timeout or not', async () => {
    const ends = new AbortController();
    const { client } = await openScriptedApi([() => ends.abort(new Error('enough'))]);
    const waiting = client.wait('r-1', { timeoutMilliseconds: 60_000, signal: ends.signal });
    await expect(waiting).rejects.toThrow('enough');
  });

  test('ends with what will not go away', async () => {
    const { client } = await openScriptedApi([QUEUED, problem(404, 'request_unknown')]);
    await expect(client.wait('r-1', { timeoutMilliseconds: 60_000 })).rejects.toThrow(RequestUnknown);
  });
});

describe('cancelling', () => {
  test('tells how the request stands', async () => {
    const { client, calls } = await openScriptedApi([answer(202, requestJson({ status: 'cancelling' }))]);
    expect((await client.cancel('r-1', { source: '/s' })).status).toBe('cancelling');
    expect(calls.map(told)).toEqual(['POST /v1/requests/r-1/cancel?source=%2Fs']);
  });

  test('comes too late', async () => {
    const { client } = await openScriptedApi([problem(409, 'request_finished')]);
    await expect(client.cancel('r-1')).rejects.toThrow(RequestFinished);
  });
});

describe('a list', () => {
  const page = (ids: readonly string[], next?: string) =>
    answer(200, { requests: ids.map((id) => requestJson({ id })), next });

  test('goes from page to page, also over an empty one, and no further than is read', async () => {
    const { client, calls } = await openScriptedApi([page(['a', 'b'], 'p+2'), page([], 'p3'), page(['c'])]);
    const ids: string[] = [];
    for await (const { id } of client.list({ status: 'failed', limit: 2 })) {
      ids.push(id);
      if (id === 'a') expect(calls).toHaveLength(1);
    }
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(calls.map(told)).toEqual([
      'GET /v1/requests?status=failed&limit=2',
      'GET /v1/requests?status=failed&limit=2&cursor=p%2B2',
      'GET /v1/requests?status=failed&limit=2&cursor=p3',
    ]);
  });

  test('ends when its reader does', async () => {
    const { client, calls } = await openScriptedApi([page(['a'], 'p2')]);
    for await (const _ of client.list()) break;
    expect(calls).toHaveLength(1);
  });

  test('may be read page by page', async () => {
    const { client, calls } = await openScriptedApi([page(['a'], 'p3')]);
    expect(await client.listPage({ cursor: 'p2' })).toMatchObject({ requests: [{ id: 'a' }], next: 'p3' });
    expect(calls.map(told)).toEqual(['GET /v1/requests?cursor=p2']);
  });
});

test('the service tells its load', async () => {
  const status = { load: { backlog: 3, maxWaitSeconds: 900 }, accepting: true };
  const { client, calls } = await openScriptedApi([answer(200, status)]);
  expect(await client.serviceStatus()).toEqual(status);
  expect(calls.map(told)).toEqual(['GET /v1/status']);
});

test('every try is signed anew', async () => {
  let round = 0;
  const auth = async () => ({ headers: { authorization: `try ${++round}` } });
  const { client, calls } = await openScriptedApi([reset, QUEUED], { auth });
  await client.status('r-1');
  expect(calls.map(({ headers }) => headers.authorization)).toEqual(['try 1', 'try 2']);
});

test('what an auth throws is thrown, and not taken for the network', async () => {
  const auth = async () => {
    throw new Error('no credentials');
  };
  const { client, timing } = await openScriptedApi([], { auth });
  await expect(client.status('r-1')).rejects.toThrow('no credentials');
  expect(timing.sleeps).toEqual([]);
});
