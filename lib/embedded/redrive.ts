import { forwardedMessage } from '../core/wire/forwarded-message.ts';
import { type SqliteDeadLetter, SqliteDeadLetters } from '../stores/sqlite/dead-letters.ts';
import { MessageTable } from '../stores/sqlite/message-table.ts';
import { QUEUES, type Storage } from './storage.ts';

/** The dead letters of a service. */
export function deadLettersIn({ file }: Storage): SqliteDeadLetters {
  return new SqliteDeadLetters(file, QUEUES.deadLetters);
}

/** Sends the message of a dead letter to the queue of its request, within a transaction that deletes the dead letter. */
export function puttingBack(
  storage: Storage,
  { message }: SqliteDeadLetter,
): { readonly queue: string; readonly send: () => void } {
  const queue = storage.laneOf(message);
  const messages = new MessageTable(storage.file, queue);
  return { queue, send: messages.sending([forwardedMessage(message)], storage.clock.now()) };
}

/** Puts all messages of the dead-letter queue back into the queues of requests. @returns how many */
export async function redriveDeadLetters(storage: Storage): Promise<number> {
  const { file, clock } = storage;
  const letters = deadLettersIn(storage);
  const now = clock.now();
  const putBack = (letter: SqliteDeadLetter) => {
    const { queue, send } = puttingBack(storage, letter);
    const move = () => {
      const isThere = letters.take(letter.number, now);
      if (isThere) send();
      return isThere;
    };
    return file.write(move, 'on disk', queue);
  };
  let count = 0;
  for await (const page of letters.pages(now)) {
    const moved = await Promise.all(page.map(putBack));
    count += moved.filter(Boolean).length;
  }
  return count;
}
