import { EnvelopeMalformed } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import type { QueueMessage } from '../model/received-message.ts';

/** What SNS wraps a message in for a subscription without raw message delivery. */
interface SnsNotification extends JsonObject {
  readonly MessageId: string;
  readonly Message: string;
}

/**
 * Whether SNS wrapped the message. All of these members are in every notification, and nothing else has them.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function isSnsNotification(value: unknown): value is SnsNotification {
  return isFromSns(value) && value.Type === 'Notification';
}

/** Whether SNS asks to confirm a subscription: nothing was published yet. */
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

/** Its token would confirm the subscription: it isn't quoted. @throws EnvelopeMalformed */
export function rejectConfirmation(): never {
  throw new EnvelopeMalformed(
    'SNS notification',
    'it asks to confirm a subscription, which only its owner can do: subscribe the queue from the account it is in',
  );
}

/**
 * The message as it was published: its attributes are message attributes, its id is that of every delivery SNS makes of
 * it, and its subject is an attribute `Subject`.
 */
export function unwrapSns(notification: SnsNotification, delivery: QueueMessage): QueueMessage {
  const { MessageId: id, Message: body, Subject, MessageAttributes } = notification;
  const attributes = textAttributes(MessageAttributes);
  if (typeof Subject !== 'string' || Subject === '') return { ...delivery, id, body, attributes };
  return { ...delivery, id, body, attributes: { Subject, ...attributes } };
}

/** Those that hold text or a number, as SQS delivers them: bytes are left out. */
function textAttributes(attributes: unknown): Record<string, string> {
  const entries = isObject(attributes) ? Object.entries(attributes) : [];
  return Object.fromEntries(
    entries.flatMap(([name, attribute]) => {
      const { Type, Value } = isObject(attribute) ? attribute : {};
      return Type !== 'Binary' && typeof Value === 'string' && Value !== '' ? [[name, Value]] : [];
    }),
  );
}
