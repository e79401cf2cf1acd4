import type { Clock } from '../../core/ports/clock.ts';
import type { WebhookQueue } from '../../core/ports/webhooks.ts';
import { MessageTable } from './message-table.ts';
import { assertSendable } from './sendable.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** A queue of webhooks in a file. The group of a message is the receiver's host. */
export class SqliteWebhookQueue implements WebhookQueue {
  readonly #messages: MessageTable;
  readonly #clock: Clock;

  constructor(file: SqliteFile, queue: string, clock: Clock) {
    this.#messages = new MessageTable(file, queue);
    this.#clock = clock;
  }

  async send(body: string, host: string, delaySeconds: number): Promise<void> {
    assertSendable(body);
    const now = this.#clock.now();
    await this.#messages.send([{ body, group: host, visibleAt: now + delaySeconds * 1000 }], now);
  }
}
