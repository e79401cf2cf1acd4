import { randomBytes } from 'node:crypto';
import { type LeasedJob, LeaseNotHeld, type WorkEnd } from '../../api/work-desk.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import type { Disposition } from '../../core/model/disposition.ts';
import type { ProcessorRequest } from '../../core/processor/handler.ts';

/** Unguessable. */
const LEASE_BYTES = 16;

/** A taker let its lease run out. */
class TakerSilent extends CoatcheckError {
  override readonly name = 'TakerSilent';
  readonly code = 'taker_silent';

  constructor() {
    super('The taker of the request neither ended nor extended its lease in time');
  }
}

/** The run of a job by the engine. */
export interface JobRun {
  /** The disposition of the message, when the run has ended. */
  readonly settled: Promise<Disposition>;
}

/** An attempt that waits for a taker, or that a taker has. */
export class TakenJob implements LeasedJob {
  readonly lease = randomBytes(LEASE_BYTES).toString('base64url');
  readonly request: ProcessorRequest;
  readonly payload: Uint8Array | undefined;
  readonly #run: JobRun;
  readonly #now: () => number;
  readonly #ended = Promise.withResolvers<unknown>();
  /** Fires when the attempt is over without the taker. */
  readonly #lost = new AbortController();
  #state: 'free' | 'leased' | 'ending' = 'free';
  #leaseEndsAt = 0;
  /** Whether the lease can no longer run out. */
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param payload absent if it is too large for memory @param now milliseconds since 1970 */
  constructor(request: ProcessorRequest, payload: Uint8Array | undefined, run: JobRun, now: () => number) {
    this.request = request;
    this.payload = payload;
    this.#run = run;
    this.#now = now;
  }

  /** The return value of the attempt's handler. Rejects with the error that the handler throws. */
  get ended(): Promise<unknown> {
    return this.#ended.promise;
  }

  get leaseEndsAt(): number {
    return this.#leaseEndsAt;
  }

  /** Whether a taker may still use its lease. */
  get isLeased(): boolean {
    return this.#state !== 'free' && !this.#lost.signal.aborted;
  }

  /** Gives it to a taker. @returns whether the attempt isn't over */
  take(seconds: number): boolean {
    if (this.#lost.signal.aborted) return false;
    this.#state = 'leased';
    this.#hold(seconds);
    return true;
  }

  extend(seconds: number): void {
    if (!this.isLeased) throw new LeaseNotHeld();
    this.#hold(seconds);
  }

  async end(end: WorkEnd): Promise<boolean> {
    if (this.#state !== 'leased' || this.#lost.signal.aborted) throw new LeaseNotHeld();
    this.#state = 'ending';
    if ('error' in end) {
      this.dispose();
      this.#ended.reject(end.error);
    } else this.#ended.resolve(this.#arriving(end.result));
    const { action } = await this.#run.settled;
    if (this.#lost.signal.aborted) throw new LeaseNotHeld();
    return action !== 'retry';
  }

  /** Ends the attempt without its taker. @param error what the handler throws */
  lose(error: unknown): void {
    this.#lost.abort(error);
    this.#ended.reject(error);
    this.dispose();
  }

  /** Stops the timer of the lease, since the attempt is over. */
  dispose(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #hold(seconds: number): void {
    clearTimeout(this.#timer);
    this.#leaseEndsAt = this.#now() + seconds * 1000;
    // The taker may extend while its result is recorded.
    if (this.#isOver) return;
    this.#timer = setTimeout(() => this.lose(new TakerSilent()), seconds * 1000).unref();
  }

  /** A result that is streamed must arrive while the lease is held. */
  #arriving(result: unknown): unknown {
    if (!(result instanceof Response && result.body)) {
      this.dispose();
      return result;
    }
    const whole = new TransformStream<Uint8Array, Uint8Array>({ flush: () => this.dispose() });
    return new Response(result.body.pipeThrough(whole, { signal: this.#lost.signal }), result);
  }
}
