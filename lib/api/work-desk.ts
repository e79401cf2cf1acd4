import { CoatcheckError } from '../core/base/errors.ts';
import type { ProcessorRequest } from '../core/processor/handler.ts';

/** What a taker asks for. */
export interface WorkWanted {
  /** Most jobs, from 1. */
  readonly max: number;
  /** How long to wait for the first one. */
  readonly waitMilliseconds: number;
  /** How long the taker may keep a job before it must end or extend it. */
  readonly leaseSeconds: number;
}

/** How a taker ends its attempt: with a result, as a handler returns it, or with an error, as a handler throws it. */
export type WorkEnd = { readonly result: unknown } | { readonly error: unknown };

/** An attempt at a request that a taker holds by a lease. */
export interface LeasedJob {
  /** Names the lease. A secret: its holder ends the attempt. */
  readonly lease: string;
  /** When the lease is over, in milliseconds since 1970. */
  readonly leaseEndsAt: number;
  readonly request: ProcessorRequest;
  /** The payload as it was submitted, if it is small enough to be in memory. */
  readonly payload: Uint8Array | undefined;
  /** @throws LeaseNotHeld */
  extend(seconds: number): void;
  /**
   * Ends the attempt. A result that is a stream must end before the lease does.
   * @returns when the engine is done with the attempt: whether the request has ended, its outcome recorded and published
   * @throws LeaseNotHeld
   */
  end(end: WorkEnd): Promise<boolean>;
}

/** Gives requests to takers, other processes that handle them by HTTP. */
export interface WorkDesk {
  /** Waits for jobs. @returns none if there are none in time. @throws WorkStopped */
  receive(wanted: WorkWanted, signal: AbortSignal): Promise<readonly LeasedJob[]>;
  /** Finds a job by its lease. @throws LeaseNotHeld */
  held(lease: string): LeasedJob;
}

/** A lease was never given, is over, or its job has ended. */
export class LeaseNotHeld extends CoatcheckError {
  override readonly name = 'LeaseNotHeld';
  readonly code = 'lease_not_held';

  constructor() {
    super(
      'This lease is not held: it ran out, its job was ended before, its request was cancelled, or the service has ' +
        'restarted. Drop the job; a request that has not ended is given out again',
    );
  }
}

/** The service gives out no more jobs. */
export class WorkStopped extends CoatcheckError {
  override readonly name = 'WorkStopped';
  readonly code = 'service_stopping';

  constructor() {
    super('The service is stopping and gives out no more jobs');
  }
}
