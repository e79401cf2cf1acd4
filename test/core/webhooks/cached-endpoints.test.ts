import { beforeEach, expect, test } from 'vitest';
import { CachedEndpoints, ENDPOINTS_AGE_SECONDS } from '../../../lib/core/webhooks/cached-endpoints.ts';
import { MemoryWebhookEndpoints } from '../../../lib/stores/memory/webhook-endpoints.ts';
import { TestClock } from '../../support/test-clock.ts';
import { endpointOf } from '../../support/webhook-endpoints.ts';

let store: MemoryWebhookEndpoints;
let clock: TestClock;
let cached: CachedEndpoints;
beforeEach(() => {
  store = new MemoryWebhookEndpoints();
  clock = new TestClock();
  cached = new CachedEndpoints(store, clock);
});

test('a list is read once, also by readers at the same time', async () => {
  await Promise.all([cached.read('acme'), cached.read('acme')]);
  clock.advanceSeconds(ENDPOINTS_AGE_SECONDS - 1);
  await cached.read('acme');
  expect(store.reads).toBe(1);
});

test('a new endpoint is found after the time, counted from the beginning of the read', async () => {
  const reading = cached.read('acme');
  await store.write('acme', { endpoints: [endpointOf()], revision: 1 });
  expect((await reading).endpoints).toEqual([]);
  clock.advanceSeconds(ENDPOINTS_AGE_SECONDS);
  expect((await cached.read('acme')).endpoints).toHaveLength(1);
});

test('each tenant has its own list', async () => {
  for (const tenant of [undefined, 'acme', 'other', undefined]) await cached.read(tenant);
  expect(store.reads).toBe(3);
});

test('a failed read is tried again', async () => {
  store.faults.inject('read', 'fails before');
  await expect(cached.read('acme')).rejects.toThrow();
  expect((await cached.read('acme')).endpoints).toEqual([]);
});

test('many tenants do not fill the memory: the oldest lists are dropped', async () => {
  for (let tenant = 0; tenant <= 1_000; tenant++) await cached.read(String(tenant));
  await cached.read('1000');
  expect(store.reads).toBe(1_001);
  await cached.read('0');
  expect(store.reads).toBe(1_002);
});
