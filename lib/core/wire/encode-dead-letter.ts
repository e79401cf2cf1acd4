import { SQS_MAX_MESSAGE_ATTRIBUTES } from '../config/aws-limits.ts';
import type { DeadLetterReason, MessageAttribute, QueueMessage } from '../model/received-message.ts';
import { digestOf } from '../model/request-id.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import { ATTRIBUTES } from './attributes.ts';
import { forwardedMessage } from './forwarded-message.ts';
import { toMessageText } from './message-text.ts';

/** Longest detail in an attribute, in bytes: Pub/Sub takes no longer value. The outcome has the full text. */
const DETAIL_MAX_BYTES = 1_024;

/**
 * Encodes a dead letter: the original message, with attributes for the reason. The original always fits, since it fitted
 * the input queue. As many of our attributes are added as there is room for, the most important first.
 */
export function encodeDeadLetter(
  delivery: QueueMessage,
  reason: DeadLetterReason,
  queue: Pick<OutputQueue, 'sizeOf' | 'maxMessageBytes'>,
): OutputMessage {
  let letter = { ...withoutReason(delivery), ...deduplication(delivery, reason) };
  for (const [name, attribute] of reasonAttributes(delivery, reason)) {
    const next = { ...letter, attributes: { ...letter.attributes, [name]: attribute } };
    if (Object.keys(next.attributes).length > SQS_MAX_MESSAGE_ATTRIBUTES) break;
    if (queue.sizeOf(next) > queue.maxMessageBytes) break;
    letter = next;
  }
  return letter;
}

/** Lets a FIFO queue drop a dead letter that is sent again because the answer was lost. */
function deduplication(
  { group }: QueueMessage,
  { requestId, redrives }: DeadLetterReason,
): Pick<OutputMessage, 'deduplicationId'> {
  return group === undefined ? {} : { deduplicationId: digestOf(requestId, String(redrives)) };
}

/** Removes the reason of an earlier dead-lettering from a redriven message. */
function withoutReason(delivery: QueueMessage): OutputMessage {
  const message = forwardedMessage(delivery);
  const kept = Object.entries(message.attributes).filter(([name]) => !REASON_NAMES.includes(name));
  return { ...message, attributes: Object.fromEntries(kept) };
}

const REASON_NAMES: readonly string[] = [
  ATTRIBUTES.deadLetterRedrives,
  ATTRIBUTES.deadLetterCode,
  ATTRIBUTES.deadLetterAttempts,
  ATTRIBUTES.deadLetterSubmittedAt,
  ATTRIBUTES.deadLetterDetail,
];

function reasonAttributes(
  { id, attributes }: QueueMessage,
  { requestId, code, detail, attempts, submittedAt, redrives, priority }: DeadLetterReason,
): (readonly [name: string, attribute: MessageAttribute])[] {
  // The dead letter gets a new message id. If the request's id is the original message id, an attribute keeps it.
  const isKnownByMessage = requestId === id && !(ATTRIBUTES.requestId in attributes);
  return [
    ...(isKnownByMessage ? [[ATTRIBUTES.requestId, text(requestId)] as const] : []),
    ...(priority === undefined ? [] : [[ATTRIBUTES.priority, text(priority)] as const]),
    [ATTRIBUTES.deadLetterRedrives, number(redrives)],
    [ATTRIBUTES.deadLetterCode, text(code)],
    [ATTRIBUTES.deadLetterAttempts, number(attempts)],
    // A redriven message keeps the time of its first submission.
    [
      ATTRIBUTES.deadLetterSubmittedAt,
      text(attributes[ATTRIBUTES.deadLetterSubmittedAt] ?? new Date(submittedAt).toISOString()),
    ],
    [ATTRIBUTES.deadLetterDetail, text(cut(toMessageText(detail)))],
  ];
}

/** Cuts a detail to the bytes that it may have, between characters. */
function cut(detail: string): string {
  const { read } = new TextEncoder().encodeInto(detail, new Uint8Array(DETAIL_MAX_BYTES));
  return detail.slice(0, read);
}

function text(value: string): MessageAttribute {
  return { type: 'String', value: toMessageText(value) };
}

function number(value: number): MessageAttribute {
  return { type: 'Number', value: String(value) };
}
