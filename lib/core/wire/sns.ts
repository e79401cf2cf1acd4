import { EnvelopeMalformed } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import type { QueueMessage } from '../model/received-message.ts';

/** The envelope of a message from SNS, unless the subscription has raw message delivery. */
interface SnsNotification extends JsonObject {
  readonly MessageId: string;
  readonly Message: string;
}

/**
 * Whether SNS wrapped the message. Every notification has all of these members, and no other message does.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function isSnsNotification(value: unknown): value is SnsNotification {
  return isFromSns(value) && value.Type === 'Notification';
}

/** Whether SNS asks to confirm a subscription. It contains no published message. */
export function isSnsConfirmation(value: unknown): boolean {
  return (
    isFromSns(value) &&
    (value.Type === 'SubscriptionConfirmation' || value.Type === 'UnsubscribeConfirmation')
  );
}

function isFromSns(value: unknown): value is JsonObject {
  return (
    isObject(value) &&
    ['Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp'].every(
      (name) => typeof value[name] === 'string',
    ) &&
    /^arn:aws[\w-]*:sns:/.test(String(value.TopicArn)) &&
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(value.MessageId))
  );
}

/** Doesn't quote the message: its token would confirm the subscription. @throws EnvelopeMalformed */
export function rejectConfirmation(): never {
  throw new EnvelopeMalformed(
    'SNS notification',
    'it asks to confirm a subscription, which the service never does: subscribe the queue from its own account',
  );
}

/**
 * Unwraps a published message. Its attributes become message attributes, and its subject the attribute `Subject`. Its id
 * is the one from SNS, which is the same for every delivery.
 */
export function unwrapSns(notification: SnsNotification, delivery: QueueMessage): QueueMessage {
  const { MessageId: id, Message: body, Subject, MessageAttributes } = notification;
  const attributes = textAttributes(MessageAttributes);
  if (typeof Subject !== 'string' || Subject === '') return { ...delivery, id, body, attributes };
  return { ...delivery, id, body, attributes: { Subject, ...attributes } };
}

/** The attributes with text or a number, as SQS would deliver them. Binary attributes are dropped. */
function textAttributes(attributes: unknown): Record<string, string> {
  const entries = isObject(attributes) ? Object.entries(attributes) : [];
  return Object.fromEntries(
    entries.flatMap(([name, attribute]) => {
      const { Type, Value } = isObject(attribute) ? attribute : {};
      return Type !== 'Binary' && typeof Value === 'string' && Value !== '' ? [[name, Value]] : [];
    }),
  );
}
