import { expect, test } from 'vitest';
import { TakenJob } from '../../../lib/embedded/takers/taken-job.ts';
import { fakeRequest } from '../../../lib/testing/fake-request.ts';
import { eventually } from '../../support/eventually.ts';

test.each([
  ['result', { result: 'done' }],
  ['error', { error: new Error('broken') }],
])('a lease that is extended while the %s is recorded doesn’t run out', async (_, end) => {
  const { promise: settled, resolve: settle } = Promise.withResolvers<{ readonly action: 'ack' }>();
  const job = new TakenJob(fakeRequest(), undefined, { settled }, Date.now);
  job.take(60);
  const ended = job.end(end);
  job.ended.catch(() => {});
  job.extend(0.01);
  const endsAt = job.leaseEndsAt;
  await eventually(() => expect(Date.now()).toBeGreaterThan(endsAt + 20));
  expect(job.isLeased).toBe(true);
  settle({ action: 'ack' });
  expect(await ended).toBe(true);
});
