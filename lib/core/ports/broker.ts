import type { OutputQueue } from './message-sink.ts';
import type { InputQueue } from './message-source.ts';
import type { Logger } from './telemetry.ts';

/** How to open an input queue. */
export interface InputOptions {
  /** Takes messages that are dead-lettered. @default - none: no message can be dead-lettered */
  readonly deadLetters?: OutputQueue;
  /** Most messages the worker holds at a time, those that wait for a slot included. */
  readonly maxInFlight: number;
  /** Whether messages of one group are to come in the order they were sent. @default false */
  readonly ordered?: boolean;
  /** Attempts that a request has: a queue that dead-letters by itself must leave room for them. */
  readonly maxAttempts: number;
  readonly logger: Logger;
}

/** How to open an output queue. */
export interface OutputOptions {
  /** Whether each message has a group, whose order is to be kept. @default false */
  readonly ordered?: boolean;
  readonly logger: Logger;
}

/** An output queue with a connection of its own. */
export interface ConnectedOutputQueue extends OutputQueue, AsyncDisposable {}

/**
 * A message broker. Opening a queue connects, creates what is missing, and checks what is there. The queue reconnects
 * for ever.
 */
export interface Broker {
  /** @throws ConfigurationError if the URL or the queue is unsuitable: says what is wrong and what to change */
  openInput(url: URL, options: InputOptions): Promise<InputQueue>;
  /** @throws ConfigurationError if the URL or the queue is unsuitable: says what is wrong and what to change */
  openOutput(url: URL, options: OutputOptions): Promise<ConnectedOutputQueue>;
}
