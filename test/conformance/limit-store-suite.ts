import { describe, expect, test } from 'vitest';
import type { LimitState } from '../../lib/core/model/limit-state.ts';
import type { LimitStore } from '../../lib/core/ports/limit-store.ts';

const FULL: LimitState = {
  leases: {
    'worker-1': { permits: 3, endsAt: Date.UTC(2026, 0, 31, 12) },
    'worker "2"': { permits: 1, endsAt: 5 },
  },
  tokens: -1.25,
  tokensAt: Date.UTC(2026, 0, 31, 11),
  waiting: 12,
  pausedUntil: Date.UTC(2026, 1, 1),
  changed: { concurrency: 7, rate: '100/min' },
};
const EMPTY: LimitState = { leases: {}, waiting: 0 };
const LATER = Date.UTC(2030, 0, 1);

/** The behaviour of every store of limits. */
export function exerciseLimitStore(name: string, open: () => Promise<LimitStore>): void {
  describe(name, () => {
    test('there is no state before the first write', async () => {
      expect(await (await open()).read('tenant=acme')).toBeUndefined();
    });

    test('a state comes back as it was written, with and without an end', async () => {
      const store = await open();
      expect(await store.write('tenant=acme', { state: FULL, revision: 1 })).toEqual({ written: true });
      expect(await store.read('tenant=acme')).toEqual({ state: FULL, revision: 1 });
      const next = { state: EMPTY, revision: 2, keptUntil: LATER };
      expect(await store.write('tenant=acme', next)).toEqual({ written: true });
      expect(await store.read('tenant=acme')).toEqual(next);
      expect(await store.write('tenant=acme', { state: FULL, revision: 3 })).toEqual({ written: true });
      expect(await store.read('tenant=acme')).toEqual({ state: FULL, revision: 3 });
    });

    test.each([
      ['the same revision', 2],
      ['an earlier one', 1],
      ['one that leaves out another', 4],
    ])('a write that does not follow the latest one returns what is there: %s', async (_, revision) => {
      const store = await open();
      await store.write('all=', { state: EMPTY, revision: 1, keptUntil: LATER });
      await store.write('all=', { state: FULL, revision: 2, keptUntil: LATER });
      expect(await store.write('all=', { state: EMPTY, revision, keptUntil: LATER })).toEqual({
        written: false,
        stored: { state: FULL, revision: 2, keptUntil: LATER },
      });
    });

    test('a first write that leaves out another changes nothing', async () => {
      const store = await open();
      expect(await store.write('all=', { state: FULL, revision: 2 })).toEqual({ written: false });
      expect(await store.read('all=')).toBeUndefined();
    });

    test('of writes at the same time, one wins', async () => {
      const store = await open();
      for (const revision of [1, 2]) {
        const writes = Array.from({ length: 8 }, (_, index) =>
          store.write('topic=a.b', { state: { ...EMPTY, waiting: index }, revision }),
        );
        const results = await Promise.all(writes);
        const winners = results.filter(({ written }) => written);
        expect(winners).toHaveLength(1);
        const waiting = results.findIndex(({ written }) => written);
        expect((await store.read('topic=a.b'))?.state.waiting).toBe(waiting);
      }
    });

    test('names have states of their own', async () => {
      const store = await open();
      const names = ['tenant=acme', 'tenant=żółć', 'tenant="acme"', 'topic=acme', 'metadata.model=acme'];
      for (const [index, each] of names.entries()) {
        await store.write(each, { state: { ...EMPTY, waiting: index }, revision: 1 });
      }
      for (const [index, each] of names.entries()) {
        expect((await store.read(each))?.state.waiting).toBe(index);
      }
    });
  });
}
