import type { QueueMessage } from '../model/received-message.ts';

/** Decodes UTF-8. @returns undefined if the bytes aren't UTF-8 */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes as the body of a received message: as text if they are UTF-8. */
export function bodyOf(bytes: Uint8Array<ArrayBuffer>): Pick<QueueMessage, 'body' | 'bytes'> {
  const body = utf8Text(bytes);
  return body === undefined ? { body: '', bytes } : { body };
}

/** Characters that a message can't hold: XML 1.0 doesn't allow them. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * Whether a message body can hold this text: it isn't empty, and XML 1.0 allows all its characters.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function isMessageText(text: string): boolean {
  return text !== '' && text.search(FORBIDDEN) === -1;
}

/** Replaces each character that a message can't hold by U+FFFD. */
export function toMessageText(text: string): string {
  return text.replace(FORBIDDEN, '\uFFFD');
}

/** Escapes the characters that JSON allows and a message body doesn't. */
export function messageJson(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/**
 * Escapes every `<` of JSON, since EventBridge Scheduler expands placeholders such as `<aws.scheduler.schedule-arn>` in what
 * it sends.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function withoutPlaceholders(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
