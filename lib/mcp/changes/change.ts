import type { CoatcheckClient } from '../../client/index.ts';

/** The current state of the thing that a change is about. */
export interface Now {
  /** How many things the change is about. */
  readonly count: number;
  /** Their state: only what decides whether the change is still the one that was planned. */
  readonly state: object;
}

/** A change of the service that an agent plans, and makes when it applies the plan. */
export interface Change {
  /**
   * Looks at what the change is about, and changes nothing.
   * @param signal fires when the agent cancels the call
   * @throws ApiError; ChangeRefused if it can't be made
   */
  look(signal: AbortSignal): Promise<Now>;
  /** Makes the change. @throws ApiError, ConnectionFailed; the reason of the signal if it fires before the change is made */
  make(application: Application): Promise<object>;
}

/** The call that applies a plan. */
export interface Application {
  readonly planId: string;
  /** Fires when the agent cancels the call: then nothing is tried again. */
  readonly signal: AbortSignal;
}

/** The dependencies of changes. */
export interface ChangeTools {
  readonly client: CoatcheckClient;
  /** The current time, in milliseconds since 1970. */
  readonly now: () => number;
}
