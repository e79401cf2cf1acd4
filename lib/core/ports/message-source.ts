import type { ReceivedMessage, SourceCapabilities } from '../model/received-message.ts';

/** Approximate numbers of messages in an input queue, without those that must not be delivered yet. */
export interface Backlog {
  readonly waiting: number;
  /** In processing, or waiting for the next attempt. */
  readonly inFlight: number;
  /** When the oldest of those that wait was sent, in milliseconds since 1970. Absent if unknown, or none waits. */
  readonly oldestSentAt?: number;
}

/** Measures the backlog. */
export interface BacklogGauge {
  read(): Promise<Backlog>;
}

/**
 * A queue from which a long-running host takes messages. Leaves out connecting: a queue connects by itself and
 * reconnects for ever.
 */
export interface InputQueue extends AsyncDisposable {
  readonly capabilities: SourceCapabilities;
  /**
   * How long a received message stays hidden from other receivers unless it is extended, in seconds. Infinite if it
   * stays hidden as long as its receiver is connected: such a queue is never asked to extend.
   */
  readonly visibilitySeconds: number;
  /**
   * Waits for messages.
   * @param max most messages to return, from 1
   * @param signal ends the wait
   * @returns at least one message, unless the signal has fired
   * @throws an error if the queue can't be reached; the caller waits and calls again
   */
  receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]>;
  /**
   * Waits for messages to start before all that was received: one or two at a time. A host that is full of messages that wait may
   * take them all the same. Absent where no message is more urgent than others.
   * @returns at least one message, unless the signal has fired. Never rejects: {@link receive} does
   */
  receiveUrgent?(signal: AbortSignal): Promise<readonly ReceivedMessage[]>;
}
