import { expect, test } from 'vitest';
import { type SubmittedByTime, trafficOf } from '../../lib/planner/traffic.ts';

/** An hour and two minutes, in buckets of half an hour. */
function activity(...submitted: readonly number[]): SubmittedByTime {
  const from = Date.UTC(2026, 0, 31, 12);
  return {
    from: new Date(from).toISOString(),
    to: '2026-01-31T13:02:00.000Z',
    bucketSeconds: 1_800,
    buckets: submitted.map((count, index) => ({
      at: new Date(from + index * 1_800_000).toISOString(),
      submitted: count,
    })),
  };
}

const LATELY = { seconds: 60, attempts: 120, completed: 100, meanAttemptSeconds: 1.5 };

test('the peak is the bucket with most requests, and the mean is over the time that was counted', () => {
  const { arrivals, serviceSeconds, attempts, unknown } = trafficOf(activity(186, 3_600, 12), LATELY);
  expect(arrivals).toEqual({
    submitted: 3_798,
    seconds: 3_720,
    meanPerSecond: 3_798 / 3_720,
    peakPerSecond: 2,
    peakAt: '2026-01-31T12:30:00.000Z',
    peakSeconds: 1_800,
  });
  expect([serviceSeconds, attempts]).toEqual([1.5, 1.2]);
  expect(unknown).toEqual({});
});

test('a request takes one attempt at least, also if its attempt began before the minute', () => {
  expect(trafficOf(activity(1), { ...LATELY, attempts: 99 }).attempts).toBe(1);
});

test.each([
  [
    undefined,
    'the service shows no counts of requests: operators see them, on AWS with api: { activity: true }',
  ],
  [{ ...activity(0), missing: ['submitted'] }, 'CloudWatch has no data of submitted requests'],
  [activity(0, 0), 'no request was submitted in the last hours'],
])('arrivals are unknown, not 0: %j', (submitted, reason) => {
  const { arrivals, unknown } = trafficOf(submitted, LATELY);
  expect(arrivals).toBeUndefined();
  expect(unknown).toEqual({ arrivals: reason });
});

test('counts of outcomes without data hide no arrivals', () => {
  const { arrivals } = trafficOf({ ...activity(5), missing: ['succeeded'] }, LATELY);
  expect(arrivals).toMatchObject({ submitted: 5 });
});

test('without an attempt or an outcome in the last minute, times and attempts are unknown', () => {
  expect(trafficOf(activity(1), undefined)).toEqual({
    arrivals: expect.anything(),
    unknown: {
      serviceSeconds: 'no attempt ended in the last minute',
      attempts: 'no attempt ended in the last minute',
    },
  });
  const failing = trafficOf(activity(1), { ...LATELY, completed: 0 });
  expect(failing.serviceSeconds).toBe(1.5);
  expect(failing).not.toHaveProperty('attempts');
  expect(failing.unknown).toEqual({ attempts: 'no request ended in the last minute' });
});
