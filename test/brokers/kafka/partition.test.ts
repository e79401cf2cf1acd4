import { expect, test } from 'vitest';
import { Partition } from '../../../lib/brokers/kafka/partition.ts';

/** A partition with records of the offsets from 10 on. */
function fetchedUpTo(next: bigint) {
  const partition = new Partition({ topic: 't', topicId: 'i', index: 0 }, 10n);
  const records = Array.from({ length: Number(next) - 10 }, (_, nth) => ({ offset: 10n + BigInt(nth) }));
  for (const record of records) partition.add(record);
  partition.next = next;
  return { partition, settle: (nth: number) => partition.settle(records[nth] ?? { offset: -1n }) };
}

test('the low water is the first record that is not settled', () => {
  const { partition, settle } = fetchedUpTo(13n);
  expect(partition.lowWater).toBe(10n);
  settle(1);
  expect(partition.lowWater).toBe(10n);
  settle(0);
  expect(partition.lowWater).toBe(12n);
  settle(2);
  expect(partition.lowWater).toBe(13n);
});

test('offsets without a record do not hold it up', () => {
  const { partition, settle } = fetchedUpTo(11n);
  settle(0);
  partition.next = 20n;
  expect(partition.lowWater).toBe(20n);
});

test('a lost partition settles nothing', () => {
  const { partition, settle } = fetchedUpTo(11n);
  partition.lose('was reassigned');
  expect(() => settle(0)).toThrow('partition 0 of t was reassigned');
  expect(partition.lowWater).toBe(10n);
});

test('a restart further on keeps what is not settled', () => {
  const { partition } = fetchedUpTo(11n);
  partition.restart(50n);
  expect(partition).toMatchObject({ next: 50n, committed: 10n, lowWater: 10n });
});

test('a restart before what was fetched forgets what the server has lost, and only that', () => {
  const { partition, settle } = fetchedUpTo(13n);
  settle(0);
  partition.committed = 11n;
  partition.restart(12n);
  expect(partition).toMatchObject({ next: 12n, committed: 11n, lowWater: 11n });
  partition.add({ offset: 12n });
  partition.next = 13n;
  settle(1);
  // The record that had this offset before.
  settle(2);
  expect(partition.lowWater).toBe(12n);
});

test('a restart before what is committed commits again', () => {
  const { partition, settle } = fetchedUpTo(12n);
  for (const nth of [0, 1]) settle(nth);
  partition.committed = 12n;
  partition.restart(10n);
  expect(partition).toMatchObject({ next: 10n, committed: 10n, lowWater: 10n });
});
