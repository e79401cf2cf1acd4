import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { expect, test } from 'vitest';
import { insertedRow, isStreamEvent, streamResponse } from '../../lib/lambda/dynamodb-stream-event.ts';

/**
 * An event as AWS documents it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
function eventOf(...numbers: readonly string[]): DynamoDBStreamEvent {
  return {
    Records: numbers.map((SequenceNumber) => ({
      eventID: SequenceNumber,
      eventVersion: '1.0',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-west-2',
      eventName: 'INSERT',
      eventSourceARN: 'arn:aws:dynamodb:us-east-2:123456789012:table/t/stream/2023-06-10T19:26:16.525',
      dynamodb: {
        Keys: { Id: { N: '101' } },
        NewImage: { Message: { S: 'New item!' }, Id: { N: '101' } },
        StreamViewType: 'NEW_IMAGE',
        SequenceNumber,
        SizeBytes: 26,
      },
    })),
  };
}

test('a record is the row that it inserted, whole', () => {
  const [record] = eventOf('111').Records;
  expect(record && insertedRow(record)).toEqual({
    key: marshall({ Id: 101 }),
    texts: { Message: 'New item!', Id: undefined },
    json: JSON.stringify({ Message: { S: 'New item!' }, Id: { N: '101' } }),
  });
});

test('a record without an image has no texts', () => {
  expect(insertedRow({ dynamodb: { Keys: { Id: { N: '1' } } } })).toMatchObject({ texts: {}, json: '{}' });
});

test('the answer names the first record that is not done', () => {
  const event = eventOf('111', '222', '333');
  expect(streamResponse(event, [true, true, true])).toEqual({ batchItemFailures: [] });
  expect(streamResponse(event, [true, false, false])).toEqual({
    batchItemFailures: [{ itemIdentifier: '222' }],
  });
});

test('other events are recognized', () => {
  expect(isStreamEvent(eventOf('111'))).toBe(true);
  expect(isStreamEvent({ Records: [{ eventSource: 'aws:sqs' }] })).toBe(false);
  for (const other of [null, 'x', {}, { Records: 1 }]) expect(isStreamEvent(other)).toBe(false);
});
