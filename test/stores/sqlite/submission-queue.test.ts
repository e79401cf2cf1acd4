import { expect, test } from 'vitest';
import type { StoredRecord } from '../../../lib/core/ports/record-store.ts';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { SqliteRecordStore } from '../../../lib/stores/sqlite/record-store.ts';
import { SqliteSubmissionQueue } from '../../../lib/stores/sqlite/submission-queue.ts';
import { REQUEST } from '../../support/records.ts';
import { openSqlite, receiveNow } from '../../support/sqlite.ts';
import { START, TestClock } from '../../support/test-clock.ts';

const RECORD: StoredRecord = {
  record: { request: REQUEST, status: 'queued', attempts: 0, createdAt: START, updatedAt: START },
  revision: 1,
  keptUntil: START,
};

async function openQueue() {
  const { file } = await openSqlite({ synchronous: 'normal' });
  const clock = new TestClock();
  return {
    queue: new SqliteSubmissionQueue(file, 'in', clock),
    records: new SqliteRecordStore(file),
    sent: async () => {
      const input = new SqliteInputQueue(file, { queue: 'in', clock });
      return (await receiveNow(input, 10)).map(({ body }) => body);
    },
  };
}

test('a message is sent with its record', async () => {
  const { queue, records, sent } = await openQueue();
  expect(await queue.sendRecorded('hello', 'acme', RECORD)).toEqual({ written: true });
  expect(await records.read(REQUEST)).toEqual(RECORD);
  expect(await sent()).toEqual(['hello']);
});

test('a message is sent again to the record that its request has', async () => {
  const { queue, sent } = await openQueue();
  await queue.sendRecorded('hello', undefined, RECORD);
  const again = await queue.sendRecorded('again', undefined, { ...RECORD, keptUntil: START + 1_000 });
  expect(again).toEqual({ written: false, stored: RECORD });
  expect(await sent()).toEqual(['hello', 'again']);
});

test('no message is sent if its record fails', async () => {
  const { queue, records, sent } = await openQueue();
  const unwritable = { ...RECORD, keptUntil: Number.NaN };
  await expect(queue.sendRecorded('hello', undefined, unwritable)).rejects.toThrow('kept_until');
  expect(await records.read(REQUEST)).toBeUndefined();
  expect(await sent()).toEqual([]);
});

test('no record is written if its message is refused', async () => {
  const { queue, records } = await openQueue();
  await expect(queue.sendRecorded('', undefined, RECORD)).rejects.toThrow('empty');
  expect(await records.read(REQUEST)).toBeUndefined();
});
