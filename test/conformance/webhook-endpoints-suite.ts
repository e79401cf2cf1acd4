import { describe, expect, test } from 'vitest';
import type { WebhookEndpoint } from '../../lib/core/model/webhook-endpoint.ts';
import type { WebhookEndpointStore } from '../../lib/core/ports/webhooks.ts';

const ENDPOINT: WebhookEndpoint = {
  id: 'e-1',
  url: 'https://example.com/hook?żółć=1',
  events: ['succeeded', 'progress'],
  description: 'of "tests"',
  createdAt: Date.UTC(2026, 0, 31, 12),
  status: 'disabled',
  failingSince: Date.UTC(2026, 0, 31, 13),
  lastError: 'the receiver answered 500',
  generation: 2,
  previousUntil: Date.UTC(2026, 1, 1),
};
const OTHER: WebhookEndpoint = {
  id: 'e-2',
  url: 'https://example.org/',
  createdAt: 0,
  status: 'enabled',
  generation: 1,
};

/** The behaviour of every store of webhook endpoints. */
export function exerciseWebhookEndpoints(name: string, open: () => Promise<WebhookEndpointStore>): void {
  describe(name, () => {
    test('there are none before the first write', async () => {
      expect(await (await open()).read('acme')).toEqual({ endpoints: [], revision: 0 });
    });

    test('a list comes back as it was written', async () => {
      const store = await open();
      expect(await store.write('acme', { endpoints: [ENDPOINT, OTHER], revision: 1 })).toBe(true);
      expect(await store.read('acme')).toEqual({ endpoints: [ENDPOINT, OTHER], revision: 1 });
      expect(await store.write('acme', { endpoints: [], revision: 2 })).toBe(true);
      expect(await store.read('acme')).toEqual({ endpoints: [], revision: 2 });
    });

    test.each([
      ['the same revision', 2],
      ['an earlier one', 1],
      ['one that leaves out another', 4],
    ])('a write that does not follow the latest one changes nothing: %s', async (_, revision) => {
      const store = await open();
      await store.write('acme', { endpoints: [ENDPOINT], revision: 1 });
      await store.write('acme', { endpoints: [OTHER], revision: 2 });
      expect(await store.write('acme', { endpoints: [], revision })).toBe(false);
      expect(await store.read('acme')).toEqual({ endpoints: [OTHER], revision: 2 });
    });

    test('a first write that leaves out another changes nothing', async () => {
      const store = await open();
      expect(await store.write('acme', { endpoints: [ENDPOINT], revision: 2 })).toBe(false);
      expect(await store.read('acme')).toEqual({ endpoints: [], revision: 0 });
    });

    test('of writes at the same time, one wins', async () => {
      const store = await open();
      for (const revision of [1, 2]) {
        const writes = Array.from({ length: 8 }, (_, index) =>
          store.write('acme', { endpoints: [{ ...OTHER, id: `e-${index}` }], revision }),
        );
        const results = await Promise.all(writes);
        expect(results.filter(Boolean)).toHaveLength(1);
        expect((await store.read('acme')).endpoints).toMatchObject([{ id: `e-${results.indexOf(true)}` }]);
      }
    });

    test('tenants have lists of their own, and so have callers without one', async () => {
      const store = await open();
      const tenants = [undefined, 'null', 'undefined', 'acme', 'żółć', '"acme"'];
      for (const [index, tenant] of tenants.entries()) {
        expect(await store.write(tenant, { endpoints: [{ ...OTHER, id: `e-${index}` }], revision: 1 })).toBe(
          true,
        );
      }
      for (const [index, tenant] of tenants.entries()) {
        expect((await store.read(tenant)).endpoints).toMatchObject([{ id: `e-${index}` }]);
      }
    });
  });
}
