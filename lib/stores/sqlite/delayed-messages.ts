import type { Clock } from '../../core/ports/clock.ts';
import type { DelayedMessages } from '../../core/ports/delayed-messages.ts';
import { MessageTable } from './message-table.ts';
import { assertSendable } from './sendable.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Messages that wait in the queue that they go to, however long that is. */
export class SqliteDelayedMessages implements DelayedMessages {
  readonly #messages: MessageTable;
  readonly #clock: Clock;

  constructor(file: SqliteFile, queue: string, clock: Clock) {
    this.#messages = new MessageTable(file, queue);
    this.#clock = clock;
  }

  async schedule(name: string, body: string, at: number): Promise<void> {
    assertSendable(body);
    await this.#messages.send([{ body, name, visibleAt: at }], this.#clock.now());
  }
}
