import { orderingGroup } from '../core/model/ordering-group.ts';
import type { Clock } from '../core/ports/clock.ts';
import { DirectoryPayloadStore } from '../stores/directory/payload-store.ts';
import { SqliteInputQueue } from '../stores/sqlite/input-queue.ts';
import { keepOrder } from '../stores/sqlite/keep-order.ts';
import { SqliteOutputQueue } from '../stores/sqlite/output-queue.ts';
import { SqliteFile } from '../stores/sqlite/sqlite-file.ts';

/** The queues in the file. */
export const QUEUES = {
  requests: 'requests',
  outcomes: 'outcomes',
  deadLetters: 'dead-letters',
  webhooks: 'webhooks',
  webhookDeadLetters: 'webhook-dead-letters',
} as const;

/** What requests run in: the order in which they were submitted. */
export type Order = 'fifo';

/** The name of the payload store in claim checks. */
const STORE = 'payloads';

/** How claim checks refer to the payload store. */
export const CLAIM_CHECK_SOURCE = `file://${STORE}`;

/** Where a service is stored: a SQLite file, and a directory of payloads and large results beside it. */
export class Storage implements AsyncDisposable {
  readonly file: SqliteFile;
  readonly payloads: DirectoryPayloadStore;
  /** The folder for uploads in parts that aren't complete. */
  readonly uploadFolder: string;
  readonly clock: Clock;

  private constructor(file: SqliteFile, payloads: DirectoryPayloadStore, clock: Clock) {
    this.file = file;
    this.payloads = payloads;
    this.uploadFolder = `${file.path}-uploads`;
    this.clock = clock;
  }

  /**
   * Opens the file and its directory, and creates what is missing.
   * @param order makes the queue of requests keep it, from now on
   * @throws ConfigurationError when this Node has no SQLite; Error when the file can't be opened
   */
  static async open(path: string, clock: Clock, order?: Order): Promise<Storage> {
    const file = await SqliteFile.open(path);
    try {
      // Without order, the group of a request is its tenant.
      if (order === 'fifo') {
        await keepOrder(file, QUEUES.requests, (tenant) => orderingGroup(tenant, undefined));
      }
      return new Storage(file, await DirectoryPayloadStore.open(`${path}-payloads`, STORE), clock);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A queue to receive from. @param deadLetters takes what is dead-lettered */
  input(queue: string, deadLetters?: string): SqliteInputQueue {
    return new SqliteInputQueue(this.file, {
      queue,
      deadLetters: deadLetters === undefined ? undefined : this.output(deadLetters),
      clock: this.clock,
    });
  }

  /** A queue to send to what becomes of received messages, before they are acknowledged. */
  output(queue: string): SqliteOutputQueue {
    return new SqliteOutputQueue(this.file, queue, this.clock, 'committed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }
}
