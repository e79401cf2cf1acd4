import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { unlessAborted } from '../../../lib/core/base/unless-aborted.ts';
import { whenAborted } from '../../../lib/core/base/when-aborted.ts';

test('acts when the signal fires, once each', () => {
  const controller = new AbortController();
  const acted: string[] = [];
  const act = () => acted.push('same');
  whenAborted(controller.signal, act);
  whenAborted(controller.signal, act);
  whenAborted(controller.signal, () => acted.push('other'));
  controller.abort();
  controller.abort();
  expect(acted).toEqual(['same', 'same', 'other']);
});

test('acts at once when the signal has fired', () => {
  const acted: number[] = [];
  whenAborted(AbortSignal.abort(), () => acted.push(1))();
  expect(acted).toEqual([1]);
});

test("doesn't act when the wait was ended, nor end the waits of others", () => {
  const controller = new AbortController();
  const acted: number[] = [];
  const stops = [1, 2, 3].map((number) => whenAborted(controller.signal, () => acted.push(number)));
  stops[1]?.();
  stops[1]?.();
  controller.abort();
  stops[0]?.();
  expect(acted).toEqual([1, 3]);
});

test('a signal can be waited for again after all waits were ended', () => {
  const controller = new AbortController();
  const acted: number[] = [];
  whenAborted(controller.signal, () => acted.push(1))();
  whenAborted(controller.signal, () => acted.push(2));
  controller.abort();
  expect(acted).toEqual([2]);
});

test('E20: a signal has one listener, however many wait, and none when none does', async () => {
  const { signal } = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const waits = Array.from({ length: 10_000 }, () => unlessAborted(promise, signal, () => {}));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  resolve();
  await Promise.all(waits);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
