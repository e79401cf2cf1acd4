import { SQS_MAX_MESSAGE_BYTES } from '../../core/config/aws-limits.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { messageSize } from '../../core/wire/message-size.ts';
import { isMessageText } from '../../core/wire/message-text.ts';

/** Largest message of a queue in a file, the same as in SQS, so that a service can move from one to the other. */
export const MAX_MESSAGE_BYTES = SQS_MAX_MESSAGE_BYTES;

/** Why a queue doesn't take a message; undefined if it does. */
export function messageProblem(message: Pick<OutputMessage, 'body' | 'attributes'>): string | undefined {
  const size = messageSize(message);
  if (size > MAX_MESSAGE_BYTES) return `the message is ${size} bytes; the limit is ${MAX_MESSAGE_BYTES}`;
  const values = Object.values(message.attributes).map(({ value }) => value);
  const isText = [message.body, ...values].every((text) => typeof text !== 'string' || isMessageText(text));
  return isText ? undefined : "the message is empty or has a character that XML 1.0 doesn't allow";
}

/** @throws Error when a queue doesn't take a message with this body */
export function assertSendable(body: string): void {
  const problem = messageProblem({ body, attributes: {} });
  if (problem !== undefined) throw new Error(`The queue refuses a message: ${problem}`);
}
