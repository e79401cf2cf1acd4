import type { NotedPause } from './telemetry.ts';

/**
 * Why an event source is disabled, or is about to be. Each reason has its own entry: to remove one leaves the others, also those
 * that are added meanwhile.
 */
export interface DisableReasons {
  /** Pauses of the circuit breaker by their ids, with their ends in milliseconds since 1970. */
  readonly pauses: ReadonlyMap<string, number>;
  /** Pauses of operators, by when they began. */
  readonly operatorPauses: ReadonlySet<number>;
}

/** The event source of a processor. */
export interface EventSource {
  isEnabled(): Promise<boolean>;
  /** Rejects while an earlier change is under way, too. */
  enable(): Promise<void>;
  /** As {@link enable}. */
  disable(): Promise<void>;
  reasons(): Promise<DisableReasons>;
  addPause(id: string, until: number): Promise<void>;
  removePause(id: string): Promise<void>;
  addOperatorPause(since: number): Promise<void>;
  removeOperatorPause(since: number): Promise<void>;
}

/** A queue that can delay messages. */
export interface DelayQueue {
  /** @param delaySeconds up to a quarter of an hour */
  send(message: string, delaySeconds: number): Promise<void>;
}

/** A pause in which no attempts start. */
export interface Pause {
  /** From 1 to {@link PAUSE_MAX_SECONDS}. */
  readonly seconds: number;
  /** What is down, in words for people. */
  readonly reason: string;
}

/** Requests pauses of a processor's message source. The caller doesn't learn whether or when a pause takes effect. */
export interface PauseRequests {
  request(pause: Pause): Promise<void>;
}

/** A pause of all processing that an operator asked for. */
export interface OperatorPause extends NotedPause {
  readonly since: number;
}

/** Where a service keeps the pause that an operator asked for. It outlasts the processes that read it. */
export interface OperatorPauses {
  /** The latest one, whether or not it is over. */
  read(): Promise<OperatorPause | undefined>;
  /** Puts a pause in the place of the one before, or ends it. @returns the one before, whether or not it was over */
  write(pause: OperatorPause | undefined): Promise<OperatorPause | undefined>;
}
