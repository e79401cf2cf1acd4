import { EnvelopeMalformed } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { isRequestId } from '../model/request-id.ts';
import { ATTRIBUTES } from './attributes.ts';
import { isBase64, readBase64, scalarTexts } from './fields.ts';
import { bodyOf, utf8Text } from './message-text.ts';

const ENVELOPE = 'kombu message';

/** The base64 of `{"body": "`: kombu encodes the whole message, and Python's JSON always begins like this. */
const ENCODED_BEGINNING = 'eyJib2R5IjogI';

/** A message of kombu, the library that Celery sends with. */
interface KombuMessage extends JsonObject {
  readonly body: string;
  readonly headers: JsonObject;
  readonly properties: JsonObject;
}

/** The JSON of a body that kombu may have encoded; undefined if it hasn't. */
export function kombuText(body: string): string | undefined {
  const isEncoded = body.startsWith(ENCODED_BEGINNING) && isBase64(body);
  return isEncoded ? utf8Text(Buffer.from(body, 'base64')) : undefined;
}

/** Whether a message is one of kombu. Each has these members, and the two properties. */
export function isKombu(value: unknown): value is KombuMessage {
  return (
    isObject(value) &&
    typeof value.body === 'string' &&
    'content-type' in value &&
    isObject(value.headers) &&
    isObject(value.properties) &&
    value.properties.body_encoding === 'base64' &&
    typeof value.properties.delivery_tag === 'string'
  );
}

/**
 * Decodes the body. The headers become message attributes, unless the message has an attribute of that name. The id is the one of
 * the Celery task, or the one that the sender gave to the message, if a request can have it.
 * @throws EnvelopeMalformed also if the body is compressed: the header names gzip where the bytes are zlib's
 */
export function unwrapKombu(message: KombuMessage, delivery: QueueMessage): QueueMessage {
  const { headers, properties, 'content-type': contentType } = message;
  const { compression = null } = headers;
  if (compression !== null) {
    throw new EnvelopeMalformed(ENVELOPE, `the body must not be compressed, got ${quote(compression)}`);
  }
  const id = typeof headers.task === 'string' ? headers.id : properties.message_id;
  return {
    ...delivery,
    ...(isRequestId(id) && { id }),
    ...bodyOf(readBase64(ENVELOPE, 'body', message.body)),
    attributes: {
      ...(typeof contentType === 'string' && { [ATTRIBUTES.contentType]: contentType }),
      ...scalarTexts(headers),
      ...delivery.attributes,
    },
  };
}
