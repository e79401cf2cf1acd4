import { describe, expect, test } from 'vitest';
import { PauseUntil } from '../../../lib/core/base/errors.ts';
import type { LimitStore } from '../../../lib/core/ports/limit-store.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { MemoryLimitStore } from '../../../lib/stores/memory/limit-store.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { START } from '../../support/test-clock.ts';

function ofTenant(id: string, tenant = 'acme', deliveryCount = 1) {
  return requestDelivery(id, {}, { deliveryCount, attributes: { RequestId: id, Tenant: tenant } });
}

function recordOf({ records, clock }: EngineHarness, id: string) {
  return new RequestRecords(records, clock.now, 30).find({ id, source: '', tenant: 'acme' });
}

/** An engine with a limit of two requests of a tenant in a second. */
function limited(settings: ConstructorParameters<typeof EngineHarness>[1] = {}) {
  const runs: string[] = [];
  const store = new MemoryLimitStore();
  const harness = new EngineHarness(({ id }) => void runs.push(id), {
    limits: [{ key: 'tenant', rate: '2/s' }],
    ports: { limits: store },
    ...settings,
  });
  return { harness, runs, store };
}

test('requests beyond a limit go back, are not recorded and take no attempt', async () => {
  const { harness, runs } = limited();
  const batch = ['r-1', 'r-2', 'r-3', 'r-4'].map((id) => ofTenant(id));
  expect(await harness.process([...batch, ofTenant('r-5', 'other')])).toEqual(['message-r-3', 'message-r-4']);
  expect(runs.toSorted()).toEqual(['r-1', 'r-2', 'r-5']);
  expect(harness.delays).toEqual({ 'message-r-3': 1, 'message-r-4': 2 });
  expect(await recordOf(harness, 'r-3')).toBeUndefined();
});

test('they run when the limit lets them, as the first attempt', async () => {
  const { harness, runs } = limited();
  await harness.process(['r-1', 'r-2', 'r-3'].map((id) => ofTenant(id)));
  harness.clock.advanceSeconds(1);
  expect(await harness.process([ofTenant('r-3', 'acme', 2)])).toEqual([]);
  expect(runs).toEqual(['r-1', 'r-2', 'r-3']);
  expect(await recordOf(harness, 'r-3')).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('the more often a request went back, the longer it waits where deliveries are counted, and no two alike', async () => {
  const { harness } = limited();
  harness.random.value = 0.5;
  await harness.process(['r-1', 'r-2'].map((id) => ofTenant(id)));
  await harness.process([ofTenant('r-3', 'acme', 40)]);
  expect(harness.delays).toEqual({ 'message-r-3': 60 });
});

test('a message that can not go back any more runs whatever the limits', async () => {
  const { harness, runs } = limited();
  await harness.process(['r-1', 'r-2'].map((id) => ofTenant(id)));
  await harness.process([ofTenant('r-3', 'acme', 130)]);
  expect(runs).toEqual(['r-1', 'r-2', 'r-3']);
  expect(await recordOf(harness, 'r-3')).toMatchObject({ status: 'succeeded' });
});

test('a request that never reaches its handler gives its part of the rate back', async () => {
  const { harness, runs } = limited();
  const early = requestDelivery(
    'r-1',
    {},
    {
      attributes: {
        RequestId: 'r-1',
        Tenant: 'acme',
        NotBefore: new Date(START + 60_000).toISOString(),
      },
    },
  );
  await harness.process([early]);
  await harness.process(['r-2', 'r-3'].map((id) => ofTenant(id)));
  expect(runs).toEqual(['r-2', 'r-3']);
});

test('while the store of limits is down, requests go back, and none is lost', async () => {
  const { harness, runs, store } = limited();
  store.faults.inject('write', 'fails before');
  expect(await harness.process([ofTenant('r-1')])).toEqual(['message-r-1']);
  expect(await harness.process([ofTenant('r-1', 'acme', 2)])).toEqual([]);
  expect(runs).toEqual(['r-1']);
});

test('a permit that comes when the batch has ended is free for the next one', async () => {
  const store = new MemoryLimitStore();
  const answers = Promise.withResolvers<void>();
  const slow: LimitStore = {
    read: (name) => store.read(name),
    write: (name, next) => answers.promise.then(() => store.write(name, next)),
  };
  const { harness, runs } = limited({ limits: [{ key: 'tenant', concurrency: 1 }], ports: { limits: slow } });
  expect(await harness.process([ofTenant('r-1')], 0.55)).toEqual(['message-r-1']);
  answers.resolve();
  expect(await harness.process([ofTenant('r-1', 'acme', 2)])).toEqual([]);
  expect(runs).toEqual(['r-1']);
});

test('limits without a store are refused', () => {
  expect(() => limited({ ports: {} })).toThrow(
    'limits need a store that processes share, and this host has none',
  );
});

describe('PauseUntil', () => {
  const until = new Date(START + 120_000);

  /** An engine whose handler asks for a pause once. */
  function pausing(key?: string) {
    const runs: string[] = [];
    const store = new MemoryLimitStore();
    const harness = new EngineHarness(
      ({ id }) => {
        runs.push(id);
        if (runs.length === 1) throw new PauseUntil(until, key);
      },
      { limits: [{ key: 'tenant' }], ports: { limits: store }, maxAttempts: 1 },
    );
    return { harness, runs, store };
  }

  test('with a key, the requests of the key wait, and its attempt does not count', async () => {
    const { harness, runs } = pausing('tenant');
    expect(await harness.process([ofTenant('r-1')])).toEqual(['message-r-1']);
    expect(harness.delays).toEqual({ 'message-r-1': 120 });
    expect(await harness.process([ofTenant('r-2'), ofTenant('r-3', 'other')])).toEqual(['message-r-2']);
    expect(await harness.processElsewhere([ofTenant('r-4')])).toEqual(['message-r-4']);
    harness.clock.time = until.getTime();
    expect(await harness.process([ofTenant('r-1', 'acme', 2), ofTenant('r-2', 'acme', 2)])).toEqual([]);
    expect(runs).toEqual(['r-1', 'r-3', 'r-1', 'r-2']);
    expect(harness.statuses).toEqual({ 'r-1': 'succeeded', 'r-2': 'succeeded', 'r-3': 'succeeded' });
  });

  test('with a key, its request notices within minutes that the pause is ended early', async () => {
    const far = new Date(START + 7_200_000);
    const harness = new EngineHarness(
      () => {
        throw new PauseUntil(far, 'tenant');
      },
      { limits: [{ key: 'tenant' }], ports: { limits: new MemoryLimitStore() } },
    );
    expect(await harness.process([ofTenant('r-1')])).toEqual(['message-r-1']);
    expect(harness.delays).toEqual({ 'message-r-1': 300 });
  });

  test.each(['tenant', undefined])(
    'until a time that has passed, its request waits a second (%s)',
    async (key) => {
      const harness = new EngineHarness(
        () => {
          throw new PauseUntil(new Date(START - 1_000), key);
        },
        { limits: [{ key: 'tenant' }], ports: { limits: new MemoryLimitStore() } },
      );
      await harness.process([ofTenant('r-1')]);
      const [delay] = Object.values(harness.delays);
      expect(delay).toBeGreaterThanOrEqual(1);
      expect(delay).toBeLessThanOrEqual(2);
    },
  );

  test('without a key, all requests wait', async () => {
    const { harness, runs } = pausing();
    await harness.process([ofTenant('r-1')]);
    expect(harness.engine.secondsLeft).toBe(120);
    expect(await harness.process([ofTenant('r-2', 'other')])).toEqual(['message-r-2']);
    harness.clock.time = until.getTime();
    await harness.process([ofTenant('r-1', 'acme', 2), ofTenant('r-2', 'other', 2)]);
    expect(runs).toEqual(['r-1', 'r-1', 'r-2']);
  });

  test('a key without a limit makes only that request wait, and the log says so', async () => {
    const { harness, runs } = pausing('topic');
    expect(await harness.process([ofTenant('r-1')])).toEqual(['message-r-1']);
    expect(harness.delays).toEqual({ 'message-r-1': 120 });
    expect(harness.logger.lines.map(({ message }) => message)).toContain(
      'PauseUntil names a key without a limit: only this request waits',
    );
    await harness.process([ofTenant('r-2')]);
    expect(runs).toEqual(['r-1', 'r-2']);
  });

  test('its time must be one', () => {
    expect(() => new PauseUntil(new Date(Number.NaN))).toThrow(RangeError);
  });
});
