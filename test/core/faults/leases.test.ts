import { describe, expect, test } from 'vitest';
import { RECORDED_RESULT_BYTES } from '../../../lib/core/config/receive-budget.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { statusOf } from '../../support/outcome-event.ts';

const SECONDS_LEFT = 60;

/** Until the invocation is killed, plus the possible difference between two clocks. */
const LEASE_SECONDS = 61;

/** Two hosts with the same queues, bucket and table, and their results for request `r-1`. */
function hosts(one: Handler, two: Handler) {
  const first = new EngineHarness(one);
  const { store, records, output } = first;
  const second = new EngineHarness(two, { ports: { store, records, output } });
  const run = (host: EngineHarness) => host.process([requestDelivery('r-1')], SECONDS_LEFT);
  return { first, second, records, events: () => first.events, run };
}

/** A handler that the test starts and ends. */
function slow() {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<unknown>();
  const handler = () => {
    begun.resolve();
    return end.promise;
  };
  return { handler, begun: begun.promise, end: end.resolve };
}

const notToBeRun = () => {
  throw new Error('not to be run');
};

describe('fault 8: a duplicate delivery while the request is running', () => {
  test('neither runs nor ends: it waits until the lease is over', async () => {
    const { handler, begun, end } = slow();
    const { first, second, events, run } = hosts(handler, notToBeRun);
    const batch = run(first);
    await begun;
    second.clock.advanceSeconds(20);
    expect(await run(second)).toEqual(['message-r-1']);
    expect(second.delays).toEqual({ 'message-r-1': LEASE_SECONDS - 20 });
    expect(events()).toEqual([]);

    end('done');
    expect(await batch).toEqual([]);
    second.clock.advanceSeconds(LEASE_SECONDS - 20);
    expect(await run(second)).toEqual([]);
    expect(events().map(({ data }) => data)).toEqual(['done', 'done']);
  });

  test('changes nothing in the record', async () => {
    const { handler, begun, end } = slow();
    const { first, second, records, run } = hosts(handler, notToBeRun);
    const batch = run(first);
    await begun;
    const before = records.record('r-1');
    await run(second);
    expect(records.record('r-1')).toEqual(before);
    end(5);
    await batch;
  });

  test('finds the request free as soon as the attempt fails', async () => {
    const { first, second, events, run } = hosts(
      () => Promise.reject(new Error('not now')),
      () => 'done',
    );
    expect(await run(first)).toEqual(['message-r-1']);
    expect(await run(second)).toEqual([]);
    expect(events()).toMatchObject([{ data: 'done' }]);
  });
});

describe('faults 9 and 10: an attempt that ends after another took over', () => {
  test('is refused, and its outcome is not published', async () => {
    const { handler, begun, end } = slow();
    const after = slow();
    const { first, second, records, events, run } = hosts(handler, after.handler);
    const zombie = run(first);
    await begun;
    second.clock.advanceSeconds(LEASE_SECONDS);
    const successor = run(second);
    await after.begun;

    end('too late');
    expect(await zombie).toEqual(['message-r-1']);
    expect(events()).toEqual([]);
    expect(records.record('r-1')).toMatchObject({ status: 'running', attempts: 2 });

    after.end('in time');
    expect(await successor).toEqual([]);
    expect(events()).toMatchObject([{ data: 'in time' }]);
  });

  test('publishes the outcome of the other attempt, if that has ended', async () => {
    const { handler, begun, end } = slow();
    const { first, second, records, events, run } = hosts(handler, () => 'in time');
    const zombie = run(first);
    await begun;
    second.clock.advanceSeconds(LEASE_SECONDS);
    await run(second);
    const before = records.record('r-1');

    end('too late');
    expect(await zombie).toEqual([]);
    expect(events().map(({ data }) => data)).toEqual(['in time', 'in time']);
    expect(records.record('r-1')).toEqual(before);
  });

  test('fails without taking the request from the other attempt', async () => {
    const { handler, begun, end } = slow();
    const after = slow();
    const { first, second, records, run } = hosts(handler, after.handler);
    const zombie = run(first);
    await begun;
    second.clock.advanceSeconds(LEASE_SECONDS);
    const successor = run(second);
    await after.begun;
    end(Promise.reject(new Error('too late')));
    expect(await zombie).toEqual(['message-r-1']);
    expect(records.record('r-1')).toMatchObject({ status: 'running', attempts: 2 });
    after.end(5);
    expect(await successor).toEqual([]);
  });

  test('fails and publishes the outcome of the other attempt', async () => {
    const { handler, begun, end } = slow();
    const inline = 'x'.repeat(RECORDED_RESULT_BYTES);
    const { first, second, events, run } = hosts(handler, () => inline);
    const zombie = run(first);
    await begun;
    second.clock.advanceSeconds(LEASE_SECONDS);
    await run(second);
    end(Promise.reject(new Error('too late')));
    expect(await zombie).toEqual([]);
    expect(events().map(({ data }) => data)).toEqual([inline, inline]);
  });

  test('still counts if no other attempt took over', async () => {
    const { handler, begun, end } = slow();
    const { first, records, run } = hosts(handler, notToBeRun);
    const late = run(first);
    await begun;
    first.clock.advanceSeconds(LEASE_SECONDS + 100);
    end('late');
    expect(await late).toEqual([]);
    expect(records.record('r-1')?.status).toBe('succeeded');
  });
});

describe('fault 11: a record stuck in running', () => {
  test.each([
    [LEASE_SECONDS - 0.001, false],
    [LEASE_SECONDS, true],
  ])('after %d s is taken over: %s', async (seconds, takenOver) => {
    const harness = new EngineHarness(() => 'done');
    const { clock } = harness;
    const records = new RequestRecords(harness.records, clock.now, harness.settings.recordAgeDays);
    await records.claim({ id: 'r-1', source: '' }, clock.now() + LEASE_SECONDS * 1000);
    clock.advanceSeconds(seconds);
    expect(await harness.process([requestDelivery('r-1')])).toEqual(takenOver ? [] : ['message-r-1']);
    expect(harness.records.record('r-1')).toMatchObject(
      takenOver ? { status: 'succeeded', attempts: 2 } : { status: 'running', attempts: 1 },
    );
    expect(harness.events.map(statusOf)).toEqual(takenOver ? ['succeeded'] : []);
  });
});
