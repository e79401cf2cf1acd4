import { afterEach, expect, test, vi } from 'vitest';
import { type FetchedRecord, Inbox } from '../../../lib/brokers/kafka/inbox.ts';
import { Partition } from '../../../lib/brokers/kafka/partition.ts';

const partition = (index: number) => new Partition({ topic: 't', topicId: 'i', index }, 0n);

function record(value: string, owned = partition(0)): FetchedRecord {
  return {
    topic: 't',
    partition: 0,
    offset: 0n,
    timestamp: 0,
    key: null,
    value: Buffer.from(value),
    headers: [[Buffer.from('name'), Buffer.from('text')]],
    owned,
  };
}

const bodies = (records: readonly FetchedRecord[]) => records.map(({ value }) => String(value));

afterEach(() => {
  vi.useRealTimers();
});

test('records are taken in their order, and counted at their partition', () => {
  const inbox = new Inbox();
  const owned = partition(0);
  for (const value of ['a', 'b', 'c']) inbox.add(record(value, owned));
  expect(owned.waiting).toBe(3);
  expect(bodies(inbox.take(2))).toEqual(['a', 'b']);
  expect(owned.waiting).toBe(1);
});

test('records that are held are taken when they are due, in the order of their times', () => {
  vi.useFakeTimers({ now: 1_000 });
  const inbox = new Inbox();
  expect(inbox.nextDue).toBe(Number.POSITIVE_INFINITY);
  for (const dueAt of [1_300, 1_100, 1_400, 1_200]) inbox.hold(record(String(dueAt)), dueAt);
  expect(inbox.nextDue).toBe(1_100);
  expect(inbox.take(10)).toEqual([]);
  vi.setSystemTime(1_300);
  expect(bodies(inbox.take(10))).toEqual(['1100', '1200', '1300']);
  expect(inbox.nextDue).toBe(1_400);
});

test('the bytes that are held are counted', () => {
  vi.useFakeTimers({ now: 0 });
  const inbox = new Inbox();
  inbox.hold(record('x'.repeat(1_000)), 100);
  const { heldBytes } = inbox;
  expect(heldBytes).toBeGreaterThan(1_000);
  inbox.hold(record('x'.repeat(1_000)), 200);
  expect(inbox.heldBytes).toBe(2 * heldBytes);
  vi.setSystemTime(100);
  inbox.take(1);
  expect(inbox.heldBytes).toBe(heldBytes);
});

test('records of lost partitions are forgotten', () => {
  const inbox = new Inbox();
  const [lost, kept] = [partition(0), partition(1)];
  for (const owned of [lost, kept]) {
    inbox.add(record('ready', owned));
    inbox.hold(record('held', owned), Date.now() + 1_000_000);
  }
  const { heldBytes } = inbox;
  lost.lose('was reassigned');
  inbox.forgetLost();
  expect(inbox.heldBytes).toBe(heldBytes / 2);
  expect(inbox.take(10).map(({ owned }) => owned)).toEqual([kept]);
});
