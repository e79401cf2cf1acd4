import type { TraceContext } from '../base/traceparent.ts';

/** An attribute of a message. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, perhaps with a label of its sender's: `Number.float`. */
  readonly type: string;
  /** Text; bytes where the type is `Binary`. */
  readonly value: string | Uint8Array;
}

/** One message as a queue delivered it, whatever the queue. */
export interface Delivery {
  /** The queue's own id of the message; the same on every delivery. */
  readonly id: string;
  readonly body: string;
  /** Message attributes that hold text or a number, by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Message attributes of any type but `String`, as the queue has them: sent on, they stay what they are. */
  readonly typedAttributes?: Readonly<Record<string, MessageAttribute>>;
  /** The group that the message belongs to, where it has one. */
  readonly group?: string;
  /** Which delivery of this message it is, from 1. */
  readonly attempt: number;
  /** When the message was sent, in milliseconds since 1970. */
  readonly sentAt: number;
  /** When the message was first delivered, in milliseconds since 1970. */
  readonly firstDeliveredAt: number;
  /** The trace of its sender, where the queue carries that beside the message's attributes. */
  readonly trace?: TraceContext;
  /** What the queue wants back to change or end this delivery. */
  readonly receipt: string;
}
