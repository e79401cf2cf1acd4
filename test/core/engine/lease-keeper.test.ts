import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline, type DeadlineOptions } from '../../../lib/core/engine/deadline.ts';
import type { ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const LEASE_SECONDS = 30;

beforeEach(() =>
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => vi.useRealTimers());

/** A host with one request that is being handled. Its leases are shorter than its handlers take, unless said otherwise. */
function running(options: DeadlineOptions = { leaseSeconds: LEASE_SECONDS }) {
  const end = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<ProcessorRequest>();
  const harness = new EngineHarness((request) => {
    begun.resolve(request);
    return end.promise;
  });
  const { engine, input, clock, records } = harness;
  const deadline = new Deadline(clock.now(), clock.now() + 3_600_000, options);
  input.send('{}', { RequestId: 'r-1' }, 'm-1');
  const [message] = input.receive(1);
  if (!message) throw new Error('nothing was received');
  const disposition = engine.run(message, deadline);
  const pass = async (seconds: number) => {
    clock.advanceSeconds(seconds);
    await vi.advanceTimersByTimeAsync(seconds * 1000);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { harness, end, begun: begun.promise, disposition, pass, record: () => records.record('r-1') };
}

test('a lease is renewed as long as its handler runs', async () => {
  const { end, begun, disposition, pass, record } = running();
  await begun;
  const claimedUntil = record()?.leaseEndsAt ?? 0;
  for (let beat = 0; beat < 9; beat++) await pass(LEASE_SECONDS / 3);
  expect(record()?.leaseEndsAt).toBe(claimedUntil + 3 * LEASE_SECONDS * 1000);
  end.resolve('done');
  expect(await disposition).toEqual({ action: 'ack' });
  expect(record()).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('a process that is killed frees its request within the time of one lease', async () => {
  const { harness, begun, pass } = running();
  await begun;
  await pass(0);
  harness.clock.advanceSeconds(LEASE_SECONDS + 1);
  const elsewhere = new EngineHarness(() => 'done elsewhere', {
    ports: { records: harness.records, clock: harness.clock },
  });
  expect(await elsewhere.process([requestDelivery('r-1')])).toEqual([]);
  expect(elsewhere.event.data).toBe('done elsewhere');
});

test('the handler’s signal fires when its request is cancelled', async () => {
  const { harness, end, begun, disposition, pass } = running();
  const { signal } = await begun;
  const records = new RequestRecords(harness.records, harness.clock.now, harness.settings.recordAgeDays);
  await records.change({ id: 'r-1', source: '' }, { type: 'cancel' });
  await pass(LEASE_SECONDS / 3);
  expect(signal.aborted).toBe(true);
  end.reject(new Error('stopped'));
  expect(await disposition).toEqual({ action: 'ack' });
  expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
});

test('a renewal that fails is made up for by the next', async () => {
  const { harness, end, begun, disposition, pass, record } = running();
  await begun;
  const claimedUntil = record()?.leaseEndsAt ?? 0;
  harness.records.faults.inject('write', 'fails before');
  await pass(LEASE_SECONDS / 3);
  expect(record()?.leaseEndsAt).toBe(claimedUntil);
  expect(harness.logger.lines).toContainEqual(
    expect.objectContaining({ message: 'The lease could not be renewed or checked' }),
  );
  await pass(LEASE_SECONDS / 3);
  expect(record()?.leaseEndsAt).toBe(claimedUntil + (2 / 3) * LEASE_SECONDS * 1000);
  end.resolve('done');
  await disposition;
});

test('the handler’s signal fires when another attempt has the request', async () => {
  const { harness, end, begun, disposition, pass } = running();
  const { signal } = await begun;
  harness.clock.advanceSeconds(LEASE_SECONDS + 1);
  const records = new RequestRecords(harness.records, harness.clock.now, harness.settings.recordAgeDays);
  const claim = { id: 'r-1', source: '', redelivered: true };
  await records.claim(claim, harness.clock.now() + LEASE_SECONDS * 1000);
  await pass(LEASE_SECONDS / 3);
  expect(signal.aborted).toBe(true);
  end.reject(new Error('stopped'));
  expect(await disposition).toMatchObject({ action: 'retry' });
});

test('a renewal that never answers holds its attempt until the deadline at most', async () => {
  const { harness, end, begun, disposition, pass, record } = running();
  await begun;
  harness.records.faults.inject('write', 'never answers');
  await pass(LEASE_SECONDS / 3);
  end.resolve('done');
  await pass(3_600);
  expect(await disposition).toMatchObject({ action: 'retry' });
  expect(record()).toMatchObject({ attempts: 1 });
});

test('in a host that renews no leases, the handler’s signal fires when its request is cancelled', async () => {
  const { harness, end, begun, disposition, pass } = running({});
  const { signal } = await begun;
  const records = new RequestRecords(harness.records, harness.clock.now, harness.settings.recordAgeDays);
  await records.change({ id: 'r-1', source: '' }, { type: 'cancel' });
  await pass(10);
  expect(signal.aborted).toBe(true);
  end.reject(new Error('stopped'));
  expect(await disposition).toEqual({ action: 'ack' });
  expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
});

test('a handler of less than 5 seconds costs no call for that, and a long one a read every 10 seconds', async () => {
  const { harness, end, begun, disposition, pass } = running({});
  const read = vi.spyOn(harness.records, 'read');
  const write = vi.spyOn(harness.records, 'write');
  await begun;
  write.mockClear();
  await pass(4.9);
  expect(read).not.toHaveBeenCalled();
  for (let second = 0; second < 60; second++) await pass(1);
  expect(read).toHaveBeenCalledTimes(6);
  expect(write).not.toHaveBeenCalled();
  end.resolve('done');
  await disposition;
});
