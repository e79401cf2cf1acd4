import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deferralsLeft, leastDeferralSeconds } from '../../../lib/core/engine/deferral.ts';
import type { SourceCapabilities } from '../../../lib/core/model/received-message.ts';

function sourceOf(maxDeliveries?: number): SourceCapabilities {
  const source = { maxDelaySeconds: 43_200, ordered: false, countsDeliveries: true, maxBytes: 1_048_576 };
  return { ...source, ...(maxDeliveries !== undefined && { maxDeliveries }) };
}

const DAY = 86_400;

/** The times in seconds at which a message is delivered that always goes back as soon as it can, and how often it still could. */
function deliveriesOf(maxDeliveries: number, maxAttempts: number, inputRetentionSeconds: number) {
  const settings = { maxAttempts, inputRetentionSeconds };
  const times: number[] = [];
  let left = Number.POSITIVE_INFINITY;
  for (let now = 0; now < inputRetentionSeconds && left >= 1; ) {
    times.push(now);
    const message = { deliveryCount: times.length, source: sourceOf(maxDeliveries), sentAt: 0 };
    left = deferralsLeft(message, settings);
    const least = Math.ceil(leastDeferralSeconds(message, settings, now * 1_000));
    now += Math.min(message.source.maxDelaySeconds, least);
  }
  return { times, left };
}

test('a message can wait until its queue deletes it, and is delivered often while it is new', () => {
  const { times, left } = deliveriesOf(137, 5, 4 * DAY);
  expect(left).toBeGreaterThanOrEqual(1);
  const within = (seconds: number) => times.filter((time) => time <= seconds).length;
  expect([within(60), within(3_600), within(DAY)]).toEqual([11, 59, 104]);
});

test('whatever the queue, its deliveries last for most of the time until it deletes the message', () => {
  const settings = fc.record({
    deliveries: fc.integer({ min: 100, max: 1_000 }),
    attempts: fc.integer({ min: 1, max: 10 }),
    retention: fc.integer({ min: 3_600, max: 14 * DAY }),
  });
  fc.assert(
    fc.property(settings, ({ deliveries, attempts, retention }) => {
      const { times, left } = deliveriesOf(deliveries, attempts, retention);
      // A wait is shorter than it should be where SQS has no longer ones.
      if (left < 1) expect(times.at(-1)).toBeGreaterThan(retention / 2);
    }),
  );
});

test('a queue that does not give up has no least wait', () => {
  const message = { deliveryCount: 1_000, source: sourceOf(), sentAt: 0 };
  const settings = { maxAttempts: 5, inputRetentionSeconds: DAY };
  expect(deferralsLeft(message, settings)).toBe(Number.POSITIVE_INFINITY);
  expect(leastDeferralSeconds(message, settings, 1_000)).toBe(0);
});
