import type { Clock } from '../../core/ports/clock.ts';
import type { OutputMessage, OutputQueue, SendResult } from '../../core/ports/message-sink.ts';
import { messageSize } from '../../core/wire/message-size.ts';
import type { Confirmation } from './group-commit.ts';
import { MessageTable } from './message-table.ts';
import { recordKey } from './record-store.ts';
import { MAX_MESSAGE_BYTES, messageProblem } from './sendable.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** In the transaction that sends it. */
const NOTE_PUBLISHED = 'UPDATE records SET published_end = :endedAt WHERE key = :key';

/** A queue in a file, whose messages wait for a consumer: an input queue of the same name. */
export class SqliteOutputQueue implements OutputQueue {
  /** A limit of its own, so that one call doesn't hold up the event loop. */
  readonly maxMessages = 100;
  readonly maxBytes = MAX_MESSAGE_BYTES;
  readonly maxMessageBytes = MAX_MESSAGE_BYTES;
  /** Calls of one turn of the event loop share a transaction anyway. */
  readonly lingerMilliseconds = 0;
  readonly #file: SqliteFile;
  readonly #queue: string;
  readonly #messages: MessageTable;
  readonly #clock: Clock;
  readonly #confirmation: Confirmation | undefined;

  /**
   * @param confirmation when a message counts as sent. `committed` does where it replaces a message of the same file, whose
   *   deletion is committed later: a loss of power keeps one of the two. @default 'on disk'
   */
  constructor(file: SqliteFile, queue: string, clock: Clock, confirmation?: Confirmation) {
    this.#file = file;
    this.#queue = queue;
    this.#messages = new MessageTable(file, queue);
    this.#clock = clock;
    this.#confirmation = confirmation;
  }

  sizeOf(message: OutputMessage): number {
    return messageSize(message);
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    if (messages.length > this.maxMessages) {
      throw new Error(`A call has at most ${this.maxMessages} messages, got ${messages.length}`);
    }
    const results = messages.map(resultOf);
    const sendable = messages.filter((_, index) => results[index]?.sent);
    if (sendable.length > 0) await this.#send(sendable);
    return results;
  }

  async #send(messages: readonly OutputMessage[]): Promise<void> {
    const send = this.#messages.sending(messages, this.#clock.now());
    const published = messages.map(
      ({ outcome }) => outcome && { key: recordKey(outcome.request), endedAt: outcome.endedAt },
    );
    const change = () => {
      const sent = send();
      for (const [index, row] of published.entries()) {
        if (row && sent[index]) this.#file.statement(NOTE_PUBLISHED).run(row);
      }
    };
    await this.#file.write(change, this.#confirmation, this.#queue);
  }
}

function resultOf(message: OutputMessage): SendResult {
  const reason = messageProblem(message);
  return reason === undefined ? { sent: true } : { sent: false, refused: true, reason };
}
