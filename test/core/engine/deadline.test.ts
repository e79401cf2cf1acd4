import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unlessAborted } from '../../../lib/core/base/unless-aborted.ts';
import { Deadline } from '../../../lib/core/engine/deadline.ts';

describe('a deadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([
    // In milliseconds: the total time, a quarter of the handlers' time, the signal to stop, the end of handlers, the
    // end of recording, the last answer.
    [60_000, 13_500, 54_000, 57_000, 58_200, 59_400],
    [3_000, 625, 2_500, 2_750, 2_850, 2_950],
    [900_000, 222_500, 890_000, 895_000, 897_000, 899_000],
    [100_000, 22_500, 90_000, 95_000, 97_000, 99_000],
  ])('of %i ms passes in five steps', (milliseconds, starts, stops, over, settles, closes) => {
    const start = Date.now();
    using deadline = new Deadline(start, start + milliseconds);
    expect(deadline.stopsAt).toBe(start + stops);
    const fired: Record<string, number> = {};
    for (const name of [
      'isolationDeadline',
      'startDeadline',
      'handlerStop',
      'handlerDeadline',
      'recordDeadline',
      'responseDeadline',
    ] as const) {
      deadline[name].addEventListener('abort', () => {
        fired[name] = Date.now() - start;
      });
    }
    vi.advanceTimersByTime(milliseconds);
    expect(fired).toEqual({
      isolationDeadline: starts,
      startDeadline: stops,
      handlerStop: stops,
      handlerDeadline: over,
      recordDeadline: settles,
      responseDeadline: closes,
    });
    expect(closes).toBeLessThan(milliseconds);
    // Another host, with its own clock, must act only after this one is killed.
    expect(deadline.leaseEndsAt(start)).toBe(start + milliseconds + 1_000);
  });

  test('that begins too late is over at once', () => {
    using deadline = new Deadline(1_000, 1_100);
    expect(deadline.handlerStop.aborted).toBe(true);
  });

  test('without an end sets no timer until the host says when it ends', () => {
    const start = Date.now();
    using deadline = new Deadline(start, Number.POSITIVE_INFINITY, { leaseSeconds: 30 });
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(3_600_000);
    expect(deadline.stopsAt).toBe(Number.POSITIVE_INFINITY);
    expect(deadline.leaseEndsAt(Date.now())).toBe(Date.now() + 30_000);
    expect(deadline.startDeadline.aborted).toBe(false);
    deadline.drain(Date.now() + 60_000, Date.now());
    expect(deadline.startDeadline.aborted).toBe(true);
    vi.advanceTimersByTime(53_999);
    expect(deadline.handlerStop.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.handlerStop.aborted).toBe(true);
    expect(deadline.responseDeadline.aborted).toBe(false);
  });

  test('ends earlier when its host drains, never later', () => {
    const start = Date.now();
    using deadline = new Deadline(start, start + 60_000);
    deadline.drain(start + 3_000, start);
    expect(deadline.stopsAt).toBe(start + 2_500);
    deadline.drain(start + 60_000, start);
    expect(deadline.stopsAt).toBe(start + 2_500);
    vi.advanceTimersByTime(2_500);
    expect(deadline.handlerStop.aborted).toBe(true);
    expect(deadline.handlerDeadline.aborted).toBe(false);
  });

  test('leaves time for an orderly end, even if its host wants to stop at once', () => {
    const start = Date.now();
    using deadline = new Deadline(start, Number.POSITIVE_INFINITY, { leaseSeconds: 30 });
    deadline.drain(start, start);
    expect(deadline.handlerStop.aborted).toBe(true);
    vi.advanceTimersByTime(249);
    expect(deadline.handlerDeadline.aborted).toBe(false);
    vi.advanceTimersByTime(200);
    expect(deadline.recordDeadline.aborted).toBe(true);
    expect(deadline.responseDeadline.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.responseDeadline.aborted).toBe(true);
  });

  test('of more than 24 days does not fire at once', () => {
    using deadline = new Deadline(0, 30 * 86_400_000);
    vi.advanceTimersByTime(86_400_000);
    expect(deadline.handlerStop.aborted).toBe(false);
  });

  test('leaves no timer after its disposal', () => {
    {
      using _ = new Deadline(0, 60_000);
      expect(vi.getTimerCount()).toBeGreaterThan(0);
    }
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('unlessAborted', () => {
  test('returns the value that comes first', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve('value'), signal, () => 'fallback')).toBe('value');
  });

  test('returns the fallback when the signal fires first, and a late rejection does no harm', async () => {
    const controller = new AbortController();
    const late = Promise.withResolvers<string>();
    const first = unlessAborted(late.promise, controller.signal, async () => 'fallback');
    controller.abort();
    expect(await first).toBe('fallback');
    late.reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('returns the fallback when the signal has already fired', async () => {
    const never = new Promise<string>(() => {});
    expect(await unlessAborted(never, AbortSignal.abort(), () => 'fallback')).toBe('fallback');
  });

  test('rejects with errors of the promise or the fallback', async () => {
    const { signal } = new AbortController();
    const fallback = () => {
      throw new Error('fallback failed');
    };
    await expect(unlessAborted(Promise.reject(new Error('failed')), signal, fallback)).rejects.toThrow(
      'failed',
    );
    const never = new Promise<string>(() => {});
    await expect(unlessAborted(never, AbortSignal.abort(), fallback)).rejects.toThrow('fallback failed');
  });
});
