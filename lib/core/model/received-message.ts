import type { TraceContext } from '../base/traceparent.ts';

/** An attribute of a message. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, perhaps with a label of its sender's: `Number.float`. */
  readonly type: string;
  /** Text; bytes where the type is `Binary`. */
  readonly value: string | Uint8Array;
}

/** A message as a queue delivers it, whatever the queue. */
export interface QueueMessage {
  /** The queue's own id of the message; the same on every delivery. */
  readonly id: string;
  readonly body: string;
  /** Message attributes that hold text or a number, by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Message attributes of any type but `String`, as the queue has them: sent on, they stay what they are. */
  readonly typedAttributes?: Readonly<Record<string, MessageAttribute>>;
  /** The group that the message belongs to, where it has one. */
  readonly group?: string;
  /** Which delivery of this message it is, from 1; absent where the queue doesn't count. */
  readonly deliveryCount?: number;
  /** When the message was sent, in milliseconds since 1970. */
  readonly sentAt: number;
  /** When the message was first delivered, in milliseconds since 1970; absent where the queue doesn't say. */
  readonly firstDeliveredAt?: number;
  /** The trace of its sender, where the queue carries that beside the message's attributes. */
  readonly trace?: TraceContext;
}

/** What a queue can do with the messages it delivers. */
export interface SourceCapabilities {
  /** Longest wait of {@link ReceivedMessage.retryAfter}, in seconds. */
  readonly maxDelaySeconds: number;
  /** Whether messages of a group come in the order they were sent. */
  readonly ordered: boolean;
  /** Whether messages say how often they were delivered. */
  readonly countsDeliveries: boolean;
  /** Largest message, in bytes. */
  readonly maxBytes: number;
}

/** Why a message goes to the dead-letter queue. */
export interface DeadLetterReason {
  readonly requestId: string;
  /** The code of the request's failure. */
  readonly code: string;
  readonly detail: string;
  readonly attempts: number;
  /** When the request was submitted, in milliseconds since 1970. */
  readonly handedInAt: number;
  /** How often the request was redriven from the dead-letter queue before. */
  readonly redrives: number;
}

/** Whether a message is in the dead-letter queue now. */
export type DeadLettering =
  | {
      readonly moved: true;
      /** The dead letter had no room for the attributes that say why it is there. */
      readonly bare: boolean;
    }
  | {
      readonly moved: false;
      /** The queue works and never takes this message. */
      readonly refused: boolean;
      readonly reason: string;
    };

/**
 * A message that its host received, with what settles it. Each method rejects when the queue doesn't confirm; what isn't
 * settled is delivered again, when the queue's own time is over.
 */
export interface ReceivedMessage extends QueueMessage {
  /** What its source can do. */
  readonly source: SourceCapabilities;
  /** Ends the message. */
  ack(): Promise<void>;
  /** Has it delivered again. @param seconds whole seconds from now, up to the source's `maxDelaySeconds` */
  retryAfter(seconds: number): Promise<void>;
  /** Keeps it from being delivered to others. @param seconds whole seconds from now */
  extend(seconds: number): Promise<void>;
  /**
   * Sends a copy to the dead-letter queue, with attributes that say why. The message itself is to be acknowledged then.
   * Never rejects.
   */
  deadLetter(reason: DeadLetterReason): Promise<DeadLettering>;
}
