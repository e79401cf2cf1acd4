import { PermanentError } from '../base/errors.ts';
import type { ClaimCheck } from '../model/claim-check.ts';
import { ORDERING_KEY_METADATA } from '../model/ordering-key.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { TOPIC_METADATA } from '../model/topic.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { decodeS3Event, isS3Event } from '../wire/s3-event.ts';

/**
 * Splits a notification of S3 into one message for each upload, with the tenant, the ordering key and the topic of the upload
 * as attributes. The last two are in the metadata of the object, which a notification doesn't contain.
 * @returns no message for a notification without uploads, such as S3's test event
 * @throws the error of the store, unless it is permanent: then the request fails with it
 */
export async function uploadMessages(
  notification: QueueMessage,
  store: Pick<PayloadStore, 'open'>,
): Promise<QueueMessage[]> {
  const event: unknown = JSON.parse(notification.body);
  if (!isS3Event(event)) return [];
  return Promise.all(
    event.Records.map(async (record, index): Promise<QueueMessage> => {
      const one = { Records: [record] };
      const id = `${notification.id}-${index}`;
      const [upload] = decodeS3Event(one, { ...notification, id });
      const payload = upload && 'payload' in upload && 'key' in upload.payload ? upload.payload : undefined;
      const metadata = payload ? await metadataOf(payload, store) : {};
      const { [ORDERING_KEY_METADATA]: key, [TOPIC_METADATA]: topic } = metadata;
      const tenant = upload?.tenant;
      const attributes = {
        ...(tenant !== undefined && { [ATTRIBUTES.tenant]: tenant }),
        ...(key !== undefined && { [ATTRIBUTES.orderingKey]: key }),
        ...(topic !== undefined && { [ATTRIBUTES.topic]: topic }),
      };
      return { ...notification, id, body: JSON.stringify(one), attributes };
    }),
  );
}

async function metadataOf(
  payload: ClaimCheck,
  store: Pick<PayloadStore, 'open'>,
): Promise<Readonly<Record<string, string>>> {
  try {
    const { metadata, discard } = await store.open(payload, new AbortController().signal);
    discard();
    return metadata;
  } catch (error) {
    if (error instanceof PermanentError) return {};
    throw error;
  }
}
