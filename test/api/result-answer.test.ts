import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { RECORDED_RESULT_BYTES } from '../../lib/core/config/receive-budget.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { problemIn, requestIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';

const DAY_SECONDS = 86_400;

/** A submitted and delivered request. */
async function done(handler: Handler) {
  const api = new ApiHarness(handler);
  const { links, id } = await requestIn(await api.call('POST', '/v1/requests', { body: 'hello' }), 202);
  await api.deliver();
  return { api, id, links, result: () => api.call('GET', links.result) };
}

/** Keeps a browser from rendering a result as a page of the API. */
function expectInert({ headers }: Response): void {
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  expect(headers.get('cache-control')).toBe('no-store');
}

describe('a small result', () => {
  test.each<[string, Handler, string, Buffer]>([
    ['JSON', () => ({ a: 1 }), 'application/json', Buffer.from('{"a":1}')],
    ['nothing', () => undefined, 'application/json', Buffer.from('null')],
    ['bytes', () => new Uint8Array([0, 255, 10]), 'application/octet-stream', Buffer.from([0, 255, 10])],
    ['no bytes', () => new Uint8Array(), 'application/octet-stream', Buffer.alloc(0)],
    [
      'a page',
      () => new Response('<script>', { headers: { 'Content-Type': 'text/html' } }),
      'text/html',
      Buffer.from('<script>'),
    ],
    [
      'a text of its own character set',
      () =>
        new Response(Buffer.from([0xe4]), { headers: { 'Content-Type': 'text/plain; charset=iso-8859-1' } }),
      'text/plain; charset=iso-8859-1',
      Buffer.from([0xe4]),
    ],
  ])(
    'that is %s is returned as it is, with its own type and inert',
    async (_, handler, contentType, bytes) => {
      const response = await (await done(handler)).result();
      expect(response.status).toBe(200);
      expectInert(response);
      expect(response.headers.get('content-type')).toBe(contentType);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    },
  );

  test('is available as long as its record', async () => {
    const { api, result } = await done(() => 'x');
    api.harness.clock.advanceSeconds((NUMBER_SETTINGS.resultAgeDays.default + 1) * DAY_SECONDS);
    expect((await result()).status).toBe(200);
    api.harness.clock.advanceSeconds(NUMBER_SETTINGS.recordAgeDays.default * DAY_SECONDS);
    expect((await problemIn(await result(), 404)).code).toBe('request_unknown');
  });
});

describe.each([RECORDED_RESULT_BYTES + 1, NUMBER_SETTINGS.inlineLimitBytes.default + 1])(
  'a result of %i bytes',
  (size) => {
    const large = () =>
      done(() => new Response('x'.repeat(size), { headers: { 'Content-Type': 'text/csv' } }));

    test('redirects to the store for a quarter of an hour', async () => {
      const { api, links, result } = await large();
      const { result: reference } = await requestIn(await api.call('GET', links.self), 200);
      expect(reference).toEqual({ size, contentType: 'text/csv' });
      const response = await result();
      expect(response.status).toBe(303);
      expectInert(response);
      expect(await response.text()).toBe('');
      const [key] = api.harness.store.keys('results/');
      expect(response.headers.get('location')).toBe(
        `https://store.example/payloads/${key}?versionId=v1#expires=900`,
      );
    });

    test('is gone once results expire', async () => {
      const { api, result } = await large();
      const days = NUMBER_SETTINGS.resultAgeDays.default;
      api.harness.clock.advanceSeconds(days * DAY_SECONDS - 1);
      expect((await result()).status).toBe(303);
      api.harness.clock.advanceSeconds(1);
      const { code, detail } = await problemIn(await result(), 410);
      expect(code).toBe('result_gone');
      expect(detail).toBe(`The result has expired: results are kept for ${days} days`);
    });
  },
);

describe('there is no result', () => {
  test('before its request ends: the answer is the request instead', async () => {
    const api = new ApiHarness();
    const { links, id } = await requestIn(await api.call('POST', '/v1/requests', { body: 'hello' }), 202);
    const response = await api.call('GET', links.result);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await requestIn(response, 202)).toMatchObject({ id, status: 'queued' });
  });

  test('for a failed request, and the problem gives the reason', async () => {
    const { id, result } = await done(() => {
      throw new PermanentError('The colour is wrong', { code: 'colour_wrong', details: { got: 'red' } });
    });
    expect(await problemIn(await result(), 409)).toMatchObject({
      code: 'request_failed',
      detail: `The request ${id} failed and has no result`,
      problem: {
        type: 'urn:coatcheck:problem:colour_wrong',
        detail: 'The colour is wrong',
        code: 'colour_wrong',
        attempts: 1,
        details: { got: 'red' },
      },
    });
  });

  test('for a cancelled request', async () => {
    const api = new ApiHarness();
    const { links } = await requestIn(await api.call('POST', '/v1/requests', { body: 'hello' }), 202);
    await api.call('POST', links.cancel);
    const problem = await problemIn(await api.call('GET', links.result), 409);
    expect(problem).toMatchObject({
      code: 'request_cancelled',
      problem: { code: 'request_cancelled', attempts: 0 },
    });
  });

  test('for an expired request', async () => {
    const api = new ApiHarness();
    const headers = { 'Coatcheck-Expires-At': '2026-01-31T12:00:01Z' };
    const { links } = await requestIn(
      await api.call('POST', '/v1/requests', { body: 'hello', headers }),
      202,
    );
    api.harness.clock.advanceSeconds(1);
    await api.deliver();
    const problem = await problemIn(await api.call('GET', links.result), 410);
    expect(problem).toMatchObject({ code: 'request_expired', problem: { code: 'request_expired' } });
  });
});
