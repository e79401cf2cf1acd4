import type { MSKEvent, MSKRecord, SelfManagedKafkaEvent } from 'aws-lambda';
import { decodeRecord, keyTextOf } from '../brokers/kafka/message.ts';
import type { QueueMessage } from '../core/model/received-message.ts';

/** An event of an event source mapping for Kafka. */
export type KafkaEvent = MSKEvent | SelfManagedKafkaEvent;

/** Whether an event comes from Kafka. */
export function isKafkaEvent(event: object): event is KafkaEvent {
  return (
    'eventSource' in event && (event.eventSource === 'aws:kafka' || event.eventSource === 'SelfManagedKafka')
  );
}

/**
 * Reads the messages of an event, as a worker reads them from the topic. The key of a record is its group if no header names
 * one: Kafka keeps the order of a key.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
export function kafkaMessagesOf({ records }: KafkaEvent): QueueMessage[] {
  return Object.values(records)
    .flat()
    .map((record) => messageOf(record));
}

function messageOf({
  topic,
  partition,
  offset,
  timestamp,
  key,
  value,
  headers,
}: NullableRecord): QueueMessage {
  const record = {
    topic,
    partition,
    offset: BigInt(offset),
    timestamp,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers
      .flatMap((header) => Object.entries(header))
      .map(([name, bytes]): [name: Buffer, value: Buffer | null] => [
        Buffer.from(name),
        // Java's bytes have a sign.
        bytes && Buffer.from(bytes),
      ]),
  };
  const message = decodeRecord(record, { isRetry: false });
  const group = message.group ?? keyTextOf(record);
  return group === undefined ? message : { ...message, group };
}

/** A record with what may be null in Kafka, unlike in the types: keys, the values of tombstones, and the values of headers. */
interface NullableRecord extends Omit<MSKRecord, 'key' | 'value' | 'headers'> {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly headers: readonly Readonly<Record<string, readonly number[] | null>>[];
}

function bytesOf(base64: string | null | undefined): Buffer | null {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null;
}
