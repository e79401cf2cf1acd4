import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listRequests } from '../../lib/api/list-requests.ts';
import { outcomeOf } from '../../lib/core/model/outcome.ts';
import { created } from '../../lib/core/model/record-transition.ts';
import type { RecordStatus, RequestRecord } from '../../lib/core/model/request-record.ts';
import type { RecordListing } from '../../lib/core/ports/record-store.ts';
import type { WebhookRules } from '../../lib/core/webhooks/recipient.ts';
import { MemoryRecordIndex } from '../../lib/stores/memory/record-index.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { START } from '../support/test-clock.ts';

/** Each outcome is sent to one URL. */
const RULES: WebhookRules = {
  webhookDefaultUrl: 'https://example.com/hook',
  webhookEvents: ['failed'],
  callbacks: 'off',
  callbackPorts: [443],
};

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
    const page = await listRequests(index, { limit, status, cursor }, RULES, START);
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
  await listRequests(index, { limit: 20 }, RULES, START);
  expect(listings).toMatchObject([{ limit: 20 }]);
});

test('E18: a page of one status takes three reads at most, of whole pages, and is none the worse for being empty', async () => {
  const { index, listings, records } = await indexed([
    ...Array.from({ length: 450 }, () => 'running' as const),
    'queued',
  ]);
  const page = await listRequests(index, { limit: 1, status: 'queued' }, RULES, START);
  expect(page.records).toEqual([]);
  expect(page.next).toBeDefined();
  expect(listings.map(({ limit }) => limit)).toEqual([100, 100, 100]);
  expect(await pagesOf(index, 1, 'queued')).toEqual([[], records.slice(-1)]);
  expect(listings).toHaveLength(8);
});

describe('the list is cut by times', () => {
  const MINUTE = 60_000;

  /** Records that were created a minute after each other, the newest first. */
  async function perMinute(count: number) {
    const store = new MemoryRecordStore();
    const listings: RecordListing[] = [];
    for (let nth = 0; nth < count; nth++) {
      const request = { id: `r-${nth}`, source: '' };
      const record = created({ type: 'submit', request, uploaded: true }, START - nth * MINUTE);
      await store.write({ record, revision: 1, keptUntil: START + MINUTE });
    }
    const index = new MemoryRecordIndex(store, () => START);
    const list = (listing: RecordListing) => {
      listings.push(listing);
      return index.list(listing);
    };
    return { index: { list }, listings };
  }

  test.each([
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ since: START - 2 * MINUTE }, [0, 1, 2]],
    [{ until: START - 2 * MINUTE }, [3, 4, 5]],
    [{ since: START - 4 * MINUTE, until: START - MINUTE }, [2, 3, 4]],
    [{ since: START - MINUTE, until: START - 2 * MINUTE }, []],
    [{ since: START + 1 }, []],
  ])('%j', async (times, expected) => {
    const { index } = await perMinute(6);
    for (const limit of [1, 2, 10]) {
      const ids: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await listRequests(index, { ...times, limit, cursor }, RULES, START);
        ids.push(...page.records.map(({ request }) => request.id));
        if (page.next === undefined) break;
        cursor = page.next;
      }
      expect(ids).toEqual(expected.map((nth) => `r-${nth}`));
    }
  });

  test('which takes no reads of what is newer, and few of what is older', async () => {
    const { index, listings } = await perMinute(400);
    const times = { since: START - 310 * MINUTE, until: START - 300 * MINUTE };
    const { records, next } = await listRequests(
      index,
      { ...times, status: 'failed', limit: 20 },
      RULES,
      START,
    );
    expect(records).toEqual([]);
    expect(next).toBeUndefined();
    expect(listings).toMatchObject([{ after: new Date(times.until).toISOString() }]);
  });
});

describe('the list is filtered', () => {
  const ended = (code: string) =>
    outcomeOf(
      { id: 'r', source: '' },
      { status: 'failed', problem: { type: '', title: '', detail: '', code, attempts: 1 } },
      START,
    );
  const RECORDS: readonly Partial<RequestRecord>[] = [
    { status: 'queued', handlerVersion: '41', metadata: { customer: 'acme', order: '17' } },
    {
      status: 'failed',
      outcome: ended('declined'),
      handlerVersion: '42',
      metadata: { customer: 'acme' },
      webhook: { status: 'dead_lettered', endedAt: START, at: START, attempts: 10, reason: 'HTTP 500' },
    },
    { status: 'succeeded', handlerVersion: '42', metadata: { customer: 'acme2' } },
    {
      status: 'failed',
      outcome: ended('attempts_exhausted'),
      attemptsExhausted: true,
      lastError: { name: 'TypeError', message: 'no' },
      // Of the outcome before a redrive: the webhook of this one is pending.
      webhook: { status: 'dead_lettered', endedAt: START - 1, at: START, attempts: 10 },
    },
  ];

  test.each([
    [{ code: 'declined' }, [1]],
    [{ code: 'TypeError' }, [3]],
    [{ code: 'attempts_exhausted' }, [3]],
    [{ handlerVersion: '42' }, [1, 2]],
    [{ handlerVersion: '42', status: 'failed' as const }, [1]],
    [{ topic: 'orders.0' }, [0]],
    [{ topic: 'orders' }, []],
    [{ metadata: { customer: 'acme' } }, [0, 1]],
    [{ metadata: { customer: 'acme', order: '17' } }, [0]],
    [{ metadata: { customer: 'acme' }, status: 'failed' as const }, [1]],
    [{ metadata: { order: '' } }, []],
    [{ webhook: 'dead_lettered' as const }, [1]],
    [{ webhook: 'pending' as const }, [3]],
    [{ webhook: 'delivered' as const }, []],
  ])('by %j', async (selection, expected) => {
    const store = new MemoryRecordStore();
    for (const [nth, members] of RECORDS.entries()) {
      const request = { id: `r-${nth}`, source: '', topic: `orders.${nth}` };
      const record = { ...created({ type: 'submit', request, uploaded: true }, START - nth), ...members };
      await store.write({ record, revision: 1, keptUntil: START + 1 });
      const { webhook } = record;
      if (webhook) store.noteWebhook(request, () => webhook);
    }
    const index = new MemoryRecordIndex(store, () => START);
    const { records } = await listRequests(index, { ...selection, limit: 10 }, RULES, START);
    expect(records.map(({ request }) => request.id)).toEqual(expected.map((nth) => `r-${nth}`));
  });
});
