import type { ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { OutputQueue } from '../../core/ports/message-sink.ts';
import type { Backlog, BacklogGauge, InputQueue } from '../../core/ports/message-source.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { keepsOrder } from './keep-order.ts';
import { type Delivery, MessageTable } from './message-table.ts';
import { MAX_MESSAGE_BYTES } from './sendable.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { TenantTurns } from './tenant-turns.ts';

/** An input queue in a file. */
export interface SqliteInputOptions {
  /** The name of the queue in its file. */
  readonly queue: string;
  /**
   * How long a received message stays hidden unless it is extended, in seconds: the messages of a killed process come
   * back after it. @default 30
   */
  readonly visibilitySeconds?: number;
  /** Takes messages that are dead-lettered. @default - none: no message can be dead-lettered */
  readonly deadLetters?: OutputQueue;
  readonly clock: Clock;
}

export const DEFAULT_VISIBILITY_SECONDS = 30;

/** How often to look for messages of other processes, where the system doesn't say that the file has changed. */
const POLL_MILLISECONDS = 250;

/**
 * A queue in a file. Its messages wait until they are acknowledged, however long that takes. Unless it keeps order, the groups
 * of its messages take turns: of requests, those are the tenants.
 */
export class SqliteInputQueue implements InputQueue, BacklogGauge {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds: number;
  readonly #messages: MessageTable;
  /** Undefined where messages come in order. */
  readonly #turns: TenantTurns | undefined;
  readonly #clock: Clock;
  readonly #deadLetters: DeadLetterSender | undefined;

  constructor(file: SqliteFile, options: SqliteInputOptions) {
    const { queue, visibilitySeconds = DEFAULT_VISIBILITY_SECONDS, deadLetters, clock } = options;
    const ordered = keepsOrder(file, queue);
    this.capabilities = {
      maxDelaySeconds: Number.POSITIVE_INFINITY,
      delaysFractions: true,
      ordered,
      holdsGroups: ordered,
      countsDeliveries: true,
      maxBytes: MAX_MESSAGE_BYTES,
    };
    this.visibilitySeconds = visibilitySeconds;
    this.#messages = new MessageTable(file, queue, ordered);
    this.#turns = ordered ? undefined : new TenantTurns(file, queue);
    this.#clock = clock;
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      if (!(await this.#mayReceive(signal))) continue;
      const now = this.#clock.now();
      const hiddenUntil = now + this.visibilitySeconds * 1000;
      const deliveries = this.#turns
        ? await this.#messages.receiveInTurns(this.#turns, max, now, hiddenUntil)
        : await this.#messages.receive(max, now, hiddenUntil);
      // Another receiver may have been faster.
      if (deliveries.length > 0) return deliveries.map((delivery) => this.#received(delivery));
    }
    return [];
  }

  /** Whether a message may be deliverable. If none is, it waits until that may have changed. */
  async #mayReceive(signal: AbortSignal): Promise<boolean> {
    const wait = (this.#messages.nextVisibleAt() ?? Number.POSITIVE_INFINITY) - this.#clock.now();
    if (wait <= 0) return true;
    const change = await this.#messages.whenChanged(Math.min(wait, POLL_MILLISECONDS), signal);
    return change === 'changing';
  }

  async read(): Promise<Backlog> {
    return this.#messages.backlog(this.#clock.now());
  }

  /** Does nothing: the file stays open for other queues. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #received(delivery: Delivery): ReceivedMessage {
    const { message } = delivery;
    const hide = (seconds: number) => delivery.hide(this.#clock.now() + seconds * 1000);
    return {
      ...message,
      source: this.capabilities,
      ack: () => delivery.delete(),
      retryAfter: hide,
      extend: hide,
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }
}
