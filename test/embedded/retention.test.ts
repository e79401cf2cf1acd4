import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cancellation, outcomeOf } from '../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { addReferrers, sweep } from '../../lib/embedded/retention.ts';
import { DirectoryPayloadStore } from '../../lib/stores/directory/payload-store.ts';
import { MessageTable } from '../../lib/stores/sqlite/message-table.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { openSqlite } from '../support/sqlite.ts';
import { chunked } from '../support/streams.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DAY = 86_400_000;
const AGE_DAYS = 15;
const NOW = Date.parse('2026-11-20T08:00:00Z');
const { signal } = new AbortController();

/** How a request stands that has a payload in the directory. */
const STATES = ['none', 'running', 'attempts used up', 'ended'] as const;

/** A directory, and the two files of two workers that share it. */
async function shared() {
  const payloads = await DirectoryPayloadStore.open(await temporaryFolder());
  const [{ file: one }, { file: other }] = [await openSqlite(), await openSqlite()];
  await addReferrers(payloads, { files: [one] }, 1);
  await addReferrers(payloads, { files: [other] }, AGE_DAYS);
  /** Stores an object so many days before NOW. */
  const put = async (key: string, days: number) => {
    const known = new Set(await pathsOf(payloads));
    const { check } = await payloads.put(key, chunked('content'), {}, signal);
    const [path = ''] = (await pathsOf(payloads)).filter((each) => !known.has(each));
    await utimes(path, 0, (NOW - days * DAY) / 1000);
    return check;
  };
  const has = async (key: string) => {
    const opened = await payloads.recall(key, signal);
    opened?.discard();
    return opened !== undefined;
  };
  /** What one of the workers does. */
  const sweepAt = (now: number) =>
    sweep({ file: one, payloads, queueSeconds: {}, clock: { now: () => now } }, signal);
  return { payloads, one, other, put, has, sweepAt };
}

async function pathsOf({ directory }: DirectoryPayloadStore): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

function recordOf(
  id: string,
  state: (typeof STATES)[number],
  payload: RequestRecord['payload'],
): RequestRecord {
  const request = { id, source: '' };
  const running = {
    request,
    status: 'running',
    attempts: 1,
    payload,
    createdAt: NOW,
    updatedAt: NOW,
  } as const;
  if (state === 'running') return running;
  const outcome = outcomeOf(request, cancellation(1), NOW);
  const ended = { ...running, status: outcome.status, outcome };
  return state === 'ended' ? ended : { ...ended, attemptsExhausted: true };
}

test('only old objects are deleted, and none that a request or a message may need', async () => {
  const object = fc.record({
    ageDays: fc.integer({ min: 0, max: 60 }),
    state: fc.constantFrom(...STATES),
    isOther: fc.boolean(),
  });
  const message = fc.record({ ageDays: fc.integer({ min: 0, max: 40 }), isOther: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(object, { maxLength: 8 }),
      fc.array(message, { maxLength: 2 }),
      async (objects, messages) => {
        const { one, other, put, has, sweepAt } = await shared();
        for (const [nth, { ageDays, state, isOther }] of objects.entries()) {
          const check = await put(`payloads/${nth}`, ageDays);
          if (state === 'none') continue;
          const record = recordOf(`${nth}`, state, { digest: 'd', messageId: 'm', sentAt: NOW, check });
          const stored = { record, revision: 1, keptUntil: NOW + DAY };
          await new SqliteRecordStore(isOther ? other : one).write(stored);
        }
        for (const { ageDays, isOther } of messages) {
          await new MessageTable(isOther ? other : one, 'any').send([{ body: '{}' }], NOW - ageDays * DAY);
        }
        await sweepAt(NOW);
        const limit = AGE_DAYS + Math.max(0, ...messages.map(({ ageDays }) => ageDays));
        for (const [nth, { ageDays, state }] of objects.entries()) {
          const isNeeded = state === 'running' || state === 'attempts used up';
          expect(await has(`payloads/${nth}`), `${nth}`).toBe(isNeeded || ageDays <= limit);
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('an object stays its age after the record is gone that needed it', async () => {
  const { one, put, has, sweepAt } = await shared();
  const check = await put('payload', 40);
  const record = recordOf('a', 'attempts used up', { digest: 'd', messageId: 'm', sentAt: NOW, check });
  await new SqliteRecordStore(one).write({ record, revision: 1, keptUntil: NOW });
  await sweepAt(NOW);
  expect(one.statement('SELECT count(*) AS rows FROM records').get()).toEqual({ rows: 0 });
  await sweepAt(NOW + (AGE_DAYS - 1) * DAY);
  expect(await has('payload')).toBe(true);
  await sweepAt(NOW + (AGE_DAYS + 1) * DAY);
  expect(await has('payload')).toBe(false);
});

test('where records are in a table, nothing is deleted', async () => {
  const { payloads, put, has, sweepAt } = await shared();
  await addReferrers(payloads, { files: [], tables: ['dynamodb://requests'] }, 1);
  await put('payload', 400);
  await sweepAt(NOW);
  expect(await has('payload')).toBe(true);
});

test('processes that share a directory look through it once an hour', async () => {
  const { put, has, sweepAt } = await shared();
  await sweepAt(NOW);
  await put('payload', 40);
  await sweepAt(NOW + 3_599_000);
  expect(await has('payload')).toBe(true);
  await sweepAt(NOW + 3_600_000);
  expect(await has('payload')).toBe(false);
});

test('records that may need an object are found by their index', async () => {
  const { file } = await openSqlite();
  const { RECORD_IN_USE } = await import('../../lib/stores/sqlite/schema.ts');
  const sql = `EXPLAIN QUERY PLAN SELECT id FROM records WHERE (${RECORD_IN_USE}) AND id > 0 ORDER BY id LIMIT 5`;
  expect(JSON.stringify(file.statement(sql).all())).toContain('records_in_use');
});
