import { isMessageText } from '../../core/wire/message-text.ts';

/** @throws Error as SQS does, when a text is empty or has a character that a message can't hold */
export function assertMessageText(text: string): void {
  if (!isMessageText(text)) throw new Error(`InvalidMessageContents: ${JSON.stringify(text)}`);
}
