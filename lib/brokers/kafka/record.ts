import {
  type fetchV17,
  IS_CONTROL,
  IS_TRANSACTIONAL,
  type KafkaRecord,
  type RecordsBatch,
} from '@platformatic/kafka';

/** A record as it is stored. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** When it was sent or, if the topic says so, stored. In milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Null in a tombstone. */
  readonly value: Buffer | null;
  /** In their order. A name may occur more than once. */
  readonly headers: KafkaRecord['headers'];
}

/** What a fetch returned of one partition. */
export type FetchedPartition = fetchV17.FetchResponse['responses'][number]['partitions'][number];

/** Set in a batch whose records have the time when it was stored. */
const HAS_APPEND_TIME = 1 << 3;

/** The kind of a control record: the end of a transaction that was aborted. */
const ABORT = 0;

/** The last of a batch's offsets, whether or not there is still a record. */
export function lastOffsetOf({ firstOffset, lastOffsetDelta }: RecordsBatch): bigint {
  return firstOffset + BigInt(lastOffsetDelta);
}

/**
 * The records from an offset on, without those of aborted transactions. The client leaves some of these in: where a
 * producer aborted twice, and where the end of a transaction comes in a later fetch.
 * @see https://github.com/apache/kafka/blob/4.4.0/clients/src/main/java/org/apache/kafka/clients/consumer/internals/CompletedFetch.java
 */
export function* readRecords(topic: string, fetched: FetchedPartition, from: bigint): Iterable<StoredRecord> {
  const aborted = [...(fetched.abortedTransactions ?? [])].sort((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : 1,
  );
  const aborting = new Set<bigint>();
  for (const batch of fetched.records ?? []) {
    while (aborted[0] && aborted[0].firstOffset <= lastOffsetOf(batch)) {
      aborting.add(aborted[0].producerId);
      aborted.shift();
    }
    if (batch.attributes & IS_CONTROL) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT) aborting.delete(batch.producerId);
      continue;
    }
    if (batch.attributes & IS_TRANSACTIONAL && aborting.has(batch.producerId)) continue;
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta);
      if (offset < from) continue;
      const time =
        batch.attributes & HAS_APPEND_TIME
          ? batch.maxTimestamp
          : batch.firstTimestamp + record.timestampDelta;
      const { key, value, headers } = record;
      yield {
        topic,
        partition: fetched.partitionIndex,
        offset,
        timestamp: Number(time),
        key,
        value,
        headers,
      };
    }
  }
}
