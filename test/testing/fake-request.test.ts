import { expect, expectTypeOf, test } from 'vitest';
import type { ProcessorRequest } from '../../functions/processor/index.ts';
import { fakeRequest } from '../../lib/testing/index.ts';
import { readAll } from '../support/streams.ts';

async function resize(request: ProcessorRequest<{ readonly width: number }>) {
  request.progress(0.5, 'half');
  return (await request.json()).width / 2;
}

test('a handler alone takes a fake request', async () => {
  const request = fakeRequest({ json: { width: 100 } });
  expect(await resize(request)).toBe(50);
  expect(request.reported).toEqual([{ fraction: 0.5, note: 'half' }]);
  expect(request).toMatchObject({ id: 'request-1', attempt: 1, contentType: 'application/json', size: 13 });
  expectTypeOf(request.json).returns.toEqualTypeOf<Promise<{ width: number }>>();
});

test('json() returns what a schema would have returned', async () => {
  const when = new Date();
  expect((await fakeRequest({ json: { when } }).json()).when).toBe(when);
  expect(await fakeRequest({ json: null }).json()).toBeNull();
});

test('text and bytes can be read in every way', async () => {
  const text = fakeRequest({ payload: '{"a":1}', contentType: 'application/json', tenant: 'acme' });
  expect(await text.json()).toEqual({ a: 1 });
  expect(await text.text()).toBe('{"a":1}');
  expect(text.tenant).toBe('acme');
  const bytes = fakeRequest({ payload: new Uint8Array([1, 2, 3]) });
  expect(await readAll(bytes.stream())).toEqual(Buffer.from([1, 2, 3]));
});

test('the signal is the given one', async () => {
  const controller = new AbortController();
  const request = fakeRequest({ signal: controller.signal });
  expect(request.signal.aborted).toBe(false);
  controller.abort();
  expect(request.signal.aborted).toBe(true);
});

test('has what a handler passed to complete()', async () => {
  const request = fakeRequest({ json: 1 });
  const writes = { dynamodb: [] };
  await request.complete('done', writes);
  expect(request.completions).toEqual([{ result: 'done', writes }]);
});
