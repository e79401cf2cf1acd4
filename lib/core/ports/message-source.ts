import type { Delivery } from '../model/received-message.ts';

/** A wait a message is to have before its next delivery. */
export interface Deferral {
  readonly delivery: Delivery;
  /** Whole seconds; 0 makes it available at once. */
  readonly delaySeconds: number;
}

/**
 * What the engine does to messages it was given, besides telling its caller which to deliver again.
 * Leaves out receiving: deliveries are brought by the event source or the worker.
 */
export interface InputQueue {
  /** Sets when messages are delivered again. A wait that couldn't be set is the queue's own default. */
  defer(deferrals: readonly Deferral[]): Promise<void>;
  /** Ends messages before the batch is over. One that couldn't be ended is delivered again. */
  acknowledge(deliveries: readonly Delivery[]): Promise<void>;
}

/** Requests that are in an input queue; about, as far as it knows. */
export interface Backlog {
  readonly waiting: number;
  /** Being processed, or waiting for their next attempt. */
  readonly inFlight: number;
  /** Not to be delivered yet. */
  readonly delayed: number;
}

/** Tells how much there is to do. */
export interface BacklogGauge {
  read(): Promise<Backlog>;
}
