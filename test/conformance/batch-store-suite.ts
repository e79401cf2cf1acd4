import { describe, expect, test } from 'vitest';
import { type Batch, itemRequestId } from '../../lib/core/model/batch.ts';
import { cancellation, outcomeOf } from '../../lib/core/model/outcome.ts';
import type { BatchStore, DueBatches, PreparedItem } from '../../lib/core/ports/batch-store.ts';
import type { RecordStore } from '../../lib/core/ports/record-store.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { START } from '../support/test-clock.ts';

/** A store of batches, and the records of its items. */
export interface OpenedBatchStore {
  readonly store: BatchStore;
  readonly records: RecordStore;
  readonly due: DueBatches;
  /** Resolves when all changes of records are counted. */
  readonly settle: () => Promise<void>;
}

const NONE = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };

function batch(id: string, given: Partial<Batch> = {}): Batch {
  return { id, metadata: { żółć: '"1"' }, createdAt: START, ...given };
}

/** The behaviour of every store of batches. */
export function exerciseBatchStore(name: string, open: () => Promise<OpenedBatchStore>): void {
  describe(name, () => {
    test('a batch comes back as it was created, and is created once', async () => {
      const { store } = await open();
      const created = batch('b-1', { tenant: 'żółć', topic: 'mail', expiresAt: START + 60_000 });
      const stored = { batch: created, state: { counts: NONE } };
      expect(await store.create(created)).toMatchObject(stored);
      expect(await store.create({ ...created, topic: 'other', createdAt: START + 1 })).toMatchObject(stored);
      expect(await store.find('żółć', 'b-1')).toMatchObject(stored);
    });

    test('there are none before the first', async () => {
      const { store, due } = await open();
      expect(await store.find(undefined, 'b-1')).toBeUndefined();
      expect(await store.list({ limit: 10 })).toEqual({ batches: [] });
      expect(await due.takeDue(START, START + 1)).toEqual([]);
    });

    test('tenants have batches of their own, listed by pages, newest first', async () => {
      const { store } = await open();
      for (const id of ['b-1', 'b-2', 'b-3']) await store.create(batch(id, { tenant: 'acme' }));
      await store.create(batch('b-1'));
      expect(await store.find(undefined, 'b-2')).toBeUndefined();
      expect((await store.list({ limit: 10 })).batches.map((each) => each.batch.id)).toEqual(['b-1']);
      const first = await store.list({ tenant: 'acme', limit: 2 });
      expect(first.batches.map((each) => each.batch.id)).toEqual(['b-3', 'b-2']);
      const second = await store.list({ tenant: 'acme', limit: 2, after: first.next });
      expect(second.batches.map((each) => each.batch.id)).toEqual(['b-1']);
      expect(second.next).toBeUndefined();
    });

    test('items are added once, and come back in pages, in the order in which they were added', async () => {
      const { store, records } = await open();
      const one = batch('b-1', { tenant: 'acme' });
      const other = batch('b-2');
      await store.create(one);
      await store.create(other);
      const add = (to: Batch, ...keys: readonly (readonly [string, string])[]) =>
        store.add(
          to,
          keys.map(([key, fingerprint]) => prepared(records, to, key, fingerprint)),
          START,
        );
      expect(await add(one, ['c', 'f'], ['a', 'f'], ['c', 'f'], ['a', 'g'])).toEqual([
        'added',
        'added',
        'repeated',
        'other_content',
      ]);
      expect(await add(other, ['a', 'g'])).toEqual(['added']);
      expect(await add(one, ['a', 'f'], ['ü', 'f'])).toEqual(['repeated', 'added']);
      expect(await store.fingerprints(one, ['c', 'ü', 'none'])).toEqual(
        new Map([
          ['c', 'f'],
          ['ü', 'f'],
        ]),
      );
      const page = await store.items(one, undefined, 2);
      expect(page.items.map(({ key }) => key)).toEqual(['c', 'a']);
      const last = await store.items(one, page.next, 2);
      expect(last.items).toMatchObject([
        {
          key: 'ü',
          record: { status: 'queued', request: { id: itemRequestId(one, 'ü'), tenant: 'acme' } },
        },
      ]);
      expect(last.next).toBeUndefined();
      expect((await store.find('acme', 'b-1'))?.state).toMatchObject({
        counts: { ...NONE, queued: 3 },
        addedAt: START,
      });
    });

    test('a sealed batch takes no items', async () => {
      const { store, records } = await open();
      const one = batch('b-1');
      await store.create(one);
      await store.seal(one, START + 1);
      expect(await store.add(one, [prepared(records, one, 'a', 'f')], START)).toBeUndefined();
      expect(await store.items(one, undefined, 10)).toEqual({ items: [] });
    });

    test('the counts are those of the records, whatever writes them, and the last end is the end of the batch', async () => {
      const { store, records, settle } = await open();
      const one = batch('b-1');
      await store.create(one);
      await store.add(
        one,
        ['a', 'b', 'c'].map((key) => prepared(records, one, key, 'f')),
        START,
      );
      await store.seal(one, START + 1);
      const writer = new RequestRecords(records, () => START + 5, 10);
      const request = (key: string) => ({ id: itemRequestId(one, key), source: '' });
      const claim = await writer.claim(request('a'), START + 60_000);
      if (claim.status !== 'claimed') throw new Error(claim.status);
      await writer.change(request('a'), { type: 'cancel' });
      await writer.change(request('b'), { type: 'cancel' });
      await settle();
      expect((await store.find(undefined, 'b-1'))?.state).toMatchObject({
        counts: { ...NONE, queued: 1, running: 1, cancelled: 1 },
        startedAt: START + 5,
        endedAt: undefined,
      });
      await writer.change(request('c'), { type: 'cancel' });
      await claim.lease.complete(outcomeOf(request('a'), cancellation(1), START + 5));
      // A duplicate.
      await claim.lease.complete(outcomeOf(request('a'), cancellation(1), START + 5));
      await settle();
      expect((await store.find(undefined, 'b-1'))?.state).toMatchObject({
        counts: { ...NONE, cancelled: 3 },
        endedAt: START + 5,
        expiredAtEnd: 0,
      });
    });

    test('what is due is leased, until it is done', async () => {
      const { store, records, due } = await open();
      const [empty, full] = [batch('b-1'), batch('b-2')];
      await store.create(empty);
      await store.create(full);
      await store.add(
        full,
        ['a', 'b'].map((key) => prepared(records, full, key, 'f')),
        START,
      );
      expect(await due.takeDue(START, START + 10)).toEqual([]);
      await store.seal(empty, START);
      await store.cancel(full, START);
      expect((await store.cancel(empty, START)).state.cancelledAt).toBeUndefined();
      const ids = (taken: readonly { readonly batch: Batch }[]) => taken.map((each) => each.batch.id).sort();
      expect(ids(await due.takeDue(START, START + 10))).toEqual(['b-1', 'b-2']);
      expect(await due.takeDue(START + 9, START + 20)).toEqual([]);
      expect(ids(await due.takeDue(START + 10, START + 20))).toEqual(['b-1', 'b-2']);
      await store.noteReported(empty, START + 3_000);
      const { next } = await store.items(full, undefined, 1);
      await store.noteCancelled(full, next);
      expect(await due.takeDue(START + 10, START + 20)).toMatchObject([
        { batch: { id: 'b-2' }, cancels: true, cancelledUpTo: next },
      ]);
      await store.noteCancelled(full, undefined);
      expect(await due.takeDue(START + 20, START + 30)).toEqual([]);
      expect((await store.find(undefined, 'b-1'))?.keptUntil).toBe(START + 3_000);
      const late = batch('b-3', { expiresAt: START + 30 });
      await store.create(late);
      expect(await due.takeDue(START + 29, START + 40)).toEqual([]);
      expect(await due.takeDue(START + 30, START + 40)).toMatchObject([
        { batch: { id: 'b-3' }, cancels: false },
      ]);
    });
  });
}

function prepared(records: RecordStore, batch: Batch, key: string, fingerprint: string): PreparedItem {
  const request = { id: itemRequestId(batch, key), source: '', tenant: batch.tenant };
  const writer = new RequestRecords(records, () => START, 10);
  return {
    key,
    fingerprint,
    message: '{}',
    record: writer.submitted(request, START),
    place: { requestId: request.id },
  };
}
