import type { Delivery } from '../../core/model/received-message.ts';
import type { Deferral, InputQueue } from '../../core/ports/message-source.ts';
import { Faults } from './faults.ts';

interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sentAt: number;
  receives: number;
  firstDeliveredAt: number | undefined;
  visibleAt: number;
  receipt: string;
}

/** A message that was received too often. */
export type DeadMessage = Pick<QueuedMessage, 'id' | 'body' | 'attributes'>;

/** How a queue in memory behaves. */
export interface MemoryQueueOptions {
  readonly now: () => number;
  readonly visibilityTimeoutSeconds: number;
  /** Receives after which a message is a dead letter. @default - never */
  readonly maxReceiveCount?: number;
  /** Seconds after which the queue deletes a message. @default - never */
  readonly retentionSeconds?: number;
}

/** A queue in memory with visibility, receive counts and dead letters, as SQS has them. */
export class MemoryInputQueue implements InputQueue {
  readonly faults = new Faults<'defer' | 'acknowledge'>();
  /** Every wait that was set. */
  readonly deferrals: Deferral[] = [];
  readonly deadLetters: DeadMessage[] = [];
  readonly #messages = new Map<string, QueuedMessage>();
  readonly #options: MemoryQueueOptions;
  #sent = 0;
  #receipts = 0;

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
  }

  /** @returns the message's id */
  send(
    body: string,
    attributes: Readonly<Record<string, string>> = {},
    id = `message-${++this.#sent}`,
  ): string {
    const sentAt = this.#options.now();
    this.#messages.set(id, {
      id,
      body,
      attributes,
      sentAt,
      receives: 0,
      firstDeliveredAt: undefined,
      visibleAt: sentAt,
      receipt: '',
    });
    return id;
  }

  /** Visible messages, hidden from now on; one received too often already is a dead letter instead. */
  receive(max: number): Delivery[] {
    const { maxReceiveCount = Number.POSITIVE_INFINITY } = this.#options;
    this.#deleteExpired();
    const visible = [...this.#messages.values()].filter(({ visibleAt }) => visibleAt <= this.#options.now());
    const dead = visible.filter(({ receives }) => receives >= maxReceiveCount);
    for (const { id, body, attributes } of dead) {
      this.#messages.delete(id);
      this.deadLetters.push({ id, body, attributes });
    }
    return visible
      .filter((message) => !dead.includes(message))
      .slice(0, max)
      .map((message) => this.#delivered(message));
  }

  /** What an event source does with messages that weren't returned. */
  delete(ids: Iterable<string>): void {
    for (const id of ids) this.#messages.delete(id);
  }

  /** Messages neither ended nor dead. */
  get size(): number {
    return this.#messages.size;
  }

  /** When a message is visible next; undefined when there is none. */
  get nextVisibleAt(): number | undefined {
    return this.size === 0
      ? undefined
      : Math.min(...[...this.#messages.values()].map(({ visibleAt }) => visibleAt));
  }

  defer(deferrals: readonly Deferral[]): Promise<void> {
    return this.faults.around('defer', () => {
      for (const deferral of deferrals) {
        this.deferrals.push(deferral);
        const message = this.#received(deferral.delivery);
        if (message) message.visibleAt = this.#options.now() + deferral.delaySeconds * 1000;
      }
    });
  }

  acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    return this.faults.around('acknowledge', () => {
      for (const delivery of deliveries) if (this.#received(delivery)) this.#messages.delete(delivery.id);
    });
  }

  #deleteExpired(): void {
    const { now, retentionSeconds = Number.POSITIVE_INFINITY } = this.#options;
    for (const { id, sentAt } of this.#messages.values()) {
      if (sentAt + retentionSeconds * 1000 <= now()) this.#messages.delete(id);
    }
  }

  #delivered(message: QueuedMessage): Delivery {
    const now = this.#options.now();
    message.receives++;
    message.firstDeliveredAt ??= now;
    message.visibleAt = now + this.#options.visibilityTimeoutSeconds * 1000;
    message.receipt = `receipt-${++this.#receipts}`;
    const { id, body, attributes, sentAt, receives, firstDeliveredAt, receipt } = message;
    return { id, body, attributes, attempt: receives, sentAt, firstDeliveredAt, receipt };
  }

  /** The message of a delivery, unless it was delivered again since. */
  #received({ id, receipt }: Delivery): QueuedMessage | undefined {
    const message = this.#messages.get(id);
    return message?.receipt === receipt ? message : undefined;
  }
}
