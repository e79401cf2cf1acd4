import type { QueueMessage } from './received-message.ts';

/** A message to rehearse: what of a dead letter a redrive puts back. */
export type RehearsedMessage = Pick<QueueMessage, 'id' | 'body' | 'attributes' | 'group'>;

/** What would become of a request if it ran now. */
export interface Rehearsal {
  /** The ticket. */
  readonly id: string;
  /** Who issued the id; empty if the service did. */
  readonly source: string;
  readonly tenant?: string;
  /**
   * - `succeeds`: its result would be published.
   * - `fails`: this attempt would fail, for good or to be retried.
   * - `undecided`: the attempt ended as neither. It would continue later, or wasn't started.
   */
  readonly result: 'succeeds' | 'fails' | 'undecided';
  /** The code of the error, or its name if it has none. Absent if the request succeeds. */
  readonly code?: string;
  /** What the error says. Absent if the request succeeds. */
  readonly message?: string;
}

/** What a rehearsal found for one message. */
export interface MessageRehearsal {
  /** The queue's id of the message. */
  readonly messageId: string;
  /** One for each request of the message; none for a message without requests. Absent if there was no time to start it. */
  readonly requests?: readonly Rehearsal[];
}
