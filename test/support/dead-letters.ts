import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import { forwardedMessage } from '../../lib/core/wire/forwarded-message.ts';
import { QUEUES } from '../../lib/embedded/storage.ts';
import type { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { type SqliteDeadLetter, SqliteDeadLetters } from '../../lib/stores/sqlite/dead-letters.ts';
import { MessageTable } from '../../lib/stores/sqlite/message-table.ts';
import type { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';

/** The request ids of the messages that the engine dead-lettered, from their attributes. */
export function deadLetterIds({ messages }: MemoryOutputQueue): string[] {
  return messages.map(({ attributes }) => String(attributes[ATTRIBUTES.requestId]?.value));
}

/** A request of a service in a file gets another dead letter, as if its message had come twice. @param which the place of its dead letter */
export async function copyDeadLetter(file: SqliteFile, which: number, now: number): Promise<void> {
  const found: SqliteDeadLetter[] = [];
  for await (const page of new SqliteDeadLetters(file, QUEUES.deadLetters).pages(now)) found.push(...page);
  const letter = found[which % found.length];
  if (letter) await new MessageTable(file, QUEUES.deadLetters).send([forwardedMessage(letter.message)], now);
}
