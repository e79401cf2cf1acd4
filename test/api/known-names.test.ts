import { describe, expect, test } from 'vitest';
import { ownHeaders, ownMembers, ownQuery } from '../../lib/api/known-names.ts';
import { problemIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { openServedService } from '../support/served-service.ts';

/** What a call is refused with. */
async function refusal(response: Response): Promise<string> {
  const { code, detail } = await problemIn(response, 400);
  expect(code).toBe('request_malformed');
  return String(detail);
}

/** Method and path of every operation. */
const CALLS = operationsOf(new ApiHarness()).map(
  ([method, path]) => [method, path.replace(':id', 'a')] as const,
);

function operationsOf({ app }: ApiHarness): (readonly [method: string, path: string])[] {
  return app.routes
    .filter(({ method, path }) => method !== 'ALL' && path !== '/v1/openapi.json')
    .map(({ method, path }) => [method, path] as const);
}

describe('D5: a name that a call doesn’t take is refused with those it takes:', () => {
  const api = new ApiHarness();

  test.each([
    [
      'Coatcheck-Expires-In',
      'coatcheck-request-id, coatcheck-not-before, coatcheck-expires-at, coatcheck-min-version, coatcheck-ordering-key, coatcheck-topic, coatcheck-priority, coatcheck-callback-url, coatcheck-metadata, coatcheck-metadata-NAME',
    ],
    [
      'Coatcheck-Metadatas',
      'coatcheck-request-id, coatcheck-not-before, coatcheck-expires-at, coatcheck-min-version, coatcheck-ordering-key, coatcheck-topic, coatcheck-priority, coatcheck-callback-url, coatcheck-metadata, coatcheck-metadata-NAME',
    ],
  ])('header %s', async (name, taken) => {
    const response = await api.call('POST', '/v1/requests', { body: 'x', headers: { [name]: '60' } });
    expect(await refusal(response)).toBe(`unknown header "${name.toLowerCase()}": this call takes ${taken}`);
    expect(api.queue.sent).toEqual([]);
  });

  test('query parameters', async () => {
    expect(await refusal(await api.call('GET', '/v1/requests?stauts=failed&limit=1&x=1'))).toBe(
      'unknown query parameter "stauts", "x": this call takes status, topic, code, handlerVersion, webhook, since, until, cursor, limit, metadata.NAME',
    );
    expect(await refusal(await api.call('POST', '/v1/requests?wait=5', { body: 'x' }))).toBe(
      'unknown query parameter "wait": this call takes no such query parameter',
    );
  });

  test.each(['__proto__', 'constructor'])('a query parameter %s', async (name) => {
    expect(await refusal(await api.call('GET', `/v1/requests?${name}=1`))).toContain(
      `unknown query parameter "${name}": `,
    );
  });

  test('members of a body', async () => {
    const opened = await api.call('POST', '/v1/uploads', { json: { size: 1, expiresIn: 60 } });
    expect(await refusal(opened)).toBe(
      'unknown member "expiresIn": this call takes size, contentType, contentEncoding, contentLanguage, sha256, metadata, notBefore, expiresAt, minVersion, orderingKey, topic, priority, callbackUrl, multipart',
    );
    const json = { uploadName: 'a', parts: [{ number: 1, etag: 'b', size: 1 }] };
    expect(await refusal(await api.call('POST', '/v1/uploads/a/complete', { json }))).toBe(
      'parts.0: unknown member "size": this call takes number, etag',
    );
  });

  test.each(CALLS)('whatever of %s', async (method, path) => {
    const body = method === 'GET' ? undefined : '{}';
    const headers = { 'Content-Type': 'application/json' };
    expect(await refusal(await api.call(method, `${path}?unknown=1`, { body, headers }))).toContain(
      'unknown query parameter "unknown"',
    );
    const unknown = { ...headers, 'Coatcheck-Unknown': '1' };
    expect(await refusal(await api.call(method, path, { body, headers: unknown }))).toContain(
      'unknown header "coatcheck-unknown"',
    );
  });
});

test('metadata named __proto__ is refused in every body', async () => {
  const { url } = await openServedService(undefined);
  const post = (path: string, body: string, type = 'application/json') =>
    fetch(`${url}/v1/${path}`, { method: 'POST', body, headers: { 'content-type': type } });
  const metadata = '"metadata":{"__proto__":"x"}';
  const problem = 'A metadata name must be 1 to 64 lower-case letters, digits and - . _, got "__proto__"';
  for (const [path, body] of [
    ['uploads', `{"size":1,${metadata}}`],
    ['batches', `{${metadata}}`],
    ['schedules', `{"name":"a","everyMinutes":5,"json":1,${metadata}}`],
    ['actions', `{"action":"retry","reason":"r","filter":{},"payload":{"json":1,${metadata}}}`],
    ['actions', `{"action":"cancel","filter":{"topic":"a",${metadata}}}`],
  ] as const) {
    expect([path, await refusal(await post(path, body))]).toEqual([path, expect.stringContaining(problem)]);
  }
  const together = await post('requests:batch', `{"requests":[{"json":1,${metadata}}]}`);
  expect(await together.json()).toMatchObject({ results: [{ problem: { detail: `metadata: ${problem}` } }] });
  const { id } = (await (await post('batches', '{}')).json()) as { readonly id: string };
  const added = await post(`batches/${id}/items`, `{"key":"a","json":1,${metadata}}`, 'application/x-ndjson');
  expect(await added.json()).toMatchObject({ refused: [{ problem: { detail: `metadata: ${problem}` } }] });
});

test('a body that a call doesn’t take is refused', async () => {
  const { url } = await openServedService(undefined);
  const { paths } = (await (await fetch(`${url}/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { readonly requestBody?: object }>>;
  };
  const bodiless = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method, { requestBody }]) => method !== 'get' && !requestBody)
      .map(([method]) => [method.toUpperCase(), path.replaceAll(/\{.+?\}/g, 'x')] as const),
  );
  expect(bodiless).toContainEqual(['POST', '/v1/schedules/x/run']);
  for (const [method, path] of bodiless) {
    const refused = await fetch(url + path, { method, body: '{"x":1}' });
    expect([path, await refusal(refused)]).toEqual([
      path,
      'This call takes no body, got one of 7 bytes: leave it out',
    ]);
    const taken = await fetch(url + path, { method, body: '' });
    expect([path, taken.status]).not.toEqual([path, 400]);
  }
});

describe('names of others pass:', () => {
  test('headers of proxies and standards', () => {
    const headers = { 'x-forwarded-for': '1.2.3.4', via: '1.1 a', priority: 'u=1', 'x-coatcheck-debug': '1' };
    expect(ownHeaders({}).safeParse(headers).success).toBe(true);
  });

  test('the query of a presigned call', () => {
    expect(
      ownQuery({}).safeParse({ 'X-Amz-Signature': 'ab', 'X-Amz-Date': '20260131T120000Z' }).success,
    ).toBe(true);
  });

  test('no members of a body', () => {
    expect(ownMembers({}).safeParse({ 'x-forwarded-for': '1.2.3.4' }).success).toBe(false);
  });
});
