import { EnvelopeMalformed, PayloadEmpty } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import type { Decoded } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import {
  digestOf,
  type RequestIdentity,
  requestIdOfUpload,
  type UploadedObject,
} from '../model/request-id.ts';
import { ticketOf } from '../model/upload-key.ts';
import { readRequiredText } from './fields.ts';
import { asRejection } from './rejection.ts';

const ENVELOPE = 'S3 event';

/** Whether it is the test event that S3 sends when notifications are configured. */
export function isS3TestEvent(value: unknown): boolean {
  return isObject(value) && value.Service === 'Amazon S3' && value.Event === 's3:TestEvent';
}

/** Whether it is a notification about one or more objects. */
export function isS3Event(value: unknown): value is { readonly Records: readonly JsonObject[] } {
  return (
    isObject(value) &&
    Array.isArray(value.Records) &&
    value.Records.length > 0 &&
    value.Records.every((record) => isObject(record) && record.eventSource === 'aws:s3')
  );
}

/**
 * Whether it is an S3 event that came through EventBridge.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function isS3EventBridgeEvent(value: unknown): value is JsonObject {
  return (
    isObject(value) &&
    value.source === 'aws.s3' &&
    isObject(value.detail) &&
    ['id', 'detail-type', 'account', 'region', 'time'].every((name) => typeof value[name] === 'string')
  );
}

/** Decodes an S3 event from EventBridge. The same upload reported by S3 directly is the same request. */
export function decodeS3EventBridgeEvent(event: JsonObject, delivery: QueueMessage): readonly Decoded[] {
  return decodeUpload(digestOf(delivery.id), () => {
    const type = event['detail-type'];
    if (type !== 'Object Created') {
      throw new EnvelopeMalformed(ENVELOPE, `detail-type must be Object Created, got ${quote(type)}`);
    }
    const detail = isObject(event.detail) ? event.detail : {};
    const object = isObject(detail.object) ? detail.object : {};
    const described = { ...object, versionId: object['version-id'], eTag: object.etag };
    // Unlike S3's own events, EventBridge events have the key unencoded.
    return uploadedObject({ bucket: detail.bucket, object: described }, (key) => key);
  });
}

/** Decodes one request for each record. An invalid record is rejected alone. */
export function decodeS3Event(
  event: { readonly Records: readonly JsonObject[] },
  delivery: QueueMessage,
): readonly Decoded[] {
  return event.Records.flatMap((record, index) =>
    decodeUpload(digestOf(delivery.id, String(index)), () => {
      // Checked first: a removal names the version that it removed, and must not get the id of that upload.
      assertCreation(record);
      return uploadedObject(isObject(record.s3) ? record.s3 : {}, decodedKey);
    }),
  );
}

/** Decodes the request of an upload. The empty object that S3's console creates as a folder is no request. */
function decodeUpload(fallbackId: string, read: () => Upload): readonly Decoded[] {
  let request: RequestIdentity = { id: fallbackId, source: '' };
  try {
    const { bucket, key, version, size, versionId } = read();
    if (size === 0 && key.endsWith('/')) return [];
    const ticket = ticketOf(key);
    // The form of a ticket can be used twice. Both uploads are the same request.
    request = ticket ?? { id: requestIdOfUpload({ bucket, key, version }), source: '' };
    // A request with a ticket has a record, and fails when its payload is opened.
    if (size === 0 && !ticket) throw new PayloadEmpty(`s3://${bucket}/${key}`);
    const payload = { bucket, key, versionId, size };
    return [{ ...request, payload, metadata: {}, ...(ticket && { ticketed: true }) }];
  } catch (error) {
    return [{ ...request, rejection: asRejection(error) }];
  }
}

/** The description of an object in an event. */
interface Upload extends UploadedObject {
  readonly versionId: string | undefined;
  readonly size: number | undefined;
}

/**
 * The object of a record. In a bucket without versions, or with versioning suspended, the sequencer distinguishes
 * uploads.
 */
function uploadedObject(s3: JsonObject, keyOf: (written: string) => string): Upload {
  const bucket = readRequiredText(`${ENVELOPE} bucket`, isObject(s3.bucket) ? s3.bucket : {}, 'name');
  const object = isObject(s3.object) ? s3.object : {};
  const key = keyOf(readRequiredText(`${ENVELOPE} object`, object, 'key'));
  const versionId = versionOf(object.versionId);
  const version = versionId ?? String(object.sequencer ?? object.eTag ?? '');
  return { bucket, key, version, versionId, size: sizeOf(object.size) };
}

function versionOf(versionId: unknown): string | undefined {
  return typeof versionId === 'string' && versionId !== '' && versionId !== 'null' ? versionId : undefined;
}

function sizeOf(size: unknown): number | undefined {
  if (size === undefined) return undefined;
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw new EnvelopeMalformed(
    `${ENVELOPE} object`,
    `size must be a non-negative whole number, got ${quote(size)}`,
  );
}

/** S3 encodes keys like form fields: percent-encoded, with a plus for a space. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw new EnvelopeMalformed(`${ENVELOPE} object`, `key must be percent-encoded UTF-8, got ${quote(key)}`);
  }
}

/** Only the creation of an object is a request. @throws EnvelopeMalformed */
function assertCreation(record: JsonObject): void {
  const name = record.eventName;
  if (typeof name === 'string' && /^(?:s3:)?ObjectCreated:/.test(name)) return;
  throw new EnvelopeMalformed(ENVELOPE, `eventName must be ObjectCreated:…, got ${quote(name)}`);
}
