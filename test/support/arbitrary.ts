import fc from 'fast-check';
import { s3Record } from './s3-records.ts';

/** Request ids as senders choose them. */
export const requestIds = fc
  .string({ minLength: 1, maxLength: 60, unit: 'binary' })
  .filter((id) => !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(id));

/** Keys that S3 accepts. */
export const keys = fc
  .string({ minLength: 1, maxLength: 200, unit: 'binary' })
  .filter((key) => key.isWellFormed() && Buffer.byteLength(key) <= 1_024);

/** Values that are almost valid somewhere, or not at all. */
const strays = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  fc.constant(undefined),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'null', '\ud800', '%', '%FF', 's3://', 's3://payloads/\udc00', '__proto__', '1.0'),
);

const ticketKeys = fc
  .tuple(fc.oneof(fc.constant('-'), fc.base64String()), fc.uuid({ version: [4, 7] }))
  .map(([owner, id]) => `requests/tickets/${owner}/${id}`);

const s3Records = fc
  .record({
    key: fc.oneof(keys.map(encodeURIComponent), ticketKeys, strays),
    versionId: fc.oneof(fc.string(), strays),
    size: fc.oneof(fc.nat(), strays),
    sequencer: strays,
    eTag: strays,
  })
  .map((object) => s3Record(object));

const cloudEvents = fc.record(
  {
    specversion: fc.oneof({ weight: 9, arbitrary: fc.constant('1.0') }, strays),
    id: fc.oneof(requestIds, strays),
    source: fc.oneof(fc.constant('coatcheck'), fc.webUrl(), strays),
    type: fc.oneof(fc.constantFrom('com.example.order', 'coatcheck.request.submitted'), strays),
    datacontenttype: fc.oneof(fc.constantFrom('application/json', 'text/csv'), strays),
    expirytime: fc.oneof(fc.date({ noInvalidDate: true }).map(String), strays),
    traceparent: strays,
    data: strays,
    data_base64: fc.oneof(fc.base64String(), strays),
    dataref: fc.oneof(
      keys.map((key) => `s3://payloads/${encodeURIComponent(key)}`),
      strays,
    ),
    time: strays,
    metadata: fc.oneof(fc.json(), strays),
    payloadsize: fc.oneof(fc.nat().map(String), strays),
  },
  { requiredKeys: [] },
);

const pointers = fc.tuple(
  fc.constantFrom(
    'software.amazon.payloadoffloading.PayloadS3Pointer',
    'com.amazon.sqs.javamessaging.MessageS3Pointer',
  ),
  fc.record({ s3BucketName: fc.oneof(fc.constant('payloads'), strays), s3Key: fc.oneof(keys, strays) }),
);

const eventBridgeEvents = fc
  .record({
    bucket: fc.oneof(fc.constant({ name: 'payloads' }), strays),
    object: fc.oneof(
      fc.record({
        key: fc.oneof(keys, ticketKeys, strays),
        size: fc.oneof(fc.nat(), strays),
        'version-id': strays,
      }),
      strays,
    ),
    type: fc.oneof(fc.constant('Object Created'), fc.string()),
  })
  .map(({ bucket, object, type }) => ({
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': type,
    source: 'aws.s3',
    account: '111122223333',
    time: '2026-01-31T12:00:00Z',
    region: 'us-east-1',
    detail: { bucket, object },
  }));

const notifications = fc
  .record({
    Type: fc.constantFrom('Notification', 'SubscriptionConfirmation'),
    Message: fc.oneof(
      fc.string({ unit: 'binary' }),
      cloudEvents.map((event) => JSON.stringify(event)),
      pointers.map((pointer) => JSON.stringify(pointer)),
    ),
    MessageAttributes: fc.oneof(
      fc.dictionary(fc.string(), fc.record({ Type: fc.constantFrom('String', 'Binary'), Value: strays })),
      strays,
    ),
    Subject: strays,
    MessageId: fc.oneof({ weight: 9, arbitrary: fc.uuid() }, strays),
  })
  .map((given) => ({
    ...given,
    TopicArn: 'arn:aws:sns:us-east-1:123456789012:orders',
    Timestamp: '2026-01-31T12:00:00.000Z',
  }));

/** Envelopes of every kind, valid and invalid. */
const envelopes = fc
  .oneof(
    fc
      .array(fc.oneof({ weight: 4, arbitrary: s3Records }, strays), { maxLength: 4 })
      .map((Records) => ({ Records })),
    cloudEvents,
    pointers,
    eventBridgeEvents,
    notifications,
    fc.constant({ Service: 'Amazon S3', Event: 's3:TestEvent' }),
  )
  .map((envelope) => JSON.stringify(envelope));

/** A text with a piece cut out, doubled or replaced. */
const mutated = fc
  .tuple(envelopes, fc.nat(), fc.nat({ max: 20 }), fc.string({ unit: 'binary', maxLength: 10 }))
  .map(([text, at, length, piece]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + piece + text.slice(start + length);
  });

/** Message bodies: envelopes, damaged envelopes, JSON, texts, and bytes decoded as text. */
export const bodies = fc.oneof(
  { weight: 3, arbitrary: envelopes },
  { weight: 3, arbitrary: mutated },
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.nat({ max: 5_000 }).map((depth) => '['.repeat(depth)),
  fc.nat({ max: 5_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
);

/** Message attributes, with and without meaning. */
export const attributes = fc.dictionary(
  fc.oneof(
    fc.constantFrom('RequestId', 'ContentType', 'CallbackUrl', 'Tenant', 'ExpiresAt', 'traceparent'),
    fc.constantFrom('ExtendedPayloadSize', '__proto__', 'constructor', 'Customer'),
  ),
  fc.string({ minLength: 1, unit: 'binary' }),
);
