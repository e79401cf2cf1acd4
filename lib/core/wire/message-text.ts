/** The bytes as text, or undefined when they aren't UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Characters that a message can't hold: XML 1.0 doesn't allow them. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * Whether a message body may hold this text: it isn't empty and every character is one XML 1.0 allows.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function isMessageText(text: string): boolean {
  return text !== '' && text.search(FORBIDDEN) === -1;
}

/** The text with U+FFFD for each character that a message can't hold. */
export function toMessageText(text: string): string {
  return text.replace(FORBIDDEN, '\uFFFD');
}

/** JSON with the characters escaped that JSON allows and a message body doesn't. */
export function messageJson(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
