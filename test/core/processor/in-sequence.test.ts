import { expect, test, vi } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { type ItemHandler, inSequence } from '../../../lib/core/processor/in-sequence.ts';
import { fakeRequest } from '../../../lib/testing/fake-request.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

/** An item handler that notes what it gets, and fails the items that it is given once each. */
function noting(...failing: unknown[]) {
  const handled: unknown[] = [];
  const handle: ItemHandler = (item) => {
    handled.push(item);
    const at = failing.indexOf(item);
    if (at >= 0) {
      failing.splice(at, 1);
      throw new Error(`${item} failed`);
    }
    return `${item}!`;
  };
  return { handled, handle };
}

test('items are handled one after another, and their results are the result', async () => {
  let running = 0;
  const harness = new EngineHarness(
    inSequence(async (item, { index, count }) => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { item, index, count };
    }),
  );
  await harness.process([requestDelivery('r-1', ['a', { b: 1 }, 3])]);
  expect(harness.event.data).toEqual([
    { item: 'a', index: 0, count: 3 },
    { item: { b: 1 }, index: 1, count: 3 },
    { item: 3, index: 2, count: 3 },
  ]);
});

test('a retry goes on with the item that failed, and each item has its own attempts', async () => {
  const { handled, handle } = noting('b', 'b', 'b', 'c', 'c', 'c');
  const harness = new EngineHarness(inSequence(handle), { maxAttempts: 4 });
  for (let deliveryCount = 1; deliveryCount <= 7; deliveryCount++) {
    const left = await harness.process([requestDelivery('r-1', ['a', 'b', 'c'], { deliveryCount })]);
    expect(left).toHaveLength(deliveryCount < 7 ? 1 : 0);
  }
  expect(handled).toEqual(['a', 'b', 'b', 'b', 'b', 'c', 'c', 'c', 'c']);
  expect(harness.event.data).toEqual(['a!', 'b!', 'c!']);
});

test('an item that fails for good ends the sequence, and the problem names it', async () => {
  const handled: unknown[] = [];
  const harness = new EngineHarness(
    inSequence((item) => {
      handled.push(item);
      if (item === 'b')
        throw new PermanentError('no such account', { code: 'account_unknown', details: { id: 7 } });
    }),
  );
  await harness.process([requestDelivery('r-1', ['a', 'b', 'c'])]);
  expect(handled).toEqual(['a', 'b']);
  expect(harness.problem).toMatchObject({
    code: 'account_unknown',
    detail: 'Item 2 of 3: no such account',
    details: { item: 1, details: { id: 7 } },
  });
  expect(harness.records.record('r-1')?.checkpoint).toMatchObject({ state: { json: '{"results":[null]}' } });
});

test('progress is reported after each item, and a checkpoint saved at most every second', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const request = fakeRequest({ json: ['a', 'b', 'c', 'd', 'e'] });
    await inSequence((item) => {
      vi.advanceTimersByTime(600);
      return item;
    })(request);
    expect(request.reported.map(({ note }) => note)).toEqual([
      '1 of 5',
      '2 of 5',
      '3 of 5',
      '4 of 5',
      '5 of 5',
    ]);
    expect(request.reported.at(-1)?.fraction).toBe(1);
    expect(request.saved).toEqual([{ results: ['a', 'b'] }, { results: ['a', 'b', 'c', 'd'] }]);
  } finally {
    vi.useRealTimers();
  }
});

test('no item is handled after the signal has fired, and what is done is saved', async () => {
  const stop = new AbortController();
  const handled: unknown[] = [];
  const request = fakeRequest({ json: ['a', 'b', 'c'], signal: stop.signal });
  const running = inSequence((item) => {
    handled.push(item);
    if (item === 'b') stop.abort(new Error('cancelled'));
  })(request);
  await expect(running).rejects.toThrow('cancelled');
  expect(handled).toEqual(['a', 'b']);
  expect(request.saved).toEqual([{ results: [null, null] }]);
});

test('after a crash it goes on from the latest checkpoint', async () => {
  const { handled, handle } = noting();
  const request = fakeRequest({ json: ['a', 'b', 'c'], state: { results: ['a!', 'b!'] } });
  expect(await inSequence(handle)(request)).toEqual(['a!', 'b!', 'c!']);
  expect(handled).toEqual(['c']);
});

test.each([
  ['{"a":1}\n\n[2]\n"c"\n', 'application/x-ndjson', [{ a: 1 }, [2], 'c']],
  ['1\r\n2', 'application/jsonl; charset=utf-8', [1, 2]],
  ['[]', 'application/json', []],
])('%j of %s', async (text, ContentType, expected) => {
  const harness = new EngineHarness(inSequence((item) => item));
  await harness.process([delivery(text, { attributes: { RequestId: 'r-1', ContentType } })]);
  expect(harness.event.data).toEqual(expected);
});

test.each([
  ['{"a":1}\n{"b"\n', 'application/x-ndjson', 'json_invalid', 'Line 2 is not JSON'],
  ['{"items":[]}', 'application/json', 'input_invalid', 'expected a JSON array of items, got {"items":[]}'],
])('%j of %s fails as %s', async (text, ContentType, code, detail) => {
  const harness = new EngineHarness(inSequence((item) => item));
  await harness.process([delivery(text, { attributes: { RequestId: 'r-1', ContentType } })]);
  expect(harness.problem).toMatchObject({ code, detail: expect.stringContaining(detail) });
});
