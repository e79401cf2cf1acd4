import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { BatchResults } from '../../lib/api/schemas.ts';
import { exactly } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';

async function submit(
  api: ApiHarness,
  requests: readonly unknown[],
  tenant?: string,
): Promise<z.infer<typeof BatchResults>['results']> {
  const response = await api.call('POST', '/v1/requests:batch', { json: { requests }, tenant });
  expect(response.status).toBe(200);
  return exactly(BatchResults, await response.json()).results;
}

test('each request is queued and has its ticket, in the order of the call', async () => {
  const api = new ApiHarness(async (request) => `${request.contentType} ${await request.text()}`);
  const results = await submit(api, [
    { json: { a: 1 } },
    { text: 'hello', topic: 'greetings', metadata: { color: 'blue' } },
    { base64: 'AP8=', contentType: 'image/png' },
    { json: null },
  ]);
  expect(results.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  const ids = results.map(({ request }) => request?.id ?? '');
  expect(api.queue.sent.map(({ message }) => JSON.parse(message).id).toSorted()).toEqual(ids.toSorted());
  expect(results[1]?.request).toMatchObject({ status: 'queued', topic: 'greetings' });
  await api.deliver();
  const events = new Map(api.harness.events.map((event) => [event.subject, event.data]));
  expect(ids.map((id) => events.get(id))).toEqual([
    'application/json {"a":1}',
    'text/plain; charset=utf-8 hello',
    expect.stringMatching(/^image\/png/),
    'application/json null',
  ]);
});

test('the colon of the path may be escaped', async () => {
  const api = new ApiHarness();
  const response = await api.call('POST', '/v1/requests%3Abatch', { json: { requests: [{ json: 1 }] } });
  expect(await response.json()).toMatchObject({ results: [{ status: 202 }] });
  expect((await api.call('GET', '/v1/requests%3abatch')).status).toBe(405);
});

test('a mistake in one of them concerns only that one', async () => {
  const api = new ApiHarness();
  const results = await submit(api, [
    { json: 1 },
    { json: 1, text: 'a' },
    {},
    'text',
    { json: 1, contenttype: 'a/b' },
    { base64: 'not base64!' },
    { json: 1, expiresAt: 'tomorrow' },
    { text: '' },
    { text: 'last' },
  ]);
  expect(results.map(({ status, problem }) => [status, problem?.code ?? 'queued'])).toEqual([
    [202, 'queued'],
    [400, 'request_malformed'],
    [400, 'request_malformed'],
    [400, 'request_malformed'],
    [400, 'request_malformed'],
    [400, 'request_malformed'],
    [400, 'request_malformed'],
    [400, 'payload_empty'],
    [202, 'queued'],
  ]);
  const details = results.map(({ problem }) => problem?.detail);
  expect(details[1]).toBe('A request must have one of json, text and base64, got json, text');
  expect(details[2]).toBe('A request must have one of json, text and base64, got none');
  expect(details[4]).toMatch(/^unknown member "contenttype": this call takes json, text, base64, /);
  expect(details[6]).toBe('expiresAt must be a time like 2026-01-31T12:00:00Z, got "tomorrow"');
  expect(api.queue.sent).toHaveLength(2);
});

test('one that can’t be stored fails by itself, and is logged', async () => {
  const api = new ApiHarness();
  api.queue.faults.inject('send', 'fails before');
  const [first, second] = await submit(api, [{ json: 1 }, { json: 2 }]);
  expect(first).toMatchObject({ status: 500, problem: { code: 'internal_error' } });
  expect(second).toMatchObject({ status: 202 });
  expect(api.harness.logger.lines.map(({ message }) => message)).toContain('A request of a batch failed');
});

test('the same key is the same request, within a call and when it is repeated', async () => {
  const api = new ApiHarness();
  const requests = [{ json: 1, idempotencyKey: 'k' }, { json: 2 }];
  const [first] = await submit(api, requests, 'acme');
  const [again] = await submit(api, requests, 'acme');
  expect(again?.request?.id).toBe(first?.request?.id);
  const [other] = await submit(api, [{ json: 9, idempotencyKey: 'k' }], 'acme');
  expect(other).toMatchObject({ status: 422, problem: { code: 'idempotency_key_reused' } });
});

test('each is admitted by itself', async () => {
  const api = new ApiHarness();
  api.admission.decision = {
    admitted: false,
    reason: 'overloaded',
    retryAfterSeconds: 9,
    load: { maxWaitSeconds: 900 },
  };
  const results = await submit(api, [{ json: 1 }, { json: 2 }]);
  expect(results).toMatchObject([
    { status: 503, problem: { code: 'overloaded', maxWaitSeconds: 900 } },
    { status: 503, problem: { code: 'overloaded' } },
  ]);
  expect(api.admission.applicants).toHaveLength(2);
});

test('requests of a queue that keeps order are sent in the order of the call', async () => {
  const api = new ApiHarness(() => 'done', { ordered: true });
  const requests = Array.from({ length: 20 }, (_, n) => ({
    json: n,
    orderingKey: 'k',
    idempotencyKey: `k-${n}`,
  }));
  await submit(api, requests);
  expect(api.queue.sent.map(({ message }) => JSON.parse(message).data)).toEqual(
    requests.map(({ json }) => json),
  );
});

test('a request does not overtake an earlier one of its key that has to be repeated', async () => {
  const api = new ApiHarness(() => 'done', { ordered: true });
  api.queue.faults.inject('send', 'fails before');
  const requests = [
    { json: 'a1', orderingKey: 'a' },
    { json: 'b1', orderingKey: 'b' },
    { json: 'b2', orderingKey: 'b', topic: 'not a topic' },
    { json: 'a2', orderingKey: 'a' },
    { json: 'b3', orderingKey: 'b' },
  ];
  const results = await submit(api, requests);
  expect(results.map(({ status, problem }) => [status, problem?.code])).toEqual([
    [500, 'internal_error'],
    [202, undefined],
    [400, 'request_malformed'],
    [409, 'earlier_request_failed'],
    [202, undefined],
  ]);
  await submit(api, [requests[0], requests[3]]);
  expect(api.queue.sent.map(({ message }) => JSON.parse(message).data)).toEqual(['b1', 'b3', 'a1', 'a2']);
});

describe('the call itself is refused', () => {
  test.each([
    [{ requests: [] }, 'requests: Too small'],
    [{ requests: Array.from({ length: 101 }, () => ({ json: 1 })) }, 'requests: Too big'],
    [{ request: [] }, 'requests: Invalid input'],
    [[{ json: 1 }], 'Invalid input'],
  ])('%#', async (json, detail) => {
    const api = new ApiHarness();
    const response = await api.call('POST', '/v1/requests:batch', { json });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'request_malformed',
      detail: expect.stringContaining(detail),
    });
    expect(api.queue.sent).toEqual([]);
  });
});

test('each has its own time before which it does not start', async () => {
  const api = new ApiHarness(() => 'done', { maxDelaySeconds: 900 });
  const results = await submit(api, [
    { json: 1, notBefore: '2026-01-31T12:10:00Z' },
    { json: 2, notBefore: '2026-01-31T12:20:00Z' },
    { json: 3 },
  ]);
  expect(results.map(({ request, problem }) => request?.status ?? problem?.code)).toEqual([
    'scheduled',
    'not_before_unsupported',
    'queued',
  ]);
});
