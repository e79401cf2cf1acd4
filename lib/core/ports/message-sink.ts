import type { MessageAttribute } from '../model/received-message.ts';

/** A message to be sent. */
export interface OutputMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** The message group that a fair queue separates by: up to 128 printable ASCII characters. */
  readonly group?: string;
}

/** The result of sending one message. */
export type SendResult =
  | { readonly sent: true }
  | {
      readonly sent: false;
      /** The queue works, but will never accept this message, for example because of its size. */
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
  /** Sends messages in one call. Results are in the order of the messages. Rejects only if the whole call fails. */
  send(messages: readonly Message[]): Promise<readonly SendResult[]>;
}

/** The queue for outcomes. */
export type OutputQueue = Outlet<OutputMessage>;

/** An event for a bus, whose rules decide who receives it. */
export interface BusEvent {
  /** The event type, for rules to match. */
  readonly type: string;
  /** The detail, as JSON. */
  readonly json: string;
  /** When it happened, in milliseconds since 1970. */
  readonly time: number;
}

/** An event bus, for programs other than the consumers of outcomes. */
export type EventBus = Outlet<BusEvent>;

/** Sends submissions to the input queue. */
export interface SubmissionQueue {
  /** Most bytes of a message. */
  readonly maxBytes: number;
  /**
   * Rejects if the queue doesn't confirm the message. It may have it nevertheless.
   * @param tenant lets the queue be fair among tenants
   */
  send(message: string, tenant: string | undefined): Promise<void>;
}
