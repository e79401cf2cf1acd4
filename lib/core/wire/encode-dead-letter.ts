import { SQS_MAX_MESSAGE_ATTRIBUTES } from '../config/aws-limits.ts';
import type { DeadLetterReason, MessageAttribute, QueueMessage } from '../model/received-message.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import { ATTRIBUTES } from './attributes.ts';
import { toMessageText } from './message-text.ts';

/** Longest detail in an attribute, in characters: the outcome has all of it. */
const DETAIL_MAX_LENGTH = 1_024;

/**
 * A message as it goes to the dead-letter queue: as it came, with attributes that say why. The message itself always
 * fits, since it fitted the input queue. Of our attributes it gets those it has room for, the most important first.
 */
export function encodeDeadLetter(
  delivery: QueueMessage,
  reason: DeadLetterReason,
  queue: Pick<OutputQueue, 'sizeOf' | 'maxMessageBytes'>,
): OutputMessage {
  const letter = withoutReason(delivery);
  for (const [name, attribute] of reasonAttributes(delivery, reason)) {
    const attributes = { ...letter.attributes, [name]: attribute };
    if (Object.keys(attributes).length > SQS_MAX_MESSAGE_ATTRIBUTES) break;
    if (queue.sizeOf({ ...letter, attributes }) > queue.maxMessageBytes) break;
    letter.attributes = attributes;
  }
  return letter;
}

/** A message that was put back once carries why it was dead-lettered before. */
function withoutReason({ body, attributes, typedAttributes, group }: QueueMessage) {
  const texts = Object.entries(attributes).map(([name, value]) => [name, { type: 'String', value }] as const);
  const all: Record<string, MessageAttribute> = { ...Object.fromEntries(texts), ...typedAttributes };
  const kept = Object.entries(all).filter(([name]) => !REASON_NAMES.includes(name));
  return { body, attributes: Object.fromEntries(kept), ...(group !== undefined && { group }) };
}

const REASON_NAMES: readonly string[] = [
  ATTRIBUTES.deadLetterRedrives,
  ATTRIBUTES.deadLetterCode,
  ATTRIBUTES.deadLetterAttempts,
  ATTRIBUTES.deadLetterHandedInAt,
  ATTRIBUTES.deadLetterDetail,
];

function reasonAttributes(
  { id, attributes }: QueueMessage,
  { requestId, code, detail, attempts, handedInAt, redrives }: DeadLetterReason,
): (readonly [name: string, attribute: MessageAttribute])[] {
  // The letter gets another message id: a request that has no other id keeps it as an attribute.
  const isKnownByMessage = requestId === id && !(ATTRIBUTES.requestId in attributes);
  return [
    ...(isKnownByMessage ? [[ATTRIBUTES.requestId, text(requestId)] as const] : []),
    [ATTRIBUTES.deadLetterRedrives, number(redrives)],
    [ATTRIBUTES.deadLetterCode, text(code)],
    [ATTRIBUTES.deadLetterAttempts, number(attempts)],
    // One that was put back was handed in before that.
    [
      ATTRIBUTES.deadLetterHandedInAt,
      text(attributes[ATTRIBUTES.deadLetterHandedInAt] ?? new Date(handedInAt).toISOString()),
    ],
    [ATTRIBUTES.deadLetterDetail, text(detail.slice(0, DETAIL_MAX_LENGTH))],
  ];
}

function text(value: string): MessageAttribute {
  return { type: 'String', value: toMessageText(value) };
}

function number(value: number): MessageAttribute {
  return { type: 'Number', value: String(value) };
}
