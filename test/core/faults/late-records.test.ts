import { expect, test } from 'vitest';
import { ApiHarness } from '../../support/api-harness.ts';

/** An API whose message leaves the queue before its record is written. */
async function unrecorded(handler: () => Promise<string>) {
  const api = new ApiHarness(handler);
  api.harness.records.faults.inject('write', 'fails before');
  const submittedAt = api.harness.clock.now();
  const record = await api.submissions.submit({
    payload: Buffer.from('payload'),
    contentType: 'text/plain',
    metadata: {},
  });
  const message = api.queue.sent[0]?.message ?? '';
  return { api, id: record.request.id, submittedAt, duplicate: () => api.deliveryOf(message) };
}

test('a duplicate of a message that arrives before its record neither takes over nor runs in parallel', async () => {
  let begun = 0;
  const finish = Promise.withResolvers<void>();
  const { api, id, duplicate } = await unrecorded(async () => {
    begun++;
    if (begun === 1) await finish.promise;
    return 'done';
  });
  const first = api.harness.process([duplicate()]);
  await expect.poll(() => begun).toBe(1);

  const second = duplicate();
  expect(await api.harness.processElsewhere([second])).toEqual([second.id]);
  expect(begun).toBe(1);

  finish.resolve();
  await first;
  expect(api.harness.records.record(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('the remains of an attempt are found although its message arrives before the record', async () => {
  let runs = 0;
  const { api, id, duplicate } = await unrecorded(async () => {
    runs++;
    api.harness.records.faults.inject('write', 'fails before');
    return 'done';
  });
  await api.harness.process([duplicate()]);
  expect(api.harness.records.record(id)).toMatchObject({ status: 'running', attempts: 1 });

  api.harness.clock.advanceSeconds(600);
  await api.harness.process([duplicate()]);
  expect(runs).toBe(1);
  expect(api.harness.statuses).toEqual({ [id]: 'succeeded' });
});

test('a record that a claim writes has the submission time of its request', async () => {
  const { api, id, submittedAt, duplicate } = await unrecorded(async () => 'done');
  api.harness.clock.advanceSeconds(60);
  await api.harness.process([duplicate()]);
  expect(api.harness.records.record(id)).toMatchObject({ status: 'succeeded', createdAt: submittedAt });
});
