import { describe, expect, test } from 'vitest';
import { type AwsCredentials, sigv4 } from '../../../lib/client/auth/sigv4.ts';
import known from './known-answers.json' with { type: 'json' };

const signer = (credentials: AwsCredentials | (() => Promise<AwsCredentials>)) =>
  sigv4({ region: known.region, credentials, now: () => Date.parse(known.signedAt) });

const pairs = (url: URL | string | undefined) => [...new URL(url ?? '').searchParams].toSorted();

describe("botocore's signature of", () => {
  test.each(known.answers)('$name', async ({ credentials, call, signed }) => {
    const unsigned = {
      ...call,
      headers: withoutMissing(call.headers),
      url: new URL(call.url),
      followed: false,
    };
    expect(await signer(credentials)(unsigned)).toEqual({ headers: signed });
  });

  const inQuery = known.answers.filter(({ presigned }) => presigned !== undefined);
  test.each(inQuery)('$name, in the query', async ({ credentials, call, presigned = '' }) => {
    const unsigned = { method: call.method, headers: {}, url: new URL(call.url), followed: true };
    const { url, headers } = await signer(credentials)(unsigned);
    expect(headers).toBeUndefined();
    expect(pairs(url)).toEqual(pairs(presigned));
    expect(url?.pathname).toBe(new URL(presigned).pathname);
  });
});

test('the known answers cover all features of calls', () => {
  const calls = known.answers.map(({ call }) => call);
  expect(calls.some(({ body }) => body?.includes('ü'))).toBe(true);
  expect(calls.some(({ url }) => url.includes('?'))).toBe(true);
  expect(known.answers.some(({ credentials }) => 'sessionToken' in credentials)).toBe(true);
});

test('signs bytes like their text', async () => {
  const call = { method: 'POST', url: new URL('https://example.com/'), headers: {}, followed: false };
  const sign = signer({ accessKeyId: 'A', secretAccessKey: 'S' });
  expect(await sign({ ...call, body: Buffer.from('ü') })).toEqual(await sign({ ...call, body: 'ü' }));
  expect(await sign({ ...call, body: 'u' })).not.toEqual(await sign({ ...call, body: 'ü' }));
});

test('calls a credentials provider for every call', async () => {
  let round = 0;
  const sign = signer(async () => ({ accessKeyId: `A${++round}`, secretAccessKey: 'S' }));
  const call = { method: 'GET', url: new URL('https://example.com/'), headers: {}, followed: false };
  await sign(call);
  expect((await sign(call)).headers?.authorization).toContain('Credential=A2/');
});

test('does not sign headers that tracers change', async () => {
  const sign = signer({ accessKeyId: 'A', secretAccessKey: 'S' });
  const call = { method: 'GET', url: new URL('https://example.com/'), followed: false };
  const traced = await sign({ ...call, headers: { traceparent: '00-1', tracestate: 'a', baggage: 'b' } });
  expect(traced).toEqual(await sign({ ...call, headers: {} }));
});

/** The type of the file's calls has every header of any call. */
function withoutMissing(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}
