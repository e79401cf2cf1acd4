import type { RecordsBatch } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { type FetchedPartition, readRecords } from '../../../lib/brokers/kafka/record.ts';

const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
const APPEND_TIME = 1 << 3;

/** A batch of records whose values are their offsets. */
function batch(firstOffset: number, count: number, given: Partial<RecordsBatch> = {}): RecordsBatch {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: count - 1,
    firstTimestamp: 1_000n,
    maxTimestamp: 5_000n,
    producerId: -1n,
    producerEpoch: 0,
    firstSequence: 0,
    records: Array.from({ length: count }, (_, nth) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(nth),
      offsetDelta: nth,
      key: null,
      value: Buffer.from(String(firstOffset + nth)),
      headers: [],
    })),
    ...given,
  };
}

function end(offset: number, producerId: bigint, kind: 'abort' | 'commit'): RecordsBatch {
  const key = Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1]);
  const [record] = batch(offset, 1).records;
  const records = record ? [{ ...record, key }] : [];
  return batch(offset, 1, { producerId, attributes: TRANSACTIONAL | CONTROL, records });
}

function fetched(
  records: RecordsBatch[],
  abortedTransactions: FetchedPartition['abortedTransactions'] = null,
): FetchedPartition {
  return {
    partitionIndex: 2,
    errorCode: 0,
    highWatermark: 0n,
    lastStableOffset: 0n,
    logStartOffset: 0n,
    abortedTransactions,
    preferredReadReplica: -1,
    records,
  };
}

const offsets = (partition: FetchedPartition, from = 0n) =>
  [...readRecords('t', partition, from)].map(({ offset }) => Number(offset));

test('records before the offset that was asked for are left out', () => {
  expect(offsets(fetched([batch(0, 4), batch(4, 2)]), 2n)).toEqual([2, 3, 4, 5]);
});

test('nothing fetched is no records', () => {
  expect(offsets(fetched([]))).toEqual([]);
});

test('the time is that of the sender, or of the server where the topic says so', () => {
  const times = (attributes: number) =>
    [...readRecords('t', fetched([batch(0, 2, { attributes })]), 0n)].map(({ timestamp }) => timestamp);
  expect(times(0)).toEqual([1_000, 1_001]);
  expect(times(APPEND_TIME)).toEqual([5_000, 5_000]);
});

test('records of aborted transactions are left out: twice of one producer, beside another one, and without their end', () => {
  const of = (producerId: bigint) => ({ attributes: TRANSACTIONAL, producerId });
  const records = [
    batch(0, 1, of(1n)),
    end(1, 1n, 'abort'),
    batch(2, 1, of(1n)),
    batch(3, 1, of(2n)),
    batch(4, 1),
    end(5, 1n, 'abort'),
    batch(6, 1, of(1n)),
    end(7, 1n, 'commit'),
    end(8, 2n, 'commit'),
    batch(9, 1, of(1n)),
  ];
  const aborted = [
    { producerId: 1n, firstOffset: 9n },
    { producerId: 1n, firstOffset: 2n },
    { producerId: 1n, firstOffset: 0n },
  ];
  expect(offsets(fetched(records, aborted))).toEqual([3, 4, 6]);
});
