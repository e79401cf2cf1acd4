import { expect, test } from 'vitest';
import { deployedSettings } from '../../lib/core/config/service-setting.ts';
import { peakOf } from '../../lib/planner/peak.ts';
import type { Traffic } from '../../lib/planner/traffic.ts';

const TRAFFIC: Traffic = {
  arrivals: {
    submitted: 864_000,
    seconds: 86_400,
    meanPerSecond: 10,
    peakPerSecond: 40,
    peakAt: '2026-01-31T12:00:00.000Z',
    peakSeconds: 300,
  },
  serviceSeconds: 1.5,
  attempts: 1.2,
  unknown: {},
};

test('a function: what its peak needs, how long requests wait, and what a month costs', () => {
  const peak = peakOf(TRAFFIC, deployedSettings({}));
  expect(peak?.requestsAtOnce).toBeCloseTo(72, 9); // 40/s × 1.2 × 1.5 s
  expect(peak?.mostAtOnce).toBeCloseTo(5_000, 6); // 500 batches of 10
  expect(peak?.waitSeconds).toBeCloseTo(0, 9);
  // 25.92 million requests a month. A million of tiny ones: 2.4 million writes, $1.50; 1.24 million calls of SQS in,
  // $0.496, and 0.3 million out, $0.12; 120,000 invocations, $0.024, of 1.5 s and half a GiB, $1.20.
  expect(peak?.monthlyDollars?.least).toBeCloseTo(25.92 * 3.340006, 4);
  // With 64 KiB and 4 KiB: 7.4 million writes, $4.625, and 2.32 million calls of SQS in, $0.928.
  expect(peak?.monthlyDollars?.most).toBeCloseTo(25.92 * 6.897006, 4);
  expect(peak?.monthlyDollars).toMatchObject({ payloadBytes: 65_536, resultBytes: 4_096 });
});

test('the window of a batch and the rounds of its requests are waited for', () => {
  const settings = deployedSettings({ batchSize: 40, batchWindowSeconds: 2, concurrency: 10 });
  // 39 messages at 48/s are less than the window; a batch has 4 rounds.
  expect(peakOf(TRAFFIC, settings)?.waitSeconds).toBeCloseTo(39 / 48 / 2 + (6 - 1.5) / 2, 6);
});

test('a process: its slots, and no cost', () => {
  const busy = { ...TRAFFIC, serviceSeconds: 1 / 24, attempts: 1.2 }; // 2 requests at a time
  const peak = peakOf(busy, [{ name: 'concurrency', value: 3 }]);
  expect(peak?.requestsAtOnce).toBeCloseTo(2, 9);
  expect(peak?.mostAtOnce).toBe(3);
  expect(peak?.waitSeconds).toBeCloseTo(4 / 9 / 24, 9); // Erlang C of 3 servers and a load of 2: 4/9 of the time
  expect(peak).not.toHaveProperty('monthlyDollars');
});

test('a peak beyond all slots is waited for without end', () => {
  expect(peakOf(TRAFFIC, [{ name: 'concurrency', value: 71 }])?.waitSeconds).toBe(Number.POSITIVE_INFINITY);
});

test('without settings, only the need is known', () => {
  expect(peakOf(TRAFFIC, undefined)).toEqual({ requestsAtOnce: expect.closeTo(72, 9) });
});

test.each(['arrivals', 'serviceSeconds', 'attempts'] as const)('nothing is said without %s', (name) => {
  expect(peakOf({ ...TRAFFIC, [name]: undefined }, deployedSettings({}))).toBeUndefined();
});
