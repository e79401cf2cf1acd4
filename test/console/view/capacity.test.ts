import { expect, test } from 'vitest';
import { capacityOf } from '../../../lib/console/view/capacity.ts';
import { deployedSettings } from '../../../lib/core/config/service-setting.ts';
import { trafficOf } from '../../../lib/planner/traffic.ts';

const NOW = Date.UTC(2026, 0, 31, 13);

const ACTIVITY = {
  from: '2026-01-30T13:00:00.000Z',
  to: '2026-01-31T13:00:00.000Z',
  bucketSeconds: 300,
  buckets: [
    { at: '2026-01-31T12:00:00.000Z', submitted: 12_000 },
    { at: '2026-01-31T12:05:00.000Z', submitted: 852_000 / 8 },
  ],
};

const LATELY = { seconds: 60, attempts: 120, completed: 100, meanAttemptSeconds: 0.5 };

async function textOf(...given: Parameters<typeof capacityOf>): Promise<string> {
  return String(await capacityOf(...given))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

test('a function has its need, its wait and its cost', async () => {
  const text = await textOf(trafficOf(ACTIVITY, LATELY), deployedSettings({ maxConcurrency: 50 }), NOW);
  expect(text).toContain('Arrivals at the peak 355/s for 5 min from');
  expect(text).toContain('An attempt took 500 ms in the last minute, on average');
  expect(text).toContain('Attempts per request 1.2 in the last minute');
  // 355/s × 1.2 × 0.5 s, of 50 batches of 10
  expect(text).toContain('Needed at the peak 213 requests at a time, of at most 500 (42.6%)');
  expect(text).toContain('Expected wait at the peak');
  expect(text).toMatch(
    /Cost per month \$[\d.,]+ to \$[\d.,]+, by size: payloads in messages of up to 64\.0 KiB, results of up to 4\.0 KiB/,
  );
});

test('a process that can not keep up says so, and has no cost', async () => {
  const text = await textOf(
    trafficOf(ACTIVITY, LATELY),
    [{ name: 'concurrency', value: 8, from: 'default' }],
    NOW,
  );
  expect(text).toContain('213 requests at a time, of at most 8 (2,663%)');
  expect(text).toContain('longer and longer: the queue grows');
  expect(text).toContain('Cost per month not estimated');
});

test('what is not known is said, and no figure in its place', async () => {
  const text = await textOf(trafficOf(ACTIVITY, undefined), deployedSettings({}), NOW);
  expect(text).toContain('Arrivals at the peak');
  expect(text).toContain('aren’t known: no attempt ended in the last minute.');
  expect(text).not.toMatch(/\$|Needed|An attempt took/);
});
