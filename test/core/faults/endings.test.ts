import { describe, expect, test } from 'vitest';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { statusOf } from '../../support/outcome-event.ts';

const REQUEST = { id: 'r-1', source: '' };
const LEASE_SECONDS = 61;

/** What a client does to the records of a service. */
function clientOf({ records, clock, settings }: EngineHarness): RequestRecords {
  return new RequestRecords(records, clock.now, settings.recordAgeDays);
}

const notToBeRun = () => {
  throw new Error('not to be run');
};

describe('fault 28: the deadline passed while the request was queued', () => {
  const expiring = { attributes: { RequestId: 'r-1', ExpiresAt: '2026-01-31T12:00:10Z' } };

  test('it is expired and never run, and so it stays', async () => {
    const harness = new EngineHarness(notToBeRun);
    harness.clock.advanceSeconds(10);
    for (let delivery = 0; delivery < 2; delivery++) {
      expect(await harness.process([requestDelivery('r-1', {}, expiring)])).toEqual([]);
    }
    expect(harness.events.map(statusOf)).toEqual(['expired', 'expired']);
    expect(harness.records.record('r-1')?.status).toBe('expired');
  });

  test('also between two attempts', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => {
      runs++;
      throw new Error('not now');
    });
    expect(await harness.process([requestDelivery('r-1', {}, expiring)])).toEqual(['message-r-1']);
    harness.clock.advanceSeconds(10);
    expect(await harness.process([requestDelivery('r-1', {}, expiring)])).toEqual([]);
    expect(runs).toBe(1);
    expect(harness.problem).toMatchObject({ code: 'request_expired', attempts: 2 });
  });
});

describe('fault 29: a cancellation races the completion', () => {
  test('cancelled before it is begun: never run', async () => {
    const harness = new EngineHarness(notToBeRun);
    const client = clientOf(harness);
    await client.change(REQUEST, { type: 'submit', request: REQUEST, uploaded: true });
    await client.change(REQUEST, { type: 'cancel' });
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(statusOf(harness.event)).toBe('cancelled');
    expect(harness.problem).toMatchObject({ code: 'request_cancelled', attempts: 0 });
  });

  test('cancelled while it runs, and it succeeds all the same: succeeded', async () => {
    const harness = new EngineHarness(async () => {
      await clientOf(harness).change(REQUEST, { type: 'cancel' });
      return 'done';
    });
    await harness.process([requestDelivery('r-1')]);
    expect(harness.event).toMatchObject({ data: 'done' });
    expect(harness.records.record('r-1')?.status).toBe('succeeded');
  });

  test('cancelled while it runs, and the attempt fails: cancelled, not tried again', async () => {
    const harness = new EngineHarness(async () => {
      await clientOf(harness).change(REQUEST, { type: 'cancel' });
      throw new Error('stopped');
    });
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(statusOf(harness.event)).toBe('cancelled');
  });

  test('cancelled while it runs, and the process dies: cancelled by the next delivery', async () => {
    const harness = new EngineHarness(notToBeRun);
    const client = clientOf(harness);
    await client.claim(REQUEST, harness.clock.now() + LEASE_SECONDS * 1000);
    await client.change(REQUEST, { type: 'cancel' });
    expect(harness.records.record('r-1')?.status).toBe('cancelling');
    harness.clock.advanceSeconds(LEASE_SECONDS);
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(statusOf(harness.event)).toBe('cancelled');
  });

  test('cancelled after it ended: it stays as it ended', async () => {
    const harness = new EngineHarness(() => 'done');
    await harness.process([requestDelivery('r-1')]);
    const before = harness.records.record('r-1');
    expect((await clientOf(harness).change(REQUEST, { type: 'cancel' })).refused).toBe('finished');
    expect(harness.records.record('r-1')).toEqual(before);
  });
});

describe('fault 35: clocks that differ, records dropped late', () => {
  test('a record past its time that is still there is as good as gone', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => ++runs, { recordAgeDays: 1 });
    await harness.process([requestDelivery('r-1')]);
    harness.clock.advanceSeconds(86_400 - 1);
    await harness.process([requestDelivery('r-1')]);
    expect(runs).toBe(1);
    harness.clock.advanceSeconds(1);
    expect(await clientOf(harness).find(REQUEST)).toBeUndefined();
    await harness.process([requestDelivery('r-1')]);
    expect(runs).toBe(2);
    expect(await clientOf(harness).find(REQUEST)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  test('one that is dropped while an attempt runs can’t be completed; the request is tried again', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => {
      if (++runs === 1) harness.records.drop(REQUEST);
      return runs;
    });
    expect(await harness.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.event.data).toBe(2);
  });

  test.each([1_000, -1_000])(
    'a host whose clock is %i ms ahead never begins beside another',
    async (skew) => {
      let running = 0;
      let most = 0;
      const end = Promise.withResolvers<void>();
      const handler = async () => {
        most = Math.max(most, ++running);
        await end.promise;
        running--;
      };
      const first = new EngineHarness(handler);
      const { store, records, output } = first;
      const second = new EngineHarness(handler, { ports: { store, records, output } });
      // The first is killed after 60 s by its own clock; a millisecond before that is as late as it can still run.
      const batch = first.process([requestDelivery('r-1')], 60);
      second.clock.time = first.clock.time + 59_999 + skew;
      expect(await second.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
      end.resolve();
      await batch;
      expect(most).toBe(1);
    },
  );
});
