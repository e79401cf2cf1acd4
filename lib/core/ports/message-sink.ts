import type { MessageAttribute } from '../model/received-message.ts';

/** A message to be sent. */
export interface OutputMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** Whose it is, where the queue is to be fair: up to 128 printable characters of ASCII. */
  readonly group?: string;
}

/** What became of one message of an {@link Outlet.send}. */
export type SendResult =
  | { readonly sent: true }
  | {
      readonly sent: false;
      /** The queue works and never takes this message: its own fault, such as its size. */
      readonly refused: boolean;
      readonly reason: string;
    };

/**
 * Takes messages, several in one call. Leaves out ordering and deduplication: one may arrive twice, and in any order.
 */
export interface Outlet<Message> {
  /** Most messages in one send. */
  readonly maxMessages: number;
  /** Most bytes in one send, as {@link sizeOf} counts them. */
  readonly maxBytes: number;
  /** Most bytes of one message, as {@link sizeOf} counts them: at most {@link maxBytes}. */
  readonly maxMessageBytes: number;
  /** What a message counts towards {@link maxBytes} and {@link maxMessageBytes}. */
  sizeOf(message: Message): number;
  /** One call. The results stand in the order of the messages; it rejects only when nothing is known of any. */
  send(messages: readonly Message[]): Promise<readonly SendResult[]>;
}

/** Where outcomes go. */
export type OutputQueue = Outlet<OutputMessage>;

/** An event for a bus, where rules decide who gets it. */
export interface BusEvent {
  /** What happened, for rules to match. */
  readonly type: string;
  /** All about it, as JSON. */
  readonly json: string;
  /** When it happened, in milliseconds since 1970. */
  readonly time: number;
}

/** Where others besides the consumers of outcomes are told. */
export type EventBus = Outlet<BusEvent>;

/** The way into the input queue. */
export interface SubmissionQueue {
  /** Most bytes of a message. */
  readonly maxBytes: number;
  /**
   * Rejects when the queue didn't say that it has the message; it may have it all the same.
   * @param tenant lets the queue be fair among tenants
   */
  send(message: string, tenant: string | undefined): Promise<void>;
}
