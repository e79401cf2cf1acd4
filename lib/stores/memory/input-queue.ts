import type { QueueMessage, ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { OutputQueue } from '../../core/ports/message-sink.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { Faults } from './faults.ts';

interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly group: string | undefined;
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
  /** Whether a group is held back while one of its messages is hidden, as a FIFO queue does. @default false */
  readonly ordered?: boolean;
  /** Receives after which a message is a dead letter. @default - never */
  readonly maxReceiveCount?: number;
  /** Seconds after which the queue deletes a message. @default - never */
  readonly retentionSeconds?: number;
  /** Takes messages that are dead-lettered. @default - none: no message can be */
  readonly deadLetters?: OutputQueue;
}

/** A message, with what names this delivery of it: another delivery has another receipt. */
export interface MemoryMessage extends QueueMessage {
  readonly receipt: string;
}

/** A wait that was set. */
export interface Deferral {
  readonly message: MemoryMessage;
  readonly delaySeconds: number;
}

const CAPABILITIES = {
  maxDelaySeconds: Number.POSITIVE_INFINITY,
  countsDeliveries: true,
  maxBytes: Number.POSITIVE_INFINITY,
} satisfies Partial<SourceCapabilities>;

/** A queue in memory with visibility, receive counts and dead letters, as SQS has them. */
export class MemoryInputQueue {
  readonly faults = new Faults<'defer' | 'acknowledge'>();
  /** Every wait that was set. */
  readonly deferrals: Deferral[] = [];
  readonly deadLetters: DeadMessage[] = [];
  readonly #messages = new Map<string, QueuedMessage>();
  readonly #options: MemoryQueueOptions;
  readonly #deadLetters: DeadLetterSender | undefined;
  readonly #capabilities: SourceCapabilities;
  #sent = 0;
  #receipts = 0;

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
    const { deadLetters, maxReceiveCount, ordered = false } = options;
    this.#capabilities = {
      ...CAPABILITIES,
      ordered,
      holdsGroups: ordered,
      ...(maxReceiveCount !== undefined && { maxDeliveries: maxReceiveCount }),
    };
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
  }

  /** @returns the message's id */
  send(
    body: string,
    attributes: Readonly<Record<string, string>> = {},
    id = `message-${++this.#sent}`,
    group?: string,
  ): string {
    const sentAt = this.#options.now();
    this.#put({ id, body, attributes, group, sentAt, visibleAt: sentAt });
    return id;
  }

  /** Has a message sent at a time. @param at milliseconds since 1970 */
  sendLater(body: string, at: number): void {
    const id = `message-${++this.#sent}`;
    this.#put({ id, body, attributes: {}, group: undefined, sentAt: at, visibleAt: at });
  }

  /** Has a message that is to be sent later sent now. @param isMeant whether its body is that of the message */
  sendNow(isMeant: (body: string) => boolean): void {
    const now = this.#options.now();
    for (const message of this.#messages.values()) {
      const { visibleAt, receives, body } = message;
      if (visibleAt > now && receives === 0 && isMeant(body)) {
        this.#messages.set(message.id, { ...message, sentAt: now, visibleAt: now });
      }
    }
  }

  /** Visible messages, hidden from now on; one received too often already is a dead letter instead. */
  receive(max: number): ReceivedMessage[] {
    const { maxReceiveCount = Number.POSITIVE_INFINITY } = this.#options;
    this.#deleteExpired();
    const now = this.#options.now();
    const visible = this.#sequences.filter((sequence) => visibleAtOf(sequence) <= now).flat();
    const dead = visible.filter(({ receives }) => receives >= maxReceiveCount);
    for (const { id, body, attributes } of dead) {
      this.#messages.delete(id);
      this.deadLetters.push({ id, body, attributes });
    }
    return visible
      .filter((message) => !dead.includes(message))
      .slice(0, max)
      .map((message) => this.settleable(this.#deliver(message)));
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
    return this.size === 0 ? undefined : Math.min(...this.#sequences.map(visibleAtOf));
  }

  /** What is delivered together or not at all: a message, or the group of an ordered queue. */
  get #sequences(): QueuedMessage[][] {
    const { ordered } = this.#capabilities;
    const messages = [...this.#messages.values()];
    return [...Map.groupBy(messages, (message) => (ordered ? message.group : undefined) ?? message).values()];
  }

  /** A message of this queue with what settles it. */
  settleable(message: MemoryMessage): ReceivedMessage {
    return {
      ...message,
      source: this.#capabilities,
      ack: () =>
        this.faults.around('acknowledge', () => {
          if (this.#isCurrent(message)) this.#messages.delete(message.id);
        }),
      retryAfter: (seconds) =>
        this.faults.around('defer', () => {
          this.deferrals.push({ message, delaySeconds: seconds });
          this.#hide(message, seconds);
        }),
      extend: async (seconds) => this.#hide(message, seconds),
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }

  #put(message: Omit<QueuedMessage, 'receives' | 'firstDeliveredAt' | 'receipt'>): void {
    this.#messages.set(message.id, { ...message, receives: 0, firstDeliveredAt: undefined, receipt: '' });
  }

  #deleteExpired(): void {
    const { now, retentionSeconds = Number.POSITIVE_INFINITY } = this.#options;
    for (const { id, sentAt } of this.#messages.values()) {
      if (sentAt + retentionSeconds * 1000 <= now()) this.#messages.delete(id);
    }
  }

  #deliver(message: QueuedMessage): MemoryMessage {
    const now = this.#options.now();
    message.receives++;
    message.firstDeliveredAt ??= now;
    message.visibleAt = now + this.#options.visibilityTimeoutSeconds * 1000;
    message.receipt = `receipt-${++this.#receipts}`;
    const { id, body, attributes, group, sentAt, receives, firstDeliveredAt, receipt } = message;
    return {
      id,
      body,
      attributes,
      ...(group !== undefined && { group }),
      deliveryCount: receives,
      sentAt,
      firstDeliveredAt,
      receipt,
    };
  }

  #hide(message: MemoryMessage, seconds: number): void {
    const hidden = this.#isCurrent(message) ? this.#messages.get(message.id) : undefined;
    if (hidden) hidden.visibleAt = this.#options.now() + seconds * 1000;
  }

  /** Whether the message wasn't delivered again since. */
  #isCurrent({ id, receipt }: MemoryMessage): boolean {
    return this.#messages.get(id)?.receipt === receipt;
  }
}

/** When all of them are visible, in milliseconds since 1970. */
function visibleAtOf(messages: readonly QueuedMessage[]): number {
  return Math.max(...messages.map(({ visibleAt }) => visibleAt));
}
