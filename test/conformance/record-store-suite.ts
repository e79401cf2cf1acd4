import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import { RECORDED_RESULT_BYTES } from '../../lib/core/config/receive-budget.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { type HandlerWrites, WritesFailed } from '../../lib/core/ports/handler-writes.ts';
import type { RecordStore, StoredRecord } from '../../lib/core/ports/record-store.ts';
import { inlineOutcome, outcomeOf, STORED } from '../support/outcomes.ts';

/** A record store, with events from outside. */
export interface RecordStoreHarness {
  readonly store: Required<RecordStore>;
  /** The same records as another process sees them, or this process after a restart. */
  reopen(): Required<RecordStore>;
  /** Drops an expired record. */
  drop(record: RequestRecord): Promise<void>;
  readonly effects: Effects;
}

/** What handlers write, which isn't a record. */
export interface Effects {
  /** Adds an effect, as often as it is made. */
  add(name: string): HandlerWrites;
  /** Adds an effect, and then makes a write that the store refuses. */
  addAndFail(name: string): HandlerWrites;
  /** The names of the effects, each with how often it was added. */
  list(): Promise<Readonly<Record<string, number>>>;
}

const NOW = Date.UTC(2026, 0, 31, 12);
const DAY_MILLISECONDS = 86_400_000;

/** The behaviour of every record store. */
export function exerciseRecordStore(name: string, open: () => Promise<RecordStoreHarness>): void {
  let requests = 0;

  function newRecord(given: Partial<RequestRecord> = {}): RequestRecord {
    const request = { id: `r-${++requests}`, source: '' };
    return { request, status: 'queued', attempts: 0, createdAt: NOW, updatedAt: NOW, ...given };
  }

  function stored(record: RequestRecord, revision = 1): StoredRecord {
    return { record, revision, keptUntil: NOW + DAY_MILLISECONDS };
  }

  describe(name, () => {
    test('has no record of an unknown request', async () => {
      const { store } = await open();
      expect(await store.read({ id: 'never written', source: '' })).toBeUndefined();
    });

    test('returns records as written, whatever their members contain', async () => {
      const { store } = await open();
      const written = stored(
        newRecord({
          request: {
            id: 'żółć 🧥',
            source: '/orders',
            tenant: 'acme',
            expiresAt: NOW + 5,
            traceparent: '00-trace',
          },
          status: 'cancelling',
          metadata: { customer: 'żółć "🧥"', __order: '' },
          attempts: 3,
          history: [
            { n: 2, at: NOW, ms: 7, error: { code: 'ETIMEDOUT', message: '漢字 "\n' }, uncounted: true },
            { n: 3, at: NOW + 9, version: '42', redrive: 1, traceparent: '00-trace' },
          ],
          leaseEndsAt: NOW + 0.5,
          lastError: { name: 'TypeError', message: 'x is not a "function"\n', code: undefined },
          progress: { fraction: 1 / 3, note: '漢字' },
        }),
      );
      expect(await store.write(written)).toEqual({ written: true });
      expect(await store.read(written.record.request)).toEqual(written);
    });

    test.each([
      ['a small result', inlineOutcome(Buffer.from([0, 255, 10]), 'application/octet-stream')],
      ['an empty result', inlineOutcome('')],
      ['the largest result for a record', inlineOutcome(Buffer.alloc(RECORDED_RESULT_BYTES, 255))],
      ['a stored result', outcomeOf({ status: 'succeeded', result: STORED })],
      [
        'a failure',
        outcomeOf({
          status: 'failed',
          problem: {
            type: 'urn:x',
            title: 'x',
            detail: 'ü'.repeat(4_096),
            code: 'x',
            attempts: 5,
            details: { issues: ['\u0000'.repeat(5_000)], base64: 'AAAA' },
          },
        }),
      ],
    ])('returns an outcome: %s', async (_, outcome) => {
      const { store } = await open();
      const written = stored(newRecord({ status: outcome.status, outcome }));
      await store.write(written);
      expect(await store.read(written.record.request)).toEqual(written);
    });

    test('keeps only the reference of a result that is also in the store', async () => {
      const { store } = await open();
      const result = { bytes: Buffer.from('hello'), contentType: STORED.contentType, stored: STORED };
      const record = newRecord({ outcome: outcomeOf({ status: 'succeeded', result }) });
      await store.write(stored(record));
      expect((await store.read(record.request))?.record.outcome).toMatchObject({ result: STORED });
      expect((await store.read(record.request))?.record.outcome).not.toHaveProperty('result.bytes');
    });

    test('accepts each write that follows the latest', async () => {
      const { store } = await open();
      const record = newRecord();
      for (let revision = 1; revision <= 5; revision++) {
        const next = stored({ ...record, attempts: revision }, revision);
        expect(await store.write(next)).toEqual({ written: true });
        expect(await store.read(record.request)).toEqual(next);
      }
    });

    test.each([
      ['the first once more', 1],
      ['the latest once more', 2],
      ['one too far', 4],
    ])('refuses any other write and returns the stored record: %s', async (_, revision) => {
      const { store } = await open();
      const record = newRecord();
      await store.write(stored(record, 1));
      const latest = stored({ ...record, attempts: 1 }, 2);
      await store.write(latest);
      const refused = await store.write(stored({ ...record, attempts: 99 }, revision));
      expect(refused).toEqual({ written: false, stored: latest });
      expect(await store.read(record.request)).toEqual(latest);
    });

    test('refuses a write that follows a dropped record, and starts again', async () => {
      const { store, drop } = await open();
      const record = newRecord();
      await store.write(stored(record));
      await drop(record);
      expect(await store.write(stored(record, 2))).toEqual({ written: false, stored: undefined });
      expect(await store.write(stored(record, 1))).toEqual({ written: true });
    });

    test('accepts one of many concurrent first writes', async () => {
      const { store } = await open();
      const record = newRecord();
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, attempts) => store.write(stored({ ...record, attempts }))),
      );
      expect(results.filter(({ written }) => written)).toHaveLength(1);
      const winner = results.findIndex(({ written }) => written);
      expect((await store.read(record.request))?.record.attempts).toBe(winner);
    });

    test('accepts or refuses each of many concurrent writes separately', async () => {
      const { store } = await open();
      const there = Array.from({ length: 20 }, () => newRecord());
      await Promise.all(there.map((record) => store.write(stored(record))));
      const changed = there.map((record) => stored({ ...record, attempts: 1 }, 2));
      const writes = [
        ...changed.slice(0, 10),
        ...there.slice(10).map((record) => stored({ ...record, attempts: 99 })),
        ...Array.from({ length: 10 }, () => stored(newRecord())),
        ...Array.from({ length: 10 }, () => stored(newRecord(), 2)),
      ];
      const results = await Promise.all(writes.map((write) => store.write(write)));
      expect(results).toEqual([
        ...changed.slice(0, 10).map(() => ({ written: true })),
        ...there.slice(10).map((record) => ({ written: false, stored: stored(record) })),
        ...Array.from({ length: 10 }, () => ({ written: true })),
        ...Array.from({ length: 10 }, () => ({ written: false, stored: undefined })),
      ]);
      const now = await Promise.all(writes.map(({ record }) => store.read(record.request)));
      expect(now).toEqual([
        ...changed.slice(0, 10),
        ...there.slice(10).map((record) => stored(record)),
        ...writes.slice(20, 30),
        ...writes.slice(30).map(() => undefined),
      ]);
    });

    test('keeps records across a restart', async () => {
      const { store, reopen } = await open();
      const written = stored(newRecord());
      await store.write(written);
      expect(await reopen().read(written.record.request)).toEqual(written);
    });

    test('accepts one of two concurrent writes by two processes', async () => {
      const { store, reopen } = await open();
      const record = newRecord();
      await store.write(stored(record));
      const writes = [store, reopen()].map((each, attempts) =>
        each.write(stored({ ...record, attempts }, 2)),
      );
      const results = await Promise.all(writes);
      expect(results.filter(({ written }) => written)).toHaveLength(1);
      const winner = results.findIndex(({ written }) => written);
      expect((await reopen().read(record.request))?.record.attempts).toBe(winner);
    });

    test('drops an outcome that a later write omits', async () => {
      const { store } = await open();
      const record = newRecord();
      await store.write(
        stored({ ...record, outcome: inlineOutcome('42', 'application/json', { request: record.request }) }),
      );
      const redriven = stored({ ...record, attempts: 2 }, 2);
      await store.write(redriven);
      expect(await store.read(record.request)).toEqual(redriven);
    });

    test('still returns an expired record, and leaves the decision to the reader (fault 35)', async () => {
      const { store } = await open();
      const old = { ...stored(newRecord()), keptUntil: Date.now() - DAY_MILLISECONDS };
      await store.write(old);
      const keptUntil = Math.ceil(old.keptUntil / 1000) * 1000;
      expect(await store.read(old.record.request)).toEqual({ ...old, keptUntil });
      const { record } = stored(old.record);
      expect(await store.write(stored(record, 1))).toMatchObject({ written: false, stored: { revision: 1 } });
      expect(await store.write(stored(record, 2))).toEqual({ written: true });
    });

    describe('with writes of a handler', () => {
      test('writes all of it', async () => {
        const { store, reopen, effects } = await open();
        const record = newRecord();
        await store.write(stored(record));
        const next = stored({ ...record, status: 'succeeded', outcome: inlineOutcome('42') }, 2);
        expect(await store.writeWith(next, effects.add('a'))).toEqual({ written: true });
        expect(await reopen().read(record.request)).toEqual(next);
        expect(await effects.list()).toEqual({ a: 1 });
        expect(await store.write(stored(record, 3))).toEqual({ written: true });
      });

      test('writes a first record, too', async () => {
        const { store, effects } = await open();
        const first = stored(newRecord());
        expect(await store.writeWith(first, effects.add('a'))).toEqual({ written: true });
        expect(await store.writeWith(first, effects.add('b'))).toEqual({ written: false, stored: first });
        expect(await effects.list()).toEqual({ a: 1 });
      });

      test.each([
        ['the latest once more', 2],
        ['one too far', 4],
      ])('writes nothing of it beside a record that does not follow the latest: %s', async (_, revision) => {
        const { store, effects } = await open();
        const record = newRecord();
        await store.write(stored(record, 1));
        const latest = stored({ ...record, attempts: 1 }, 2);
        await store.write(latest);
        const refused = await store.writeWith(stored(record, revision), effects.add('a'));
        expect(refused).toEqual({ written: false, stored: latest });
        expect(await effects.list()).toEqual({});
      });

      test('writes nothing of it if the record is gone', async () => {
        const { store, drop, effects } = await open();
        const record = newRecord();
        await store.write(stored(record));
        await drop(record);
        const refused = await store.writeWith(stored(record, 2), effects.add('a'));
        expect(refused).toEqual({ written: false, stored: undefined });
        expect(await effects.list()).toEqual({});
      });

      test('writes nothing of it if the handler’s writes fail, and all of it the next time', async () => {
        const { store, effects } = await open();
        const record = newRecord();
        await store.write(stored(record));
        const next = stored({ ...record, attempts: 1 }, 2);
        const failing = store.writeWith(next, effects.addAndFail('a'));
        await expect(failing).rejects.toBeInstanceOf(WritesFailed);
        expect(await store.read(record.request)).toEqual(stored(record));
        expect(await effects.list()).toEqual({});
        expect(await store.writeWith(next, effects.add('a'))).toEqual({ written: true });
        expect(await effects.list()).toEqual({ a: 1 });
      });

      test('makes or refuses each of many concurrent ones separately', async () => {
        const { store, effects } = await open();
        const records = Array.from({ length: 12 }, () => newRecord());
        await Promise.all(records.map((record) => store.write(stored(record))));
        const results = await Promise.allSettled(
          records.map((record, index) => {
            const name = `${index}`;
            const next = stored({ ...record, attempts: 1 }, index % 3 === 1 ? 3 : 2);
            return store.writeWith(next, index % 3 === 2 ? effects.addAndFail(name) : effects.add(name));
          }),
        );
        expect(results.map(({ status }) => status)).toEqual(
          records.map((_, index) => (index % 3 === 2 ? 'rejected' : 'fulfilled')),
        );
        const made = records.flatMap((_, index) => (index % 3 === 0 ? [[`${index}`, 1]] : []));
        expect(await effects.list()).toEqual(Object.fromEntries(made));
        const attempts = await Promise.all(
          records.map(async ({ request }) => (await store.read(request))?.record.attempts),
        );
        expect(attempts.map((count) => count === 1)).toEqual(
          records.map((_, index) => made.some(([name]) => name === `${index}`)),
        );
      });

      test('makes the writes of one of two processes that write at the same time', async () => {
        const { store, reopen, effects } = await open();
        const record = newRecord();
        await store.write(stored(record));
        const results = await Promise.all(
          [store, reopen()].map((each, attempts) =>
            each.writeWith(stored({ ...record, attempts }, 2), effects.add(`${attempts}`)),
          ),
        );
        const winner = results.findIndex(({ written }) => written);
        expect(results.filter(({ written }) => written)).toHaveLength(1);
        expect((await store.read(record.request))?.record.attempts).toBe(winner);
        expect(await effects.list()).toEqual({ [winner]: 1 });
      });

      test('rejects writes of a kind that it does not make', async () => {
        const { store } = await open();
        const next = stored(newRecord());
        const writing = (async () => store.writeWith(next, {}))();
        await expect(writing).rejects.toBeInstanceOf(ConfigurationError);
        expect(await store.read(next.record.request)).toBeUndefined();
      });
    });

    test('separates requests by source and tenant', async () => {
      const { store } = await open();
      const { request } = newRecord();
      const others = [
        request,
        { ...request, source: '/a' },
        { ...request, tenant: '/a' },
        { ...request, tenant: '' },
      ];
      for (const [attempts, other] of others.entries()) {
        expect(await store.write(stored(newRecord({ request: other, attempts })))).toEqual({ written: true });
      }
      for (const [attempts, other] of others.entries()) {
        expect((await store.read(other))?.record.attempts).toBe(attempts);
      }
    });
  });
}
