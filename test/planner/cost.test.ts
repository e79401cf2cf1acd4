import { expect, test } from 'vitest';
import { inlineIsCheaperUpToBytes } from '../../lib/planner/break-even.ts';
import { costOfMillion, durationDollarsOneByOne, monthlyDollars } from '../../lib/planner/cost.ts';
import { neededPollers } from '../../lib/planner/provisioned.ts';
import { workload } from './workload.ts';

test('a million payloads of 300 KB by S3', () => {
  const cost = costOfMillion(workload(), 'S3');
  expect(cost.s3Put).toBeCloseTo(5, 9); // a million PUTs at $0.005 a thousand
  expect(cost.s3Get).toBeCloseTo(0.4, 9); // a million GETs at $0.0004 a thousand
  expect(cost.s3Storage).toBeCloseTo(4.6, 9); // 300 GB × $0.023 a month × 20 of 30 days
  expect(cost.records).toBeCloseTo(1.25, 9); // two million writes of a KiB at $0.625
  expect(cost.sqsIn).toBeCloseTo(0.48, 9); // a million sent, 100,000 receives, 100,000 deletes, at $0.40
  expect(cost.sqsOut).toBeCloseTo(0.12, 9); // 100,000 sends, receives and deletes of ten each
  expect(cost.lambdaRequests).toBeCloseTo(0.02, 9); // 100,000 invocations at $0.20 a million
  expect(cost.lambdaDuration).toBeCloseTo(0.66667, 9); // 100,000 × 1 s × 0.5 GiB × $0.0000133334
  expect(cost.total).toBeCloseTo(12.53667, 9);
});

test('a million payloads of 300 KB in the message', () => {
  const cost = costOfMillion(workload(), 'inline');
  expect(cost.s3Put + cost.s3Get + cost.s3Storage).toBe(0);
  // Sent alone: 300,000 ÷ 65,536 = 4.6, so 5 chunks. Received by threes, all that fit in 1 MiB: 900,000 ÷ 65,536 =
  // 13.7, so 14 chunks for 3. Deleted by tens. (5 + 14 ÷ 3 + 0.1) × $0.40
  expect(cost.sqsIn).toBeCloseTo(3.906667, 6);
});

test('one request after another costs as much time as it has requests', () => {
  expect(durationDollarsOneByOne(workload())).toBeCloseTo(6.6667, 9); // a million × 1 s × 0.5 GiB
  expect(costOfMillion(workload({ concurrency: 1 }), 'S3').lambdaDuration).toBeCloseTo(6.6667, 9);
});

test('a large result goes to S3 and is fetched from there', () => {
  const cost = costOfMillion(workload({ payloadBytes: 1_000, resultBytes: 1_000_000 }), 'inline');
  expect(cost.s3Put).toBeCloseTo(5, 9);
  expect(cost.s3Get).toBeCloseTo(0.4, 9);
  expect(cost.s3Storage).toBeCloseTo((1_000 * 0.023 * 2) / 3, 9); // 1,000 GB for 20 of 30 days
  expect(cost.sqsOut).toBeCloseTo(0.12, 9); // what refers to it is small
});

test('a result fills its record until it is too large for one', () => {
  // 600 bytes and 4,000 as base64, 5,333: 6 KiB begun for the completion, one for the claim.
  const recorded = costOfMillion(workload({ resultBytes: 4_000 }), 'inline');
  expect(recorded.records).toBeCloseTo(7 * 0.625, 9);
  expect(recorded.s3Put).toBe(0);
  const stored = costOfMillion(workload({ resultBytes: 5_000 }), 'inline');
  expect(stored.records).toBeCloseTo(2 * 0.625, 9);
  expect(stored.s3Put).toBeCloseTo(5, 9);
  expect(stored.s3Get).toBe(0); // it travels inline too
});

test('a result just below the inline limit fills messages', () => {
  // 4 messages of 251,000 bytes fit in 1 MiB: 1,004,000 ÷ 65,536 = 15.3, so 16 chunks for 4, sent and received.
  const { sqsOut } = costOfMillion(workload({ resultBytes: 250_000 }), 'S3');
  expect(sqsOut).toBeCloseTo((4 + 4 + 0.1) * 0.4, 9);
});

test('the break-even between S3 and the message, payloads kept a week', () => {
  // At 786 KB a message is 12 chunks, sent and received: 24.1 × $0.40 = $9.64.
  // By S3: $5.40 + 786 GB × $0.023 × 7/30 = $4.22, + $0.48 = $10.10. At 787 KB a message is 13 chunks, $10.44.
  expect(inlineIsCheaperUpToBytes(workload({ keptDays: 7 }))).toBe(786_000);
});

test('kept for 20 days, no payload that fits in a message is cheaper by S3', () => {
  expect(inlineIsCheaperUpToBytes(workload())).toBe(1_048_576);
});

test('kept for no time to speak of, calls decide', () => {
  // $5.88 by S3. 7 chunks: 2 a call fit, 917,504 ÷ 65,536 = 14 for 2; 14.1 × $0.40 = $5.64. 8 chunks: $6.44, at 2 a
  // call.
  expect(inlineIsCheaperUpToBytes(workload({ keptDays: 0.000001 }))).toBe(458_000);
});

test('provisioned pollers have ten batches and 1 MB/s each', () => {
  // 20,000 batches of one a second: 2,000 pollers; their messages of 1 KB are 20 MB/s.
  expect(neededPollers(workload({ ratePerSecond: 20_000, batchSize: 1, concurrency: 1 }), 'S3')).toBe(2_000);
  // 5 batches a second, but 50 × 300 KB = 15 MB/s in messages.
  expect(neededPollers(workload({ ratePerSecond: 50 }), 'S3')).toBe(1);
  expect(neededPollers(workload({ ratePerSecond: 50 }), 'inline')).toBe(15);
});

test('provisioned pollers are paid by the hour', () => {
  // A million requests at 200/s take 5,000 s. 20 batches at a time need 2 pollers: 2 × $0.00925 × 5,000 ÷ 3,600.
  const few = costOfMillion(workload({ pollers: { min: 2, max: 50 } }), 'S3');
  expect(few.pollers).toBeCloseTo(0.0256944, 6);
  expect(few.total).toBeCloseTo(12.53667 + 0.0256944, 6);
  // 200 × 300 KB are 60 MB/s: 60 pollers, of which there are 50.
  const many = costOfMillion(workload({ pollers: { min: 2, max: 50 } }), 'inline');
  expect(many.pollers).toBeCloseTo(0.6423611, 6);
  // Ten times fewer requests take ten times as long, and the least is paid anyway.
  const idle = costOfMillion(workload({ ratePerSecond: 20, pollers: { min: 10, max: 50 } }), 'S3');
  expect(idle.pollers).toBeCloseTo(1.2847222, 6);
  expect(costOfMillion(workload(), 'S3').pollers).toBe(0);
});

test('each attempt that fails is received, put off, recorded and billed', () => {
  const once = costOfMillion(workload(), 'S3');
  const cost = costOfMillion(workload({ attempts: 1.5 }), 'S3');
  expect(cost.s3Put).toBe(once.s3Put);
  expect(cost.s3Get).toBeCloseTo(0.6, 9); // each attempt reads the payload
  expect(cost.records).toBeCloseTo(once.records + 0.625, 9); // half a million claims and failures more
  expect(cost.sqsIn).toBeCloseTo(0.52, 9); // a million sent, 150,000 receives, 50,000 put off, 100,000 deletes
  expect(cost.sqsOut).toBe(once.sqsOut);
  expect(cost.lambdaRequests).toBeCloseTo(1.5 * once.lambdaRequests, 9);
  expect(cost.lambdaDuration).toBeCloseTo(1.5 * once.lambdaDuration, 9);
  expect(durationDollarsOneByOne(workload({ attempts: 1.5 }))).toBeCloseTo(10, 3);
  expect(neededPollers(workload({ ratePerSecond: 50, attempts: 2 }), 'inline')).toBe(30);
});

test('a month is thirty days at a steady rate', () => {
  // 200/s are 518.4 million requests.
  expect(monthlyDollars(workload(), 'S3')).toBeCloseTo(518.4 * 12.53667, 2);
});
