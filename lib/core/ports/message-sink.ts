import type { Priority } from '../model/priority.ts';
import type { CloudEventAttributes, MessageAttribute } from '../model/received-message.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { StoredRecord, WriteResult } from './record-store.ts';

/** A message to send. */
export interface OutputMessage {
  readonly body: string;
  /** The body, if it isn't text in UTF-8; {@link body} is empty then. Only queues that deliver such bodies take them. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** What consumers may select outcomes by. Only a queue that {@link OutputQueue.fansOut} adds it to the attributes. */
  readonly labels?: Readonly<Record<string, MessageAttribute>>;
  /** The media type of the body, for queues that have a place for one. An attribute that says it comes first. */
  readonly mediaType?: string;
  /** Makes the message a CloudEvent in binary mode with these attributes; the body is its data. */
  readonly cloudEvent?: CloudEventAttributes;
  /**
   * The message group that a fair queue separates by, and whose order a FIFO queue keeps: up to 128 printable ASCII
   * characters.
   */
  readonly group?: string;
  /** Names the message within its group, so that a queue that drops duplicates drops a second one. */
  readonly deduplicationId?: string;
  /** The outcome that the message publishes. A queue in the file of its record notes there that it did. */
  readonly outcome?: PublishedOutcome;
}

/** Which outcome a message publishes. */
export interface PublishedOutcome {
  readonly request: RequestIdentity;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
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
 * Sends messages, several in one call. Without ordering and deduplication: a message may arrive twice, and in any order.
 */
export interface Outlet<Message> {
  /** Most messages in one send. */
  readonly maxMessages: number;
  /** Most bytes in one send, as {@link sizeOf} counts them. */
  readonly maxBytes: number;
  /** Most bytes of one message, as {@link sizeOf} counts them; not more than {@link maxBytes}. */
  readonly maxMessageBytes: number;
  /**
   * How long a message may wait for others to share its call, in milliseconds: the longer, the fewer calls. With 0, those
   * of one turn of the event loop share one.
   */
  readonly lingerMilliseconds: number;
  /** What a message counts towards {@link maxBytes} and {@link maxMessageBytes}. */
  sizeOf(message: Message): number;
  /** Sends messages in one call. Results are in the order of the messages. Rejects only if the whole call fails. */
  send(messages: readonly Message[]): Promise<readonly SendResult[]>;
}

/**
 * {@link Outlet.lingerMilliseconds} where each call costs money: long enough to fill calls, short enough that a slow
 * request doesn't delay the outcomes of finished ones noticeably.
 */
export const PAID_CALL_LINGER_MILLISECONDS = 1_000;

/** The queue for outcomes. */
export interface OutputQueue extends Outlet<OutputMessage> {
  /**
   * Whether each message is for several consumers: none of them may delete what it refers to, and each selects by its
   * attributes. @default false
   */
  readonly fansOut?: boolean;
}

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

/** The place of a submission in a queue that keeps order. */
export interface SubmissionPlace {
  /** Names the submission, so that a queue that drops duplicates drops a second one. */
  readonly requestId: string;
  /** Submissions of a tenant with one key run one after another. @default - all of the tenant */
  readonly orderingKey?: string;
  /** When it may be delivered, in milliseconds since 1970. @default - at once */
  readonly notBefore?: number;
  /** One of {@link SubmissionQueue.priorities}. @default 'normal' */
  readonly priority?: Priority;
}

/** Sends submissions to the input queue. */
export interface SubmissionQueue {
  /** Most bytes of a message. */
  readonly maxBytes: number;
  /** Longest time that it delays a message, in seconds; 0 if it can't, for example since it keeps order. */
  readonly maxDelaySeconds: number;
  /** Whether it can delay a message. What can't be delayed is stored instead. @default - any message that it can send */
  canDelay?(message: string): boolean;
  /** Whether it keeps the order of submissions with one key. */
  readonly ordered: boolean;
  /** The priorities that it has a lane for. @default ['normal'] */
  readonly priorities?: readonly Priority[];
  /**
   * Rejects if the queue doesn't confirm the message, even though the queue may have it.
   * @param tenant lets the queue be fair among tenants
   * @param place its order matters where {@link ordered}
   */
  send(message: string, tenant: string | undefined, place?: SubmissionPlace): Promise<void>;
  /**
   * Delivers the message of a request now that was sent to be delivered later. It may be delivered at its time too. Does nothing
   * if no message waits. Absent where messages wait for some minutes at most.
   */
  promote?(request: RequestIdentity & Pick<SubmissionPlace, 'priority'>): Promise<void>;
  /**
   * Sends a message and writes the first record of its request: both, or neither. Absent where the queue and the records
   * don't share transactions.
   */
  sendRecorded?(
    message: string,
    tenant: string | undefined,
    record: StoredRecord,
    place?: SubmissionPlace,
  ): Promise<WriteResult>;
}
