import { isObject, type JsonObject } from '../base/json-object.ts';
import { CLAIM_CHECK_SCHEMES, type ClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { ATTRIBUTES, attributesOf } from './attributes.ts';
import { readRequiredText } from './fields.ts';

const ENVELOPE = 'extended client pointer';

/** The class name that current clients and this package write. */
export const POINTER_CLASS = 'software.amazon.payloadoffloading.PayloadS3Pointer';

/** The class name that older clients write. */
const LEGACY_POINTER_CLASS = 'com.amazon.sqs.javamessaging.MessageS3Pointer';

/** Whether a message is a pointer of the Amazon SQS Extended Client Library. */
export function isExtendedClientPointer(value: unknown): value is readonly [string, JsonObject] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    (value[0] === POINTER_CLASS || value[0] === LEGACY_POINTER_CLASS) &&
    isObject(value[1])
  );
}

/**
 * Reads a pointer. Its object is the message's original body, which `decodeOffloaded` reads and decodes. The size in the
 * message's attribute is ignored: writers count it differently, and the store knows the actual size.
 * @see https://github.com/awslabs/payload-offloading-java-common-lib-for-aws
 * @throws EnvelopeMalformed
 */
export function decodeExtendedClientPointer(
  [, pointer]: readonly [string, JsonObject],
  delivery: QueueMessage,
): DecodedRequest {
  const bucket = readRequiredText(ENVELOPE, pointer, 's3BucketName');
  const key = readRequiredText(ENVELOPE, pointer, 's3Key');
  const scheme = CLAIM_CHECK_SCHEMES.find((known) => known === pointer.scheme);
  const { id, attributes } = delivery;
  const payload = { bucket, key, ...(scheme && { scheme }) };
  return { ...attributesOf(delivery), payload, offloaded: { id, attributes } };
}

/**
 * A message with a pointer to a stored body. Without spaces: some readers compare the beginning of the body. The store is named
 * where it isn't S3; only we read such a pointer.
 */
export function encodePointer({ scheme, bucket, key }: ClaimCheck, size: number): OutputMessage {
  return {
    body: JSON.stringify([POINTER_CLASS, { s3BucketName: bucket, s3Key: key, scheme }]),
    attributes: { [ATTRIBUTES.extendedPayloadSize]: { type: 'Number', value: String(size) } },
  };
}
