import type { MessageAttribute, QueueMessage } from '../model/received-message.ts';
import type { OutputMessage } from '../ports/message-sink.ts';

/** What of a received message is sent on. */
export type MessageContent = Pick<
  QueueMessage,
  'body' | 'bytes' | 'attributes' | 'typedAttributes' | 'cloudEvent' | 'group'
>;

/** A received message as it is sent on, unchanged. */
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
