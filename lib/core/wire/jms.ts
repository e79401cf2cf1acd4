import type { QueueMessage } from '../model/received-message.ts';
import { ATTRIBUTES } from './attributes.ts';
import { readBase64 } from './fields.ts';
import { bodyOf } from './message-text.ts';

/** The attribute in which Amazon's JMS library for SQS says what a body is: `text`, `byte` or `object`. */
const TYPE_ATTRIBUTE = 'JMS_SQSMessageType';

/** A serialized Java object, which only Java can read. */
const JAVA_OBJECT_TYPE = 'application/x-java-serialized-object';

/** Whether the body is the base64 of a `BytesMessage` or an `ObjectMessage`. */
export function isJmsEncoded({ attributes, bytes }: QueueMessage): boolean {
  const type = attributes[TYPE_ATTRIBUTE];
  return bytes === undefined && (type === 'byte' || type === 'object');
}

/**
 * Decodes the body of a message of Amazon SQS Java Messaging Library.
 * @see https://github.com/awslabs/amazon-sqs-java-messaging-lib
 * @throws EnvelopeMalformed
 */
export function unwrapJms(delivery: QueueMessage): QueueMessage {
  const { [TYPE_ATTRIBUTE]: type, ...attributes } = delivery.attributes;
  const bytes = readBase64('JMS message', 'the body', delivery.body);
  if (type === 'byte') return { ...delivery, ...bodyOf(bytes), attributes };
  const described = { [ATTRIBUTES.contentType]: JAVA_OBJECT_TYPE, ...attributes };
  return { ...delivery, body: '', bytes, attributes: described };
}
