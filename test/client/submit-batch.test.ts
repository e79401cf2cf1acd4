import { expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { ApiHarness } from '../support/api-harness.ts';

/** A client of an API in memory, whose first answers are lost. */
function clientOf(api: ApiHarness, lost = 0) {
  let left = lost;
  return new CoatcheckClient({
    baseUrl: 'https://api.example.com',
    fetch: async (url, init) => {
      const { pathname } = new URL(String(url));
      const response = await api.app.request(pathname, init);
      if (left-- > 0) throw new TypeError('fetch failed');
      return response;
    },
    timing: { now: Date.now, random: () => 0, sleep: async () => {} },
  });
}

test('requests are submitted in one call, each with its own result', async () => {
  const api = new ApiHarness(async (request) => ({
    text: await request.text(),
    type: request.contentType,
    topic: request.topic,
  }));
  const results = await clientOf(api).submitBatch([
    { json: { a: 1 }, topic: 'numbers' },
    { text: 'hello', metadata: { color: 'blue' } },
    { bytes: Uint8Array.from({ length: 20_000 }, (_, index) => index) },
    { text: 'x', callbackUrl: 'https://example.com/hook' },
  ]);
  expect(results.map(({ status }) => status)).toEqual([202, 202, 202, 422]);
  expect(results[3]).toMatchObject({ problem: { code: 'callback_refused' } });
  await api.deliver();
  const events = new Map(api.harness.events.map((event) => [event.subject, event.data]));
  const [first, second] = results.map((result) =>
    'request' in result ? events.get(result.request.id) : undefined,
  );
  expect(first).toEqual({ text: '{"a":1}', type: 'application/json', topic: 'numbers' });
  expect(second).toMatchObject({ text: 'hello', type: 'text/plain; charset=utf-8' });
  const sent = api.queue.sent.map(({ message }) => JSON.parse(message).data_base64);
  const bytes = Buffer.from(Uint8Array.from({ length: 20_000 }, (_, index) => index));
  expect(sent).toContain(bytes.toString('base64'));
});

test('a call whose answer is lost is repeated, and accepts each request once', async () => {
  const api = new ApiHarness();
  const results = await clientOf(api, 2).submitBatch([{ json: 1 }, { json: 2, notBefore: new Date(0) }]);
  expect(results.map(({ status }) => status)).toEqual([202, 202]);
  expect(new Set(api.queue.sent.map(({ message }) => JSON.parse(message).id)).size).toBe(2);
});

test.each([
  [[], '1 to 100 requests, got 0'],
  [Array.from({ length: 101 }, () => ({ json: 1 })), '1 to 100 requests, got 101'],
  [[{ json: 1, topic: 'a b' }], 'topic must have 1 to 128 characters'],
])('%# is refused before the call', async (requests, problem) => {
  const api = new ApiHarness();
  await expect(clientOf(api).submitBatch(requests)).rejects.toThrow(problem);
  expect(api.queue.sent).toEqual([]);
});

test('a date that is none is refused by its name, before the call', async () => {
  const client = new CoatcheckClient({ baseUrl: 'https://example.com' });
  const notBefore = new Date(Number.NaN);
  await expect(client.submitBatch([{ json: 1, notBefore }])).rejects.toThrow(
    'notBefore must be a time in the years 0000 to 9999, got an invalid date',
  );
});
