import type { TraceContext } from '../base/traceparent.ts';
import type { Priority } from './priority.ts';

/** An attribute of a message. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, perhaps with a custom label, such as `Number.float`. */
  readonly type: string;
  /** Bytes if the type is `Binary`, else text. */
  readonly value: string | Uint8Array;
}

/**
 * The attributes of a CloudEvent in binary mode, by their names without the prefix of the protocol. One that isn't text
 * in UTF-8 is undefined.
 */
export type CloudEventAttributes = Readonly<Record<string, string | undefined>>;

/** A message as any queue delivers it. */
export interface QueueMessage {
  /** The queue's own id of the message; the same on every delivery. */
  readonly id: string;
  readonly body: string;
  /** The body, if it isn't text in UTF-8; {@link body} is empty then. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Text and number attributes by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Attributes of other types than `String`, unchanged, so that they can be forwarded. */
  readonly typedAttributes?: Readonly<Record<string, MessageAttribute>>;
  /** Present if the message is a CloudEvent in binary mode; the body is its data. */
  readonly cloudEvent?: CloudEventAttributes;
  /** The message group, if there is one. */
  readonly group?: string;
  /** The priority of the queue that it came from, if that isn't the one of normal requests. */
  readonly lane?: Priority;
  /** The number of this delivery, from 1; absent if the queue doesn't count. */
  readonly deliveryCount?: number;
  /** When the message was sent, in milliseconds since 1970. */
  readonly sentAt: number;
  /** When the message was first delivered, in milliseconds since 1970; absent if unknown. */
  readonly firstDeliveredAt?: number;
  /** The sender's trace, if the queue transports it outside of the attributes. */
  readonly trace?: TraceContext;
}

/** What a queue can do with the messages it delivers. */
export interface SourceCapabilities {
  /** Whether {@link ReceivedMessage.retryAfter} waits for fractions of a second too, to the millisecond. @default false */
  readonly delaysFractions?: boolean;
  /** Longest wait of {@link ReceivedMessage.retryAfter}, in seconds. */
  readonly maxDelaySeconds: number;
  /** Whether messages of a group come in the order they were sent. */
  readonly ordered: boolean;
  /**
   * Whether an ordered queue holds a group back while one of its messages is hidden. Otherwise a message must not go back
   * before its receiver stops: those behind it would overtake it. @default false
   */
  readonly holdsGroups?: boolean;
  /** Whether messages say how often they were delivered. */
  readonly countsDeliveries: boolean;
  /** After how many deliveries the queue itself dead-letters a message; absent if it never does. */
  readonly maxDeliveries?: number;
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
  readonly submittedAt: number;
  /** How often the request was redriven from the dead-letter queue before. */
  readonly redrives: number;
  /** The priority of the request, so that a redrive puts it back where it came from. @default 'normal' */
  readonly priority?: Priority;
}

/** Whether a message was dead-lettered. */
export type DeadLettering =
  | {
      readonly moved: true;
      /** The dead letter had no room for the attributes with the reason. */
      readonly bare: boolean;
    }
  | {
      readonly moved: false;
      /** The queue works, but will never accept this message. */
      readonly refused: boolean;
      readonly reason: string;
    };

/**
 * A received message with the methods that settle it. Each method rejects if the queue doesn't confirm. A message that
 * isn't settled is delivered again after the queue's own timeout.
 */
export interface ReceivedMessage extends QueueMessage {
  /** The capabilities of its queue. */
  readonly source: SourceCapabilities;
  /** Acknowledges the message, so that it isn't delivered again. */
  ack(): Promise<void>;
  /**
   * Has it delivered again.
   * @param seconds from now, up to the source's `maxDelaySeconds`: whole seconds, unless the source has `delaysFractions`
   */
  retryAfter(seconds: number): Promise<void>;
  /** Extends the time in which no one else receives it. @param seconds whole seconds from now */
  extend(seconds: number): Promise<void>;
  /**
   * Sends a copy to the dead-letter queue, with attributes for the reason. The caller must then acknowledge the
   * message. Never rejects.
   */
  deadLetter(reason: DeadLetterReason): Promise<DeadLettering>;
}
