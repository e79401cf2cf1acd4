import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { RecordIndex, RecordStore } from '../../lib/core/ports/record-store.ts';

/** An index and the store that holds its records. */
export interface RecordIndexHarness {
  readonly store: RecordStore;
  readonly index: RecordIndex;
  drop(record: RequestRecord): Promise<void>;
}

/** The tenant's records that a test writes. */
interface Given {
  readonly tenant?: string;
  readonly createdAt?: number;
  readonly keptUntil?: number;
}

/** The time of {@link exerciseRecordIndex}'s clock. */
export const NOW = Date.UTC(2026, 0, 31, 12);
const DAY_MILLISECONDS = 86_400_000;

/** The behaviour of every index of records. */
export function exerciseRecordIndex(name: string, open: () => Promise<RecordIndexHarness>): void {
  let requests = 0;

  async function write(store: RecordStore, { tenant, createdAt = NOW, keptUntil }: Given = {}) {
    const request = { id: `r-${++requests}`, source: '', ...(tenant === undefined ? {} : { tenant }) };
    const record: RequestRecord = { request, status: 'queued', attempts: 0, createdAt, updatedAt: createdAt };
    await store.write({ record, revision: 1, keptUntil: keptUntil ?? NOW + DAY_MILLISECONDS });
    return record;
  }

  /** All pages in order. */
  async function pagesOf(index: RecordIndex, limit: number, tenant?: string) {
    const pages = [await index.list({ tenant, limit })];
    for (let after = pages[0]?.next; after !== undefined; after = pages.at(-1)?.next) {
      pages.push(await index.list({ tenant, limit, after }));
    }
    return pages.map(({ records }) => records);
  }

  function idsOf(records: readonly RequestRecord[]): string[] {
    return records.map(({ request }) => request.id);
  }

  describe(name, () => {
    test('has no records of a new tenant', async () => {
      const { store, index } = await open();
      await write(store, { tenant: 'acme' });
      expect(await index.list({ tenant: 'other', limit: 10 })).toEqual({ records: [] });
      expect(await index.list({ limit: 10 })).toEqual({ records: [] });
    });

    test('returns a tenant’s current records, newest first', async () => {
      const { store, index } = await open();
      const records = [
        await write(store, { tenant: 'acme', createdAt: NOW - 2 }),
        await write(store, { tenant: 'acme', createdAt: NOW }),
        await write(store, { tenant: 'acme', createdAt: NOW - 1 }),
      ];
      const [oldest, newest, middle] = records;
      const changed = { ...(oldest ?? fail()), status: 'running' as const, attempts: 1, updatedAt: NOW + 9 };
      await store.write({ record: changed, revision: 2, keptUntil: NOW + DAY_MILLISECONDS });
      expect(await index.list({ tenant: 'acme', limit: 10 })).toEqual({ records: [newest, middle, changed] });
    });

    test('separates tenants, and records without a tenant', async () => {
      const { store, index } = await open();
      const tenants = [undefined, '', 'acme', 'acme#0'];
      const ids = [];
      for (const tenant of tenants) ids.push((await write(store, { tenant })).request.id);
      for (const [at, tenant] of tenants.entries()) {
        expect(idsOf((await index.list({ tenant, limit: 10 })).records)).toEqual([ids[at]]);
      }
    });

    test.each([7, 100])(
      'returns hundreds of records in pages of %i, each once, in a stable order',
      async (limit) => {
        const { store, index } = await open();
        // Writes many records at the same time, like a burst.
        const times = Array.from({ length: 240 }, (_, nth) => NOW - Math.floor(nth / 30) * 1_000);
        const written = await Promise.all(
          times.map((createdAt) => write(store, { tenant: 'acme', createdAt })),
        );
        const pages = await pagesOf(index, limit, 'acme');
        expect(pages.map(({ length }) => length)).toEqual([
          ...Array(Math.floor(240 / limit)).fill(limit),
          ...(240 % limit ? [240 % limit] : []),
        ]);
        const listed = pages.flat();
        expect(new Set(idsOf(listed))).toEqual(new Set(idsOf(written)));
        const order = listed.map(({ createdAt }) => createdAt);
        expect(order).toEqual([...times].sort((one, other) => other - one));
        expect(await pagesOf(index, 240, 'acme').then((all) => idsOf(all.flat()))).toEqual(idsOf(listed));
      },
    );

    test('has no next page if the limit equals the number of records', async () => {
      const { store, index } = await open();
      for (let nth = 0; nth < 3; nth++) await write(store);
      expect(await index.list({ limit: 3 })).not.toHaveProperty('next');
      const { next: after = fail() } = await index.list({ limit: 2 });
      expect(await index.list({ limit: 1, after })).not.toHaveProperty('next');
    });

    test('continues at the same place although newer records arrive', async () => {
      const { store, index } = await open();
      const old = [
        await write(store, { createdAt: NOW - 2_000 }),
        await write(store, { createdAt: NOW - 1_000 }),
      ];
      const { next: after } = await index.list({ limit: 1 });
      await write(store, { createdAt: NOW });
      expect(await index.list({ limit: 10, after })).toEqual({ records: [old[0]] });
    });

    test('continues at the same place although the record there is dropped', async () => {
      const { store, index, drop } = await open();
      const old = [
        await write(store, { createdAt: NOW - 2_000 }),
        await write(store, { createdAt: NOW - 1_000 }),
      ];
      const { records, next: after } = await index.list({ limit: 1 });
      expect(records).toEqual([old[1]]);
      await drop(old[1] ?? fail());
      expect(await index.list({ limit: 10, after })).toEqual({ records: [old[0]] });
      expect(await index.list({ limit: 10 })).toEqual({ records: [old[0]] });
    });

    test('omits expired records, and finds those behind them (fault 35)', async () => {
      const { store, index } = await open();
      const first = await write(store, { createdAt: NOW - 1_000 });
      for (let nth = 0; nth < 5; nth++) await write(store, { createdAt: NOW - 2_000, keptUntil: NOW });
      const last = await write(store, { createdAt: NOW - 3_000, keptUntil: NOW + 1 });
      const pages = await pagesOf(index, 2);
      expect(pages.map(({ length }) => length)).toEqual([1, 0, 0, 1]);
      expect(pages.flat()).toEqual([first, last]);
    });

    test('lists a recreated record at its new place', async () => {
      const { store, index } = await open();
      const old = await write(store, { createdAt: NOW - 2_000, keptUntil: NOW - 1_000 });
      const other = await write(store, { createdAt: NOW - 1_000 });
      const anew = { ...old, createdAt: NOW, updatedAt: NOW };
      await store.write({ record: anew, revision: 2, keptUntil: NOW + DAY_MILLISECONDS });
      expect(await index.list({ limit: 10 })).toEqual({ records: [anew, other] });
    });
  });
}

function fail(): never {
  throw new Error('nothing there');
}
