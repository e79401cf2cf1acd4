import { describe, expect, test } from 'vitest';
import {
  ApiError,
  ConnectionFailed,
  RequestCancelled,
  RequestExpired,
  RequestFailed,
  RequestPending,
  ResultGone,
  TransferRefused,
} from '../../lib/client/errors.ts';
import {
  answer,
  openScriptedApi,
  problem,
  requestJson,
  reset,
  summaryOf,
  truncated,
} from '../support/scripted-api.ts';
import { type Script, s3Error } from '../support/scripted-endpoint.ts';

const CSV = 'a,b\n1,ü\n';
const csv: Script = (_, response) => response.writeHead(200, { 'content-type': 'text/csv' }).end(CSV);

/** A redirect to the store at the API's own address, as on a local AWS. */
const redirect: Script = (_, response) =>
  response.writeHead(303, { location: '/bucket/k?X-Amz-Signature=s' }).end('see there');

const auth = async ({ followed }: { followed: boolean }) =>
  followed ? {} : { headers: { authorization: 'secret', 'x-amz-security-token': 't' } };

describe('a result', () => {
  test('comes from the API', async () => {
    const { client, calls } = await openScriptedApi([csv]);
    const result = await client.result('r-1', { source: '/s' });
    expect(result.contentType).toBe('text/csv');
    expect(await result.text()).toBe(CSV);
    expect(Buffer.from(await result.bytes()).toString()).toBe(CSV);
    expect(calls.map(summaryOf)).toEqual(['GET /v1/requests/r-1/result?source=%2Fs']);
  });

  test('can be read as JSON, as a stream, or be empty', async () => {
    const empty: Script = (_, response) => response.writeHead(200, { 'content-length': '0' }).end();
    const { client } = await openScriptedApi([answer(200, { x: 1 }), csv, empty]);
    expect(await (await client.result('r-1')).json()).toEqual({ x: 1 });
    const streamed = await client.result('r-1');
    expect(await new Response(streamed.stream()).text()).toBe(CSV);
    await expect(async () => streamed.bytes()).rejects.toThrow('already consumed by stream()');
    const nothing = await client.result('r-1');
    expect(nothing.size).toBe(0);
    expect(await nothing.bytes()).toHaveLength(0);
  });

  test('is fetched from the store without the credentials of the API, even at the same address', async () => {
    const { client, calls } = await openScriptedApi([redirect, csv], { auth });
    expect(await (await client.result('r-1')).text()).toBe(CSV);
    expect(calls.map(summaryOf)).toEqual(['GET /v1/requests/r-1/result', 'GET /bucket/k?X-Amz-Signature=s']);
    expect(calls[0]?.headers.authorization).toBe('secret');
    expect(calls[1]?.headers.authorization).toBeUndefined();
    expect(calls[1]?.headers['x-amz-security-token']).toBeUndefined();
  });

  test('is signed in the query for a browser that hides the redirect', async () => {
    const { client, calls } = await openScriptedApi([redirect, redirect, csv], { auth, fetch: browserFetch });
    expect(await (await client.result('r-1')).text()).toBe(CSV);
    expect(calls.map(summaryOf)).toEqual([
      'GET /v1/requests/r-1/result',
      'GET /v1/requests/r-1/result',
      'GET /bucket/k?X-Amz-Signature=s',
    ]);
    expect(calls.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['t', undefined, undefined]);
  });

  test('is retried if the store fails', async () => {
    const { client, calls } = await openScriptedApi([
      redirect,
      reset,
      redirect,
      s3Error(503, 'SlowDown'),
      csv,
    ]);
    expect(await (await client.result('r-1')).text()).toBe(CSV);
    expect(calls).toHaveLength(5);
  });

  test('throws if the store rejects it', async () => {
    const refused = [redirect, s3Error(403, 'AccessDenied')];
    const { client } = await openScriptedApi(refused);
    await expect(client.result('r-1')).rejects.toThrow(TransferRefused);
    const { client: browser } = await openScriptedApi([redirect, ...refused], { fetch: browserFetch });
    await expect(browser.result('r-1')).rejects.toThrow(
      '/v1/requests/r-1/result failed: the store answered 403 AccessDenied',
    );
  });

  test('is fetched again if it breaks off', async () => {
    const { client, calls } = await openScriptedApi([redirect, truncated(200, CSV), redirect, csv]);
    expect(await (await client.result('r-1')).text()).toBe(CSV);
    expect(calls).toHaveLength(4);
  });

  test('throws if it breaks off again and again', async () => {
    const { client } = await openScriptedApi(Array(6).fill(truncated(200, CSV)));
    const result = await client.result('r-1');
    await expect(result.bytes()).rejects.toThrow(ConnectionFailed);
  });

  test('is released when the signal is aborted', async () => {
    const ends = new AbortController();
    const { client, endpoint } = await openScriptedApi([
      (_, response) => void response.writeHead(200, { 'content-length': '10' }).write('12345'),
    ]);
    const result = await client.result('r-1', { signal: ends.signal });
    const read = result.bytes();
    ends.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    await expect.poll(() => endpoint.connections).toBe(0);
  });

  test('throws for a redirect without a location', async () => {
    const { client } = await openScriptedApi([(_, response) => response.writeHead(303).end()]);
    await expect(client.result('r-1')).rejects.toThrow('got HTTP 303 without Location');
  });
});

describe('no result', () => {
  test('if the request has not ended', async () => {
    const running = requestJson({ status: 'running' });
    const { client } = await openScriptedApi([answer(202, running, { 'retry-after': '4' })]);
    const error = await client.result('r-1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestPending);
    expect(error).toMatchObject({ request: running, retryAfterSeconds: 4 });
  });

  const outcome = { type: 't', title: 'csv invalid', detail: 'line 17', code: 'csv_invalid', attempts: 2 };
  test.each([
    [409, 'request_failed', RequestFailed],
    [409, 'request_cancelled', RequestCancelled],
    [410, 'request_expired', RequestExpired],
  ])('%i %s', async (status, code, leaf) => {
    const { client } = await openScriptedApi([problem(status, code, {}, { problem: outcome })]);
    const error = await client.result('r-1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(leaf);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ outcome, message: expect.stringContaining('(csv_invalid: line 17)') });
  });

  test('without details', async () => {
    const { client } = await openScriptedApi([problem(410, 'request_expired')]);
    await expect(client.result('r-1')).rejects.toMatchObject({ outcome: undefined });
  });

  test('if it is gone', async () => {
    const { client } = await openScriptedApi([problem(410, 'result_gone')]);
    await expect(client.result('r-1')).rejects.toThrow(ResultGone);
  });
});

/** A redirect as a browser exposes it: opaque. */
const browserFetch: typeof fetch = async (url, init) => {
  const response = await fetch(url, init);
  if (init?.redirect !== 'manual' || response.status !== 303) return response;
  await response.body?.cancel();
  const opaque = Response.error();
  return Object.defineProperties(opaque, { type: { value: 'opaqueredirect' } });
};
