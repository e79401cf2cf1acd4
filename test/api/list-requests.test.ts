import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listRequests } from '../../lib/api/list-requests.ts';
import { created, type RecordStatus, type RequestRecord } from '../../lib/core/model/request-record.ts';
import type { RecordListing } from '../../lib/core/ports/record-store.ts';
import { MemoryRecordIndex } from '../../lib/stores/memory/record-index.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { START } from '../support/test-clock.ts';

const STATUSES = ['queued', 'running', 'awaiting_upload'] as const;

/** An index of records with these statuses, newest first, that counts its reads. */
async function indexed(statuses: readonly RecordStatus[], isOver: (index: number) => boolean = () => false) {
  const store = new MemoryRecordStore();
  const records: RequestRecord[] = [];
  for (const [index, status] of statuses.entries()) {
    const request = { id: `r-${index}`, source: '' };
    const record = { ...created({ type: 'submit', request, uploaded: true }, START - index), status };
    await store.write({ record, revision: 1, keptUntil: isOver(index) ? START : START + 60_000 });
    if (!isOver(index)) records.push(record);
  }
  const index = new MemoryRecordIndex(store, () => START);
  const listings: RecordListing[] = [];
  const counted = {
    list(listing: RecordListing) {
      listings.push(listing);
      return index.list(listing);
    },
  };
  return { index: counted, listings, records };
}

async function pagesOf(
  index: Awaited<ReturnType<typeof indexed>>['index'],
  limit: number,
  status?: RecordStatus,
) {
  const pages: (readonly RequestRecord[])[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await listRequests(index, { limit, status, cursor }, START);
    pages.push(page.records);
    if (page.next === undefined) return pages;
    cursor = page.next;
  }
}

test('pages are the whole list in its order, however many are left out of them', async () => {
  const statuses = fc.array(fc.constantFrom(...STATUSES), { maxLength: 60, size: 'max' });
  const status = fc.constantFrom(undefined, ...STATUSES);
  const over = fc.func(fc.boolean());
  await fc.assert(
    fc.asyncProperty(
      statuses,
      status,
      over,
      fc.integer({ min: 1, max: 12 }),
      async (statuses, status, over, limit) => {
        const { index, records } = await indexed(statuses, (index) => over(index));
        const pages = await pagesOf(index, limit, status);
        for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit);
        const wanted = records.filter((record) => status === undefined || record.status === status);
        expect(pages.flat()).toEqual(wanted);
      },
    ),
  );
});

test('what was read and had no room on its page is on the next', async () => {
  const { index, records } = await indexed(['queued', 'running', 'queued', 'queued', 'queued']);
  const wanted = records.filter(({ status }) => status === 'queued');
  expect(await pagesOf(index, 2, 'queued')).toEqual([wanted.slice(0, 2), wanted.slice(2)]);
});

test('a page is one read where nothing is left out', async () => {
  const { index, listings } = await indexed(Array.from({ length: 30 }, () => 'queued'));
  await listRequests(index, { limit: 20 }, START);
  expect(listings).toMatchObject([{ limit: 20 }]);
});

test('E18: a page of one status takes three reads at most, of whole pages, and is none the worse for being empty', async () => {
  const { index, listings, records } = await indexed([
    ...Array.from({ length: 450 }, () => 'running' as const),
    'queued',
  ]);
  const page = await listRequests(index, { limit: 1, status: 'queued' }, START);
  expect(page.records).toEqual([]);
  expect(page.next).toBeDefined();
  expect(listings.map(({ limit }) => limit)).toEqual([100, 100, 100]);
  expect(await pagesOf(index, 1, 'queued')).toEqual([[], records.slice(-1)]);
  expect(listings).toHaveLength(8);
});
