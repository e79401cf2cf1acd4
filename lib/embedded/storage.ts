import { lanedSubmissionQueue } from '../core/intake/laned-submission-queue.ts';
import { orderingGroup } from '../core/model/ordering-group.ts';
import { DEFAULT_PRIORITY, eachPriority, PRIORITIES, type Priority } from '../core/model/priority.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import type { BacklogGauge, InputQueue } from '../core/ports/message-source.ts';
import { statedPriority } from '../core/wire/stated-priority.ts';
import { DirectoryPayloadStore } from '../stores/directory/payload-store.ts';
import { SqliteActivityLog } from '../stores/sqlite/activity-log.ts';
import { SqliteInputQueue } from '../stores/sqlite/input-queue.ts';
import { keepOrder, keepsOrder } from '../stores/sqlite/keep-order.ts';
import { SqliteLedger } from '../stores/sqlite/ledger.ts';
import { SqliteOutputQueue } from '../stores/sqlite/output-queue.ts';
import { SqliteFile } from '../stores/sqlite/sqlite-file.ts';
import { SqliteSubmissionQueue } from '../stores/sqlite/submission-queue.ts';
import { LanedQueue } from '../worker/laned-queue.ts';

/** The queues in the file. */
export const QUEUES = {
  requests: 'requests',
  highRequests: 'requests-high',
  lowRequests: 'requests-low',
  outcomes: 'outcomes',
  deadLetters: 'dead-letters',
  webhooks: 'webhooks',
  webhookDeadLetters: 'webhook-dead-letters',
} as const;

/** The queues of requests by their priority. A queue that keeps order is the only one. */
export const REQUEST_LANES: Readonly<Record<Priority, string>> = {
  high: QUEUES.highRequests,
  normal: QUEUES.requests,
  low: QUEUES.lowRequests,
};

/** The order in which requests run: that of their submission. */
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
        await keepOrder(file, QUEUES.requests, {
          joining: [QUEUES.highRequests, QUEUES.lowRequests],
          groupOf: (tenant) => orderingGroup(tenant, undefined),
        });
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

  /** The requests to run, by their priorities. */
  requests(): InputQueue {
    const lane = (queue: string) => this.input(queue, QUEUES.deadLetters);
    if (this.#keepsOrder) return lane(QUEUES.requests);
    return new LanedQueue(
      eachPriority((priority) => lane(REQUEST_LANES[priority])),
      Math.random,
    );
  }

  /** Takes requests, each in the queue of its priority. */
  submissions(): SubmissionQueue {
    return this.#keepsOrder
      ? this.laneFor(DEFAULT_PRIORITY)
      : lanedSubmissionQueue(eachPriority((priority) => this.laneFor(priority)));
  }

  /** The queues of requests that are in use. */
  get lanes(): Readonly<Partial<Record<Priority, string>>> {
    return this.#keepsOrder ? { [DEFAULT_PRIORITY]: QUEUES.requests } : REQUEST_LANES;
  }

  /** Takes the requests of a priority. */
  readonly laneFor = (priority: Priority): SqliteSubmissionQueue =>
    new SqliteSubmissionQueue(this.file, REQUEST_LANES[priority], this.clock);

  /** The requests that wait or run, whatever their priority. */
  get backlog(): BacklogGauge {
    const gauges = PRIORITIES.map((priority) => this.input(REQUEST_LANES[priority]));
    return {
      read: async () => {
        const backlogs = await Promise.all(gauges.map((gauge) => gauge.read()));
        const sumOf = (count: 'waiting' | 'inFlight') =>
          backlogs.reduce((sum, backlog) => sum + backlog[count], 0);
        const oldest = Math.min(...backlogs.map(({ oldestSentAt = Infinity }) => oldestSentAt));
        return {
          waiting: sumOf('waiting'),
          inFlight: sumOf('inFlight'),
          ...(Number.isFinite(oldest) && { oldestSentAt: oldest }),
        };
      },
    };
  }

  /** Counts the requests, whatever their priority. */
  ledger(): SqliteLedger {
    return new SqliteLedger(this.file, Object.values(REQUEST_LANES));
  }

  /** Counts the requests by time. */
  activity(): SqliteActivityLog {
    return new SqliteActivityLog(this.file);
  }

  /** The queue that a dead letter goes back to. */
  laneOf(letter: QueueMessage): string {
    return this.laneNameFor(statedPriority(letter));
  }

  /** The queue of the requests of a priority. */
  laneNameFor(priority: Priority = DEFAULT_PRIORITY): string {
    return this.#keepsOrder ? QUEUES.requests : REQUEST_LANES[priority];
  }

  /** The message group of a request that has no ordering key. */
  groupOf(tenant: string | undefined): string | undefined {
    return this.#keepsOrder ? orderingGroup(tenant, undefined) : tenant;
  }

  get #keepsOrder(): boolean {
    return keepsOrder(this.file, QUEUES.requests);
  }

  /** A queue for the outcomes, webhooks and dead letters of received messages, which are sent before these are acknowledged. */
  output(queue: string): SqliteOutputQueue {
    return new SqliteOutputQueue(this.file, queue, this.clock, 'committed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }
}
