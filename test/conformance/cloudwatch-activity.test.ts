import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { expect, inject, test } from 'vitest';
import { CloudWatchActivityLog } from '../../lib/aws/cloudwatch-activity-log.ts';
import { activityOf, totalsOf } from '../../lib/core/operations/activity.ts';
import { TestClock } from '../support/test-clock.ts';

const BUCKET = 300_000;

const client = new CloudWatchClient({
  endpoint: inject('endpoint'),
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

/** Puts a value of a metric, as the metrics of a processor and those of SQS are in CloudWatch. */
async function put(metric: string, of: string, at: number, value: number): Promise<void> {
  const isOfQueue = metric === 'NumberOfMessagesSent';
  await client.send(
    new PutMetricDataCommand({
      Namespace: isOfQueue ? 'AWS/SQS' : 'Coatcheck',
      MetricData: [
        {
          MetricName: metric,
          Dimensions: [{ Name: isOfQueue ? 'QueueName' : 'service', Value: of }],
          Timestamp: new Date(at),
          Value: value,
        },
      ],
    }),
  );
}

function setUp() {
  const clock = new TestClock(Math.floor(Date.now() / BUCKET) * BUCKET + 60_000);
  const name = crypto.randomUUID();
  const queueNames = [`${name}-in`, `${name}-high`];
  const log = new CloudWatchActivityLog(client, [{ serviceName: name, queueNames }], clock.now);
  return { clock, name, log, read: () => activityOf(log, 1, clock.now()) };
}

test('messages that were sent and outcomes that were published are counted by time', async () => {
  const { clock, name, read } = setUp();
  const now = clock.now();
  await put('NumberOfMessagesSent', `${name}-in`, now - BUCKET, 3);
  await put('NumberOfMessagesSent', `${name}-in`, now, 2);
  await put('NumberOfMessagesSent', `${name}-high`, now, 5);
  await put('NumberOfMessagesSent', 'another', now, 100);
  // One of a minute, as CloudWatch extracts them.
  await put('Succeeded', name, now - BUCKET, 1);
  await put('Succeeded', name, now - BUCKET + 60_000, 1);
  await put('Failed', name, now, 4);
  await put('Failed', 'another', now, 100);
  await put('Cancelled', name, now - 3_600_000, 1);
  const { buckets, missing } = await read();
  expect(missing).toEqual([]);
  const none = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  expect(buckets.slice(-2)).toEqual([
    { ...none, at: now - 60_000 - BUCKET, submitted: 3, succeeded: 2 },
    { ...none, at: now - 60_000, submitted: 7, failed: 4 },
  ]);
  expect(totalsOf(buckets.slice(0, -2))).toEqual(none);
});

test('figures without any metric are missing, not 0', async () => {
  const { clock, name, read } = setUp();
  expect((await read()).missing).toEqual(['submitted', 'succeeded', 'failed', 'cancelled', 'expired']);
  await put('NumberOfMessagesSent', `${name}-in`, clock.now(), 1);
  clock.advanceSeconds(60);
  expect((await read()).missing).toEqual(['succeeded', 'failed', 'cancelled', 'expired']);
});

test('a page that reads every few seconds costs one read a minute', async () => {
  const { clock, name, log, read } = setUp();
  const first = await read();
  await put('Succeeded', name, clock.now(), 1);
  clock.advanceSeconds(59);
  expect((await read()).buckets).toEqual(first.buckets);
  clock.advanceSeconds(1);
  expect(totalsOf((await read()).buckets)).toMatchObject({ succeeded: 1 });
  const from = clock.now() - BUCKET * 20;
  expect((await log.read(from - (from % BUCKET), clock.now())).missing).toEqual(['submitted']);
});
