import { describe, expect, test } from 'vitest';
import type { IdempotencyKeys, KeyUse } from '../../lib/core/ports/idempotency-keys.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const DAY_MILLISECONDS = 86_400_000;

/** Idempotency keys of a service that hasn't used any. */
export interface IdempotencyKeysHarness {
  readonly keys: IdempotencyKeys;
  /** The same keys as another process sees them, or this process after a restart. */
  reopen(): IdempotencyKeys;
}

/** The behaviour of every store of idempotency keys. */
export function exerciseIdempotencyKeys(name: string, open: () => Promise<IdempotencyKeysHarness>): void {
  function useBy(requestId: string, given: Partial<KeyUse> = {}): KeyUse {
    return { requestId, fingerprint: 'f', usedAt: NOW, keptUntil: NOW + DAY_MILLISECONDS, ...given };
  }

  describe(name, () => {
    test('gives a key to the first caller, and returns its use to the others', async () => {
      const { keys } = await open();
      const first = useBy('r-1', { fingerprint: 'żółć 🧥 "' });
      expect(await keys.take('acme', 'k', first)).toEqual(first);
      expect(await keys.take('acme', 'k', useBy('r-2'))).toEqual(first);
      expect(await keys.take('acme', 'k', useBy('r-3', { usedAt: NOW + 1_000 }))).toEqual(first);
    });

    test('returns the use of a key to readers until it expires', async () => {
      const { keys } = await open();
      expect(await keys.find('acme', 'k', NOW)).toBeUndefined();
      const use = useBy('r-1', { keptUntil: NOW + 5_000 });
      await keys.take('acme', 'k', use);
      expect(await keys.find('acme', 'k', NOW + 4_999)).toEqual(use);
      expect(await keys.find('acme', 'k', NOW + 5_000)).toBeUndefined();
      expect(await keys.find(undefined, 'k', NOW)).toBeUndefined();
      expect(await keys.find('globex', 'k', NOW)).toBeUndefined();
    });

    test('gives a key to one of many concurrent callers (fault 1)', async () => {
      const { keys } = await open();
      const uses = Array.from({ length: 20 }, (_, nth) => useBy(`r-${nth}`));
      const taken = await Promise.all(uses.map((use) => keys.take('acme', 'k', use)));
      expect(new Set(taken.map(({ requestId }) => requestId)).size).toBe(1);
      expect(uses).toContainEqual(taken[0]);
      expect(await keys.take('acme', 'k', useBy('late'))).toEqual(taken[0]);
    });

    test('keeps the use of a key over a restart', async () => {
      const { keys, reopen } = await open();
      const first = await keys.take('acme', 'k', useBy('r-1'));
      expect(await reopen().find('acme', 'k', NOW)).toEqual(first);
      expect(await reopen().take('acme', 'k', useBy('r-2'))).toEqual(first);
    });

    test('gives a key to one of two processes', async () => {
      const { keys, reopen } = await open();
      const taken = await Promise.all([
        keys.take('acme', 'k', useBy('r-1')),
        reopen().take('acme', 'k', useBy('r-2')),
      ]);
      expect(taken[0]).toEqual(taken[1]);
    });

    test('gives a key again after it expires, and not before (fault 35)', async () => {
      const { keys } = await open();
      const first = useBy('r-1', { keptUntil: NOW + 5_000 });
      await keys.take('acme', 'k', first);
      expect(await keys.take('acme', 'k', useBy('r-2', { usedAt: NOW + 4_999 }))).toEqual(first);
      const second = useBy('r-3', { usedAt: NOW + 5_000 });
      expect(await keys.take('acme', 'k', second)).toEqual(second);
      expect(await keys.take('acme', 'k', useBy('r-4', { usedAt: NOW + 6_000 }))).toEqual(second);
    });

    test('gives an expired key to one of many concurrent callers', async () => {
      const { keys } = await open();
      await keys.take(undefined, 'k', useBy('old', { keptUntil: NOW + 1_000 }));
      const uses = Array.from({ length: 20 }, (_, nth) => useBy(`r-${nth}`, { usedAt: NOW + 2_000 }));
      const taken = await Promise.all(uses.map((use) => keys.take(undefined, 'k', use)));
      expect(new Set(taken.map(({ requestId }) => requestId)).size).toBe(1);
      expect(uses).toContainEqual(taken[0]);
    });

    test('keeps a key to the end of the second', async () => {
      const { keys } = await open();
      const taken = await keys.take('acme', 'k', useBy('r-1', { keptUntil: NOW + 4_001 }));
      expect(taken.keptUntil).toBe(NOW + 5_000);
      expect(await keys.take('acme', 'k', useBy('r-2', { usedAt: NOW + 4_999 }))).toEqual(taken);
      expect(await keys.take('acme', 'k', useBy('r-3', { usedAt: NOW + 5_000 }))).toMatchObject({
        requestId: 'r-3',
      });
    });

    test('separates keys by tenant, and from keys without a tenant', async () => {
      const { keys } = await open();
      const takers: readonly (readonly [string | undefined, string])[] = [
        [undefined, 'k'],
        ['', 'k'],
        ['acme', 'k'],
        ['other', 'k'],
        ['acme', 'K'],
        ['k', 'acme'],
      ];
      for (const [nth, [tenant, key]] of takers.entries()) {
        expect(await keys.take(tenant, key, useBy(`r-${nth}`))).toMatchObject({ requestId: `r-${nth}` });
      }
    });
  });
}
