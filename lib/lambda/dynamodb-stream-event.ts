import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { type ItemKey, outboxItem, type StoredItem } from '../aws/dynamodb-outbox-items.ts';
import type { OutboxItem } from '../core/ports/outbox-items.ts';

/** Whether an event comes from a stream of DynamoDB. */
export function isStreamEvent(event: unknown): event is DynamoDBStreamEvent {
  if (typeof event !== 'object' || event === null || !('Records' in event)) return false;
  const { Records: records } = event;
  return Array.isArray(records) && records.every((record) => record?.eventSource === 'aws:dynamodb');
}

/** The row that a record of a stream inserted. A record of another kind submits no request. */
export function insertedRow({ dynamodb }: DynamoDBRecord): OutboxItem<ItemKey> {
  return outboxItem(imageOf(dynamodb?.NewImage), imageOf(dynamodb?.Keys));
}

/**
 * Reports the first record that isn't done: Lambda delivers it and all records after it again. Of several sequence numbers,
 * Lambda would use the lowest one.
 * @param done whether each record is done, in the order of the event, which is that of their sequence numbers
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function streamResponse(
  { Records }: DynamoDBStreamEvent,
  done: readonly boolean[],
): DynamoDBBatchResponse {
  const first = Records[done.indexOf(false)];
  if (!first) return { batchItemFailures: [] };
  return { batchItemFailures: [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? '' }] };
}

/** The types of Lambda's events describe the attributes as the SDK does, apart from binary ones, which Lambda has in base64. */
function imageOf(image: NonNullable<DynamoDBRecord['dynamodb']>['Keys']): StoredItem {
  return (image ?? {}) as StoredItem;
}
