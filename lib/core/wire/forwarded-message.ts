import type { MessageAttribute, QueueMessage } from '../model/received-message.ts';
import type { OutputMessage } from '../ports/message-sink.ts';

/** The parts of a received message that are sent on. */
export type MessageContent = Pick<
  QueueMessage,
  'body' | 'bytes' | 'attributes' | 'typedAttributes' | 'cloudEvent' | 'group'
>;

/** Makes a message to send on from a received one, unchanged. */
export function forwardedMessage(message: MessageContent): OutputMessage {
  const { body, bytes, attributes, typedAttributes, cloudEvent, group } = message;
  const texts = Object.entries(attributes).map(([name, value]): [string, MessageAttribute] => [
    name,
    { type: 'String', value },
  ]);
  return {
    body,
    attributes: { ...Object.fromEntries(texts), ...typedAttributes },
    ...(bytes && { bytes }),
    ...(cloudEvent && { cloudEvent }),
    ...(group !== undefined && { group }),
  };
}
