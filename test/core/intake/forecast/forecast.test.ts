import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Figures,
  forecastOf,
  type LimitedBy,
  NO_FIGURES,
} from '../../../../lib/core/intake/forecast/forecast.ts';
import { cancellation, outcomeOf } from '../../../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../../../lib/core/model/request-record.ts';
import type { Pace } from '../../../../lib/core/ports/admission.ts';
import type { Place } from '../../../../lib/core/ports/place-in-queue.ts';

const NOW = Date.UTC(2026, 0, 31, 14, 0, 0);
const seconds = (count: number) => NOW + count * 1_000;

const REQUEST = { id: 'r-1', source: '', tenant: 'acme' };
const EXPIRED = { ...REQUEST, expiresAt: seconds(-60) };
const QUEUED: RequestRecord = {
  request: REQUEST,
  status: 'queued',
  attempts: 0,
  createdAt: NOW,
  updatedAt: NOW,
};
const RUNNING: RequestRecord = {
  ...QUEUED,
  status: 'running',
  attempts: 1,
  startedAt: seconds(-5),
  leaseEndsAt: seconds(30),
  leaseId: 'lease',
};

/** Ten at a time, each two seconds. */
const PACE: Pace = { slots: 10, meanSeconds: 2, variation: 1, together: 1, drift: 0.1, sample: 100 };

const FREE: Place = { waiting: 0, inFlight: 0, isExact: true, spread: 0 };
const BUSY: Place = { waiting: 412, inFlight: 10, isExact: true, spread: 0 };

function limitedBy(
  limit: LimitedBy['limit'],
  value: string,
  state: Partial<LimitedBy['state']> = {},
): LimitedBy {
  return { limit, value, weight: 1, state: { leases: {}, waiting: 0, ...state } };
}

const full = (permits: number) => ({ leases: { worker: { permits, endsAt: seconds(30) } } });
const empty = { tokens: 0, tokensAt: NOW };

describe('why', () => {
  const later = Date.UTC(2026, 1, 1, 9, 30, 0);
  const PAUSE = { until: seconds(300), reason: 'the model is down' };
  const FIVE = limitedBy({ key: 'tenant', concurrency: 5 }, 'acme', full(5));
  const cases: readonly [why: string, record: Partial<RequestRecord>, figures: Figures][] = [
    ['waiting for its upload', { status: 'awaiting_upload' }, NO_FIGURES],
    ['scheduled for 2026-02-01 09:30 UTC', { request: { ...REQUEST, notBefore: later } }, NO_FIGURES],
    ['waiting to start', {}, NO_FIGURES],
    ['next to start', {}, { place: { ...BUSY, waiting: 0 }, pace: PACE }],
    ['behind 1 request', {}, { place: { ...BUSY, waiting: 1 }, pace: PACE }],
    ['behind 412 requests', {}, { place: BUSY, pace: PACE }],
    ['behind 412 requests', {}, { place: BUSY }],
    ['behind 1,412 requests', {}, { place: { ...BUSY, waiting: 1_412 } }],
    ['behind about 412 requests', {}, { place: { ...BUSY, isExact: false }, pace: PACE }],
    ['behind 412 requests of your tenant', {}, { place: { ...BUSY, ofTenant: 412 }, pace: PACE }],
    ['behind 412 requests, 40 of them of your tenant', {}, { place: { ...BUSY, ofTenant: 40 } }],
    [
      'behind 417 requests of your tenant',
      {},
      { place: { ...BUSY, inFlight: 15, ofTenant: 412, inFlightOfTenant: 15 }, pace: PACE },
    ],
    [
      'behind 417 requests, 412 of them of your tenant',
      {},
      { place: { ...BUSY, inFlight: 15, ofTenant: 412, inFlightOfTenant: 0 }, pace: PACE },
    ],
    // It isn't known whose the five are.
    [
      'behind 417 requests',
      {},
      { place: { ...BUSY, inFlight: 15, ofTenant: 412, inFlightOfTenant: 3 }, pace: PACE },
    ],
    // A process has taken five that don't run yet.
    ['behind 417 requests', {}, { place: { ...BUSY, inFlight: 15 }, pace: PACE }],
    [
      'behind 3 requests with its ordering key',
      {},
      { place: { ...BUSY, waiting: 0, inGroup: 3 }, pace: PACE },
    ],
    [
      'processing is paused until 14:05 UTC: the model is down',
      {},
      { pause: PAUSE, place: BUSY, pace: PACE },
    ],
    ['processing is paused until 14:00:30 UTC', {}, { pause: { until: seconds(29.2), reason: '' } }],
    ['behind 412 requests', {}, { pause: { ...PAUSE, until: NOW }, place: BUSY, pace: PACE }],
    ['attempt 3 begins at 14:02 UTC', { attempts: 2, nextAttemptAt: seconds(120) }, NO_FIGURES],
    // After its wait, it is behind the others.
    ['behind 412 requests', { attempts: 2, nextAttemptAt: seconds(3) }, { place: BUSY, pace: PACE }],
    ['limited to 5 at a time for acme', {}, { limits: [FIVE], place: BUSY }],
    [
      'limited to 5 at a time for topic images',
      {},
      { limits: [limitedBy({ key: 'topic', concurrency: 5 }, 'images', full(5))] },
    ],
    ['limited to 5 at a time', {}, { limits: [limitedBy({ key: 'all', concurrency: 5 }, '', full(5))] }],
    [
      'limited to 100 a minute for acme',
      {},
      { limits: [limitedBy({ key: 'tenant', rate: '100/min' }, 'acme', empty)] },
    ],
    [
      'limited to 3 an hour for acme',
      {},
      { limits: [limitedBy({ key: 'tenant', rate: '3/h' }, 'acme', empty)] },
    ],
    [
      'limited to 9 a second for acme',
      {},
      { limits: [limitedBy({ key: 'tenant', rate: '9/s' }, 'acme', empty)] },
    ],
    ['waiting to start', {}, { limits: [limitedBy({ key: 'tenant', concurrency: 5 }, 'acme', full(4))] }],
    [
      'paused until 14:05 UTC for acme',
      {},
      { limits: [limitedBy({ key: 'tenant', concurrency: 5 }, 'acme', { pausedUntil: seconds(300) })] },
    ],
    ['attempt 1 is running since 13:59:55 UTC', RUNNING, {}],
    ['attempt 2 stopped reporting: another one follows', { ...RUNNING, attempts: 2, leaseEndsAt: NOW }, {}],
    [
      'it expired at 13:59 UTC: it ends when its turn comes',
      { request: EXPIRED },
      { place: BUSY, pace: PACE },
    ],
    ['it expired at 13:59 UTC: it ends when its turn comes', { request: EXPIRED }, { pause: PAUSE }],
    [
      'it expired at 13:59 UTC: it ends when its turn comes',
      { request: EXPIRED, attempts: 1, nextAttemptAt: seconds(120) },
      NO_FIGURES,
    ],
    [
      'it expired at 13:59 UTC: it ends when its turn comes',
      { ...RUNNING, request: EXPIRED, leaseEndsAt: NOW },
      {},
    ],
    ['next to start', { request: { ...REQUEST, expiresAt: seconds(1) } }, { place: FREE }],
    // It has started.
    ['next to start', { request: EXPIRED, attempts: 1, suspended: true }, { place: FREE }],
    ['attempt 1 is running since 13:59:55 UTC', { ...RUNNING, request: EXPIRED }, {}],
    ['waiting for its upload', { request: EXPIRED, status: 'awaiting_upload' }, NO_FIGURES],
    ['it is being cancelled: its handler was asked to stop', { ...RUNNING, status: 'cancelling' }, {}],
  ];

  test.each(cases)('%s', (why, record, figures) => {
    expect(forecastOf({ ...QUEUED, ...record }, figures, NOW)?.why).toBe(why);
  });

  test.each(cases)('%s: programs see whether that is a pause', (why, record, figures) => {
    const { isPaused } = forecastOf({ ...QUEUED, ...record }, figures, NOW) ?? {};
    expect(isPaused).toBe(/^(?:processing is )?paused until /.test(why) ? true : undefined);
  });

  test('no request that has ended waits', () => {
    const outcome = outcomeOf(REQUEST, cancellation(0), NOW);
    expect(forecastOf({ ...QUEUED, status: 'cancelled', outcome }, { place: BUSY }, NOW)).toBeUndefined();
  });
});

describe('the times', () => {
  const startOf = (figures: Figures, record: Partial<RequestRecord> = {}, now = NOW) =>
    forecastOf({ ...QUEUED, ...record }, figures, now)?.startsAbout;

  test('are around when the requests before it have ended, ten of two seconds at a time', () => {
    const range = startOf({ place: BUSY, pace: PACE });
    const expected = seconds((2 * 413) / 10);
    expect(range?.from).toBeLessThan(expected);
    expect(range?.to).toBeGreaterThan(expected);
  });

  test.each<[string, Figures]>([
    ['no place', { pace: PACE }],
    ['no pace', { place: BUSY }],
    ['a limit that isn’t known', { place: BUSY, pace: PACE, hasOtherLimits: true }],
    [
      'an unknown number before it of the topic that is limited',
      { place: BUSY, pace: PACE, limits: [limitedBy({ key: 'topic', concurrency: 5 }, 'images', full(5))] },
    ],
  ])('are left out with %s', (_, figures) => {
    expect(forecastOf(QUEUED, figures, NOW)).not.toHaveProperty('startsAbout');
  });

  test('need no pace where a slot is free', () => {
    const place = { ...BUSY, waiting: 0, inFlight: 0 };
    const forecast = forecastOf(QUEUED, { place }, NOW);
    expect(forecast).toMatchObject({ startsAbout: { from: NOW, to: seconds(1) } });
    expect(forecast).not.toHaveProperty('endsAbout');
  });

  test('of a running request are those of its end', () => {
    const forecast = forecastOf(RUNNING, { pace: { ...PACE, meanSeconds: 60, variation: 0.1 } }, NOW);
    expect(forecast).not.toHaveProperty('startsAbout');
    expect(forecast?.endsAbout?.from).toBeGreaterThan(seconds(10));
    expect(forecast?.endsAbout?.to).toBeLessThan(seconds(120));
    // It runs on and on, unlike those before.
    expect(forecastOf({ ...RUNNING, startedAt: seconds(-60) }, { pace: PACE }, NOW)).not.toHaveProperty(
      'endsAbout',
    );
  });

  test('of an expired request are those of its end, when it would have started', () => {
    const figures = { place: BUSY, pace: PACE };
    const forecast = forecastOf({ ...QUEUED, request: EXPIRED }, figures, NOW);
    expect(forecast).not.toHaveProperty('startsAbout');
    expect(forecast?.endsAbout).toEqual(startOf(figures));
  });

  test('a limit of few at a time decides', () => {
    const limits = [limitedBy({ key: 'tenant', concurrency: 1 }, 'acme', full(1))];
    const place = { ...BUSY, waiting: 0, inFlight: 1, earlier: { all: 21, ofTenant: 21 } };
    const range = startOf({ place, pace: PACE, limits });
    expect(range?.from).toBeLessThan(seconds(42));
    expect(range?.from).toBeGreaterThan(seconds(10));
    expect(range?.to).toBeGreaterThan(seconds(42));
  });

  const paces = fc.record({
    slots: fc.integer({ min: 1, max: 1_000 }),
    meanSeconds: fc.double({ min: 0.001, max: 900, noNaN: true }),
    variation: fc.double({ min: 0, max: 20, noNaN: true }),
    together: fc.integer({ min: 1, max: 10 }),
    drift: fc.double({ min: 0.01, max: 1, noNaN: true }),
    sample: fc.integer({ min: 1, max: 100_000 }),
  });
  const places = fc.record({
    waiting: fc.nat(100_000),
    inFlight: fc.nat(1_000),
    isExact: fc.boolean(),
    spread: fc.nat(100_000),
  });
  const records = fc.record({
    nextAttemptAt: fc.option(fc.integer({ min: seconds(-100), max: seconds(10_000) }), { nil: undefined }),
    attempts: fc.nat(5),
  });
  const pauses = fc.option(
    fc.record({ until: fc.integer({ min: seconds(-100), max: seconds(900) }), reason: fc.constant('') }),
    { nil: undefined },
  );

  test('are never in the past, nor before a time that must pass, nor the wrong way round', () => {
    fc.assert(
      fc.property(paces, places, records, pauses, (pace, place, record, pause) => {
        const forecast = forecastOf({ ...QUEUED, ...record }, { pace, place, pause }, NOW);
        const earliest = Math.max(NOW, record.nextAttemptAt ?? 0, pause?.until ?? 0);
        for (const range of [forecast?.startsAbout, forecast?.endsAbout]) {
          expect(range?.from).toBeGreaterThanOrEqual(earliest);
          expect(range?.to).toBeGreaterThanOrEqual(range?.from ?? Number.NaN);
        }
        expect(forecast?.endsAbout?.from).toBeGreaterThanOrEqual(forecast?.startsAbout?.from ?? Number.NaN);
        expect(forecast?.endsAbout?.to).toBeGreaterThanOrEqual(forecast?.startsAbout?.to ?? Number.NaN);
      }),
    );
  });

  test('are no earlier with more requests before it', () => {
    fc.assert(
      fc.property(paces, places, fc.nat(10_000), (pace, place, more) => {
        const [before, after] = [place, { ...place, waiting: place.waiting + more }].map(
          (each) => startOf({ pace: { ...pace, together: 1 }, place: each }) ?? { to: Number.NaN },
        );
        expect(after?.to).toBeGreaterThanOrEqual(before?.to ?? Number.NaN);
      }),
    );
  });

  test('end no earlier the less is known of the number before it', () => {
    fc.assert(
      fc.property(paces, places, fc.nat(100_000), (pace, place, more) => {
        const [before, after] = [place, { ...place, spread: place.spread + more }].map(
          (each) => startOf({ pace, place: each }) ?? { to: Number.NaN },
        );
        expect(after?.to).toBeGreaterThanOrEqual(before?.to ?? Number.NaN);
      }),
    );
  });

  test('shrink to the start as it comes', () => {
    const widths = [400, 100, 20, 1].map((waiting) => {
      const { from = 0, to = 0 } = startOf({ pace: PACE, place: { ...BUSY, waiting } }) ?? {};
      return to - from;
    });
    expect(widths).toEqual(widths.toSorted((one, other) => other - one));
    expect(startOf({ pace: PACE, place: { ...BUSY, waiting: 0, inFlight: 9 } })).toEqual({
      from: NOW,
      to: seconds(1),
    });
  });
});
