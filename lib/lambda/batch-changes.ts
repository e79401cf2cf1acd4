import type { DynamoDBStreamEvent, StreamRecord } from 'aws-lambda';
import { readPlace } from '../aws/batch-place.ts';
import type { RequestChange } from '../aws/dynamodb-batch-counter.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { RECORD_BATCH, RECORD_BATCH_PLACE, RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import { COUNTED_STATUSES, countedStatusOf } from '../core/model/batch.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/**
 * Reads how requests of batches changed. A change that can't be read is left out, so that it doesn't hold up the changes
 * behind it: the batch is recounted later.
 */
export function batchChangesOf({ Records }: DynamoDBStreamEvent, logger: Logger): RequestChange[] {
  return Records.flatMap(({ dynamodb }) => {
    const image = dynamodb?.NewImage;
    if (!image?.[RECORD_BATCH]) return [];
    try {
      return [changeOf(image)];
    } catch (error) {
      const record = image[RECORD_KEY]?.S;
      logger.error('A record of a batch can’t be read', { record, error: serializeError(error) });
      return [];
    }
  });
}

/** @throws TypeError for a record that no version of Coatcheck wrote */
function changeOf(image: NonNullable<StreamRecord['NewImage']>): RequestChange {
  const { record, revision, [RECORD_TTL]: ttl } = image;
  const { status, updatedAt }: Pick<RequestRecord, 'status' | 'updatedAt'> = JSON.parse(record?.S ?? '');
  const place = readPlace(image[RECORD_BATCH_PLACE]?.S ?? '');
  const counted = countedStatusOf(status);
  const numbers = { revision: Number(revision?.N), at: updatedAt, keptUntil: Number(ttl?.N) * 1000 };
  if (!place || !COUNTED_STATUSES.includes(counted) || !Object.values(numbers).every(Number.isSafeInteger)) {
    throw new TypeError(`Expected the record of a request in a batch, got the status ${status}`);
  }
  return { batch: image[RECORD_BATCH]?.S ?? '', ...place, status: counted, ...numbers };
}
