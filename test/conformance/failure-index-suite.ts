import { describe, expect, test } from 'vitest';
import { failureGroupOf } from '../../lib/core/model/failure-group.ts';
import { failurePositionOf } from '../../lib/core/model/failure-position.ts';
import { outcomeOf } from '../../lib/core/model/outcome.ts';
import { identityDigest } from '../../lib/core/model/request-id.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { FailureIndex, TenantScope } from '../../lib/core/ports/failure-index.ts';
import type { RecordStore } from '../../lib/core/ports/record-store.ts';

/** An index and the store that holds its records. */
export interface FailureIndexHarness {
  readonly store: RecordStore;
  readonly index: FailureIndex;
}

/** A failure that a test writes. */
interface Given {
  readonly code: string;
  readonly tenant?: string;
  readonly endedAt?: number;
  /** Whether DynamoDB has it in the same list as the others. */
  readonly inOneList?: true;
}

/** The time of {@link exerciseFailureIndex}'s clock. */
export const NOW = Date.UTC(2026, 0, 31, 12);
const KEPT_UNTIL = NOW + 86_400_000;

/** The behaviour of every index of failures. */
export function exerciseFailureIndex(name: string, open: () => Promise<FailureIndexHarness>): void {
  let requests = 0;

  async function fail(
    store: RecordStore,
    { code, tenant, endedAt = NOW, inOneList }: Given,
  ): Promise<RequestRecord> {
    const of = tenant !== undefined && { tenant };
    let request = { id: `r-${++requests}`, source: '', ...of };
    while (inOneList && !identityDigest('record', request).startsWith('0'))
      request = { id: `r-${++requests}`, source: '', ...of };
    const begun = { request, attempts: 1, createdAt: NOW, updatedAt: NOW };
    await store.write({ record: { ...begun, status: 'running' }, revision: 1, keptUntil: KEPT_UNTIL });
    const problem = { type: '', title: '', code, detail: `no ${code}`, attempts: 1 };
    const outcome = outcomeOf(request, { status: 'failed', problem }, endedAt);
    const failed = { ...begun, status: 'failed', outcome } as const;
    const record = { ...failed, failureGroup: failureGroupOf(failed) };
    await store.write({ record, revision: 2, keptUntil: KEPT_UNTIL });
    return record;
  }

  async function failAll(store: RecordStore, given: readonly Given[]): Promise<RequestRecord[]> {
    return Promise.all(given.map((one) => fail(store, one)));
  }

  /** The records of a group, page by page. */
  async function pagesOf(index: FailureIndex, id: string, limit: number, scope: TenantScope = 'all') {
    const pages = [await index.list({ id, scope, limit })];
    for (let after = pages[0]?.next; after !== undefined; after = pages.at(-1)?.next) {
      pages.push(await index.list({ id, scope, limit, after }));
    }
    return pages.map(({ records }) => records);
  }

  function groupOf(record: RequestRecord | undefined): string {
    return record?.failureGroup ?? '';
  }

  describe(name, () => {
    test('has no groups where nothing failed', async () => {
      const { store, index } = await open();
      const request = { id: 'r', source: '' };
      const record = { request, status: 'queued', attempts: 0, createdAt: NOW, updatedAt: NOW } as const;
      await store.write({ record, revision: 1, keptUntil: KEPT_UNTIL });
      expect(await index.count('all')).toEqual([]);
      expect(await index.count('all', '0123456789abcdef')).toEqual([]);
      expect(await index.list({ id: '0123456789abcdef', scope: 'all', limit: 10 })).toEqual({ records: [] });
      expect(await index.notes(['0123456789abcdef'])).toEqual(new Map());
      expect(await index.latest([])).toEqual(new Map());
    });

    test('counts each group, with its first and its latest failure', async () => {
      const { store, index } = await open();
      const declined = await failAll(
        store,
        Array.from({ length: 40 }, (_, nth) => ({ code: 'declined', endedAt: NOW + nth })),
      );
      const gone = await fail(store, { code: 'gone', endedAt: NOW - 1 });
      const counts = await index.count('all');
      expect(counts.toSorted((one, other) => other.count - one.count)).toEqual([
        {
          id: groupOf(declined[0]),
          count: 40,
          first: failurePositionOf(declined[0] ?? gone),
          latest: failurePositionOf(declined[39] ?? gone),
          tenants: [],
        },
        {
          id: groupOf(gone),
          count: 1,
          first: failurePositionOf(gone),
          latest: failurePositionOf(gone),
          tenants: [],
        },
      ]);
      expect(await index.count('all', groupOf(gone))).toEqual(counts.filter(({ count }) => count === 1));
      expect(await index.latest(counts)).toEqual(
        new Map([
          [groupOf(declined[39]), declined[39]],
          [groupOf(gone), gone],
        ]),
      );
    });

    test('counts hundreds of groups, and groups of hundreds', { timeout: 60_000 }, async () => {
      const { store, index } = await open();
      const large = Array.from({ length: 450 }, (_, nth) => ({
        code: 'large',
        tenant: 'acme',
        endedAt: NOW + nth,
        inOneList: true as const,
      }));
      const small = Array.from({ length: 300 }, (_, nth) => ({ code: `code-${'x'.repeat(nth)}` }));
      const records = await failAll(store, [...large, ...small]);
      const counts = (await index.count('all')).map(({ count }) => count);
      // The longest codes differ by characters only.
      expect(counts.toSorted((one, other) => other - one)).toEqual([450, ...Array(300).fill(1)]);
      const [first, latest] = [records[0], records[449]].map((record) => record && failurePositionOf(record));
      for (const counted of [
        await index.count({ tenant: 'acme' }),
        await index.count('all', groupOf(records[0])),
        await index.count({ tenant: 'acme' }, groupOf(records[0])),
      ])
        expect(counted).toMatchObject([{ count: 450, first, latest, tenants: ['acme'] }]);
      const pages = await pagesOf(index, groupOf(records[0]), 100, { tenant: 'acme' });
      expect(pages.flat()).toEqual(records.slice(0, 450).reverse());
    });

    test('separates tenants, and requests without a tenant', async () => {
      const { store, index } = await open();
      const tenants = [undefined, 'acme', 'acme', 'other'];
      const records = await failAll(
        store,
        tenants.map((tenant, nth) => ({ code: 'declined', tenant, endedAt: NOW + nth })),
      );
      const id = groupOf(records[0]);
      const [all] = await index.count('all');
      expect(all).toMatchObject({ id, count: 4 });
      expect(all?.tenants.toSorted()).toEqual(['acme', 'other']);
      for (const [tenant, expected] of [
        [undefined, [records[0]]],
        ['acme', [records[2], records[1]]],
        ['other', [records[3]]],
      ] as const) {
        const [count] = await index.count({ tenant });
        expect(count).toMatchObject({ id, count: expected.length });
        expect(await index.count({ tenant }, id)).toEqual([count]);
        expect((await pagesOf(index, id, 10, { tenant })).flat()).toEqual(expected);
      }
      expect(await index.count({ tenant: 'nobody' })).toEqual([]);
      expect(await index.list({ id, scope: { tenant: 'nobody' }, limit: 10 })).toEqual({ records: [] });
    });

    test('names ten tenants of a group at most', async () => {
      const { store, index } = await open();
      await failAll(
        store,
        Array.from({ length: 12 }, (_, nth) => ({ code: 'declined', tenant: `t-${nth}` })),
      );
      const [count] = await index.count('all');
      expect(new Set(count?.tenants).size).toBe(10);
    });

    test.each([7, 100])(
      'lists a group in pages of %i, each request once, the latest first',
      async (limit) => {
        const { store, index } = await open();
        const given = Array.from({ length: 90 }, (_, nth) => ({
          code: 'declined',
          endedAt: NOW + (nth % 30),
        }));
        const records = await failAll(store, given);
        await fail(store, { code: 'gone' });
        const pages = await pagesOf(index, groupOf(records[0]), limit);
        const listed = pages.flat();
        expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
        expect(new Set(listed)).toEqual(new Set(records));
        const positions = listed.map((record) => failurePositionOf(record));
        expect(positions).toEqual(positions.toSorted().reverse());
        expect(listed).toHaveLength(90);
      },
    );

    test('leaves out a request that is redriven, and has it again when it fails again', async () => {
      const { store, index } = await open();
      const record = await fail(store, { code: 'declined', tenant: 'acme' });
      const { outcome, failureGroup, ...begun } = record;
      await store.write({
        record: { ...begun, status: 'running' },
        revision: 3,
        keptUntil: KEPT_UNTIL,
      });
      expect(await index.count('all')).toEqual([]);
      expect(await pagesOf(index, groupOf(record), 10)).toEqual([[]]);
      await store.write({ record, revision: 4, keptUntil: KEPT_UNTIL });
      expect(await index.count('all')).toMatchObject([{ id: failureGroup, count: 1, tenants: ['acme'] }]);
    });

    test('keeps the latest note about a group', async () => {
      const { index } = await open();
      const [one, other] = ['0123456789abcdef', 'fedcba9876543210'];
      await index.note(one, { text: 'known', at: NOW });
      await index.note(one, { text: 'fixed in 42 “now”', by: 'key 01234567', at: NOW + 1 });
      await index.note(other, { text: '', at: NOW });
      expect(await index.notes([one, 'aaaaaaaaaaaaaaaa'])).toEqual(
        new Map([[one, { text: 'fixed in 42 “now”', by: 'key 01234567', at: NOW + 1 }]]),
      );
    });
  });
}
