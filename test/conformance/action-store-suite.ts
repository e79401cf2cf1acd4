import { describe, expect, test } from 'vitest';
import type { Action, ActionTarget, ItemSettlement } from '../../lib/core/model/action.ts';
import type { ActionStore } from '../../lib/core/ports/action-store.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

/** A store, with the way in which its host settles requests. */
export interface SettledStore {
  readonly store: ActionStore;
  /** @returns whether it wasn't settled before */
  settle(action: Action, ordinal: number, settlement: ItemSettlement): Promise<boolean>;
}

function actionOf(number: number, count: number): Action {
  return {
    id: `01a1f8cd-7161-71d7-ae29-${String(number).padStart(12, '0')}`,
    action: 'redrive',
    // Plans of earlier versions have no metadata.
    filter: { code: 'żółć', ids: ['one'], ...(number % 2 === 0 && { metadata: { Kunde: 'żółć' } }) },
    rate: 50,
    state: 'planned',
    count,
    hash: 'digest',
    sample: [],
    createdAt: NOW + number,
    expiresAt: NOW + 900_000,
  };
}

function targetsOf(count: number): ActionTarget[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `request ${index}`,
    source: index % 2 === 0 ? '' : 'https://shop.example/"żółć"',
    ...(index % 3 === 0 && { tenant: 'acme' }),
    status: 'failed',
    letter: `${index + 1}`,
    redrives: index % 4,
  }));
}

const DONE = { result: 'done' } as const;

/** The behaviour of every store of actions. */
export function exerciseActionStore(name: string, open: () => Promise<SettledStore>): void {
  describe(name, () => {
    async function running(count: number) {
      const { store, settle } = await open();
      const planned = actionOf(1, count);
      await store.create(planned, targetsOf(count));
      const action: Action = { ...planned, state: 'running', appliedAt: NOW };
      expect(await store.write(action, 2)).toBe(true);
      return { store, settle, action, id: action.id };
    }

    test('there are none before the first', async () => {
      const { store } = await open();
      expect(await store.find('other')).toBeUndefined();
      expect(await store.list(undefined, 10)).toEqual({ actions: [] });
      expect(await store.takeDue(NOW, NOW + 1, 'other')).toBeUndefined();
    });

    test('an action comes back as it was stored, with its requests in their order, page by page', async () => {
      const { store } = await open();
      const action = actionOf(1, 250);
      const targets = targetsOf(250);
      const stored = { action, progress: { done: 0, skipped: 0, failed: 0 }, revision: 1 };
      expect(await store.create(action, targets)).toEqual(stored);
      expect(await store.find(action.id)).toEqual(stored);
      const passed: unknown[] = [];
      let after: string | undefined;
      do {
        const { requests, next } = await store.listed(action.id, after, 90);
        expect(requests.length).toBeLessThanOrEqual(90);
        passed.push(...requests);
        after = next;
      } while (after !== undefined);
      expect(passed).toEqual(
        targets.map(({ id, source, tenant, status }) => ({ id, source, tenant, status })),
      );
      expect(await store.pending(action.id, 250, 1_000)).toEqual(
        targets.map(({ status: _, ...target }, ordinal) => expect.objectContaining({ ...target, ordinal })),
      );
    });

    test('an action may list no request', async () => {
      const { store, id } = await running(0);
      expect(await store.listed(id, undefined, 10)).toEqual({ requests: [] });
      expect(await store.pending(id, 0, 10)).toEqual([]);
      expect(await store.countCanary(id, 0)).toEqual({ watched: 0, ended: 0, failed: 0 });
    });

    test('actions are listed newest first, page by page', async () => {
      const { store } = await open();
      for (const number of [1, 2, 3]) await store.create(actionOf(number, 0), []);
      const first = await store.list(undefined, 2);
      expect(first.actions.map(({ action }) => action.createdAt - NOW)).toEqual([3, 2]);
      const second = await store.list(first.next, 2);
      expect(second.actions.map(({ action }) => action.createdAt - NOW)).toEqual([1]);
      expect(second.next).toBeUndefined();
    });

    test('only the write with the next revision takes effect', async () => {
      const { store, action, id } = await running(1);
      const aborted: Action = { ...action, state: 'aborted', endedAt: NOW + 1 };
      const writes = await Promise.all([1, 2].map(() => store.write(aborted, 3)));
      expect(writes.toSorted()).toEqual([false, true]);
      expect(await store.write(action, 3)).toBe(false);
      expect(await store.find(id)).toMatchObject({ action: aborted, revision: 3 });
      expect(await store.write({ ...action, id: 'other' }, 2)).toBe(false);
    });

    test('an action is leased by one at a time, while it runs', async () => {
      const { store, action, id } = await running(1);
      const taken = await Promise.all([1, 2, 3].map(() => store.takeDue(NOW, NOW + 10, id)));
      expect(taken.filter((each) => each !== undefined)).toMatchObject([{ action, revision: 2 }]);
      expect(await store.takeDue(NOW + 9, NOW + 20, id)).toBeUndefined();
      expect(await store.takeDue(NOW + 10, NOW + 20, id)).toMatchObject({ action });
      await store.setDue(id, NOW + 12);
      expect(await store.takeDue(NOW + 12, NOW + 20, id)).toMatchObject({ action });
      await store.write({ ...action, state: 'succeeded', endedAt: NOW + 13 }, 3);
      await store.setDue(id, NOW + 14);
      expect(await store.takeDue(NOW + 100, NOW + 200, id)).toBeUndefined();
    });

    test('a request is settled once, and counted once', async () => {
      const { store, settle, action, id } = await running(202);
      const skipped = { result: 'skipped', detail: 'it has ended' } as const;
      const retried = { result: 'done', retriedAs: 'new' } as const;
      expect(await settle(action, 0, skipped)).toBe(true);
      expect(await settle(action, 0, DONE)).toBe(false);
      expect(await settle(action, 201, retried)).toBe(true);
      expect(await settle(action, 100, { result: 'failed', detail: 'no' })).toBe(true);
      expect((await store.find(id))?.progress).toEqual({ done: 1, skipped: 1, failed: 1 });
      const pending = await store.pending(id, 202, 1_000);
      expect(pending).toHaveLength(199);
      expect((await store.pending(id, 102, 1_000)).map(({ ordinal }) => ordinal)).toHaveLength(100);
      expect((await store.pending(id, 202, 3)).map(({ ordinal }) => ordinal)).toEqual([1, 2, 3]);
      const { requests } = await store.listed(id, '200', 10);
      expect(requests).toMatchObject([retried]);
      expect((await store.listed(id, undefined, 1)).requests).toMatchObject([skipped]);
    });

    test('the requests of a canary are watched until they have ended', async () => {
      const { store, settle, action, id } = await running(150);
      for (const ordinal of [0, 1, 101, 120]) await settle(action, ordinal, DONE);
      await settle(action, 2, { result: 'skipped' });
      const watched = async () => (await store.watched(id, 110, 10)).map(({ ordinal }) => ordinal);
      expect(await watched()).toEqual([0, 1, 101]);
      expect(await store.watched(id, 110, 1)).toHaveLength(1);
      await store.noteEnds(id, [
        { ordinal: 0, status: 'succeeded' },
        { ordinal: 101, status: 'expired' },
      ]);
      expect(await watched()).toEqual([1]);
      expect(await store.countCanary(id, 110)).toEqual({ watched: 3, ended: 2, failed: 1 });
      await store.noteEnds(id, [{ ordinal: 1, status: 'unknown' }]);
      expect(await store.countCanary(id, 110)).toEqual({ watched: 3, ended: 3, failed: 1 });
      expect(await store.countCanary(id, 150)).toMatchObject({ watched: 4 });
    });
  });
}
