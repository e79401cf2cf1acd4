import type { MSKEvent, MSKRecord } from 'aws-lambda';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord } from '../../lib/brokers/kafka/message.ts';
import { isKafkaEvent, kafkaMessagesOf } from '../../lib/lambda/kafka-event.ts';

/** As in AWS's documentation: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html */
const EVENT: MSKEvent = {
  eventSource: 'aws:kafka',
  eventSourceArn:
    'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  bootstrapServers: 'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
  records: {
    'mytopic-0': [
      {
        topic: 'mytopic',
        partition: 0,
        offset: 15,
        timestamp: 1_545_084_650_987,
        timestampType: 'CREATE_TIME',
        key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
        value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
        headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
      },
    ],
  },
};

test('the example of AWS', () => {
  expect(isKafkaEvent(EVENT)).toBe(true);
  expect(kafkaMessagesOf(EVENT)).toEqual([
    {
      id: 'mytopic:0:15:1545084650987',
      body: 'Hello, this is a test.',
      attributes: { headerKey: 'headerValue' },
      // The key of the example isn't UTF-8, and its last character holds bits that base64 ignores.
      group: 'abcDEFghiJKLmnoPQRstuVWXyz123w==',
      sentAt: 1_545_084_650_987,
    },
  ]);
});

test('the key of a record is its group, unless a header names one', () => {
  const [[record]] = Object.values(EVENT.records) as [[MSKRecord]];
  const keyed = { ...record, key: Buffer.from('account-7').toString('base64') };
  const named = { ...keyed, headers: [{ 'coatcheck-group': [...Buffer.from('g-1')] }] };
  const groups = kafkaMessagesOf({ ...EVENT, records: { 'mytopic-0': [keyed, named] } }).map(
    ({ group }) => group,
  );
  expect(groups).toEqual(['account-7', 'g-1']);
});

test('a self-managed cluster has the same records', () => {
  const { records, bootstrapServers } = EVENT;
  const event = { eventSource: 'SelfManagedKafka', bootstrapServers, records } as const;
  expect(isKafkaEvent(event)).toBe(true);
  expect(kafkaMessagesOf(event)).toEqual(kafkaMessagesOf(EVENT));
});

test('an event of SQS is none of Kafka', () => {
  expect(isKafkaEvent({ Records: [] })).toBe(false);
});

const bytes = fc.uint8Array().map((array) => Buffer.from(array));
const names = fc.string({ minLength: 1, unit: 'binary' }).filter((name) => name.isWellFormed());

test('a record is the same message as a worker reads from the topic', () => {
  fc.assert(
    fc.property(
      fc.record({
        topic: fc.constant('orders'),
        partition: fc.nat(),
        offset: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
        timestamp: fc.nat(),
        key: fc.option(bytes),
        value: fc.option(bytes),
        headers: fc.array(
          fc.tuple(
            names.map((name) => Buffer.from(name)),
            fc.option(bytes),
          ),
          { maxLength: 4 },
        ),
      }),
      (record) => {
        const event: MSKEvent = JSON.parse(
          JSON.stringify({
            eventSource: 'aws:kafka',
            records: {
              'orders-0': [
                {
                  ...record,
                  offset: Number(record.offset),
                  key: record.key?.toString('base64'),
                  value: record.value?.toString('base64'),
                  headers: record.headers.map(([name, value]) => ({
                    [name.toString()]: value && [...new Int8Array(value)],
                  })),
                },
              ],
            },
          }),
        );
        const [{ group, ...message } = { group: undefined }] = kafkaMessagesOf(event);
        expect(message).toEqual(decodeRecord(record, { isRetry: false }));
        expect(group === undefined).toBe(record.key === null);
      },
    ),
  );
});
