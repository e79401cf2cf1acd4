import { RequestIdReused } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import type { Permit } from '../limits/permit.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { Ending, Outcome } from '../model/outcome.ts';
import { secondsUntil } from '../model/retry.ts';
import { beforeSignal } from './attempt-calls.ts';
import type { AttemptContext, AttemptCounts } from './attempt-context.ts';
import type { AttemptEnd } from './attempt-end.ts';
import { claimRequest, type Unclaimed } from './claim-request.ts';
import { RequestLeased, TooEarly, VersionTooOld } from './errors.ts';
import { LeasedRequest } from './leased-request.ts';
import { ResultKeeper } from './result-keeper.ts';
import { runHandler } from './run-handler.ts';
import { TakeOverTurn } from './take-over-turn.ts';

/** One attempt at one request. */
export class Attempt implements AttemptCounts {
  readonly #request: DecodedRequest;
  readonly #context: AttemptContext;
  #leased: LeasedRequest | undefined;
  #handled = false;

  constructor(request: DecodedRequest, context: AttemptContext) {
    this.#request = request;
    this.#context = context;
  }

  /**
   * Runs the request to its end: claim → open → run handler → keep result → complete. After any error, the request hasn't
   * ended and must be retried.
   * @param permit the permit of the request's limits; freed as soon as the handler has ended
   * @throws RequestIdReused if the message brings another payload than the request was started with
   * @throws VersionTooOld if the request is left to newer code
   * @throws RetryLater, AttemptTimedOut, StillLeased, or the error of the handler or of a port
   */
  async run(permit: Permit): Promise<AttemptEnd> {
    using turn = new TakeOverTurn(this.#context.takeOvers);
    const claim = await claimRequest(this.#request, turn, this.#context);
    if (claim.status !== 'claimed') return await this.#endUnclaimed(claim);
    const leased = new LeasedRequest(claim.request, claim.lease, this.#context);
    this.#leased = leased;
    this.#countStarted(leased);
    return (await leased.endUnrun(claim.refusal)) ?? (await this.#runHandler(leased, permit));
  }

  /** Prepares an outcome for its consumers. They delete raw results, so each publication gets its own copy. */
  copyForConsumer(outcome: Outcome): Promise<Outcome> {
    const { recordDeadline } = this.#context.deadline;
    const copying = this.#results.copyForConsumer(outcome, recordDeadline);
    return beforeSignal(recordDeadline, copying, this.#context, this.#leased?.lease);
  }

  /** Whether the handler ran, successfully or not. */
  get handled(): boolean {
    return this.#handled;
  }

  /** The number of this attempt among those that count, from 1; undefined until the request is claimed. */
  get countedAttempt(): number | undefined {
    return this.#leased?.countedAttempt;
  }

  /** How long the request waits for its next attempt, as its record says; undefined if it doesn't. */
  get retrySeconds(): number | undefined {
    return this.#leased?.retrySeconds;
  }

  /** Whether its handler has saved a checkpoint, in this attempt or an earlier one. */
  get hasCheckpoint(): boolean {
    return this.#leased?.hasCheckpoint ?? false;
  }

  async #endUnclaimed(claim: Unclaimed): Promise<AttemptEnd> {
    switch (claim.status) {
      case 'version_too_old':
        throw new VersionTooOld();
      case 'too_early':
        throw new TooEarly(claim.notBefore);
      case 'other_payload':
        throw new RequestIdReused();
      case 'running':
        throw new RequestLeased(secondsUntil(claim.leaseEndsAt, this.#now()));
      case 'finished': {
        const { ports, deadline } = this.#context;
        if (claim.otherPayload) {
          const fields = requestFields(this.#request);
          ports.logger.warn('A message has another payload than its request, which has ended', { ...fields });
        }
        const outcome = await this.#results.restore(claim.outcome, deadline.handlerDeadline);
        return { outcome, deadLetter: claim.deadLetter };
      }
    }
  }

  /** A request counts as waiting until its first attempt starts. */
  #countStarted({ request, lease }: LeasedRequest): void {
    const { limiter, deadline } = this.#context;
    const isFirst = lease.attempt === 1 && !lease.continued;
    if (isFirst && lease.request.countsAsWaiting) limiter.countStarted(request, deadline);
  }

  /** Runs the handler under a heartbeat, and ends or releases the request. */
  async #runHandler(leased: LeasedRequest, permit: Permit): Promise<AttemptEnd> {
    const { deadline, metrics, leases, message } = this.#context;
    const { request, lease } = leased;
    const startedAt = this.#now();
    lease.noteRun({});
    if (!lease.continued) metrics?.measureWait(Math.max(message.sentAt, request.notBefore ?? 0));
    let ending: Ending;
    try {
      await using heartbeat = leases.keep(lease, deadline);
      const { lost } = heartbeat;
      const running = runHandler(leased, this.#context, { lost, onHandle: () => this.#noteHandled() });
      ending = await leased.before(deadline.handlerDeadline, running);
    } catch (error) {
      return leased.release(error);
    } finally {
      if (this.#handled) permit.free();
      metrics?.measureServiceTime(startedAt);
    }
    return leased.complete(ending);
  }

  #noteHandled(): void {
    this.#handled = true;
    this.#context.meter?.add({ handled: 1 });
  }

  get #results(): ResultKeeper {
    const { settings, ports } = this.#context;
    return this.#leased?.results ?? new ResultKeeper(this.#request, settings, ports);
  }

  #now(): number {
    return this.#context.ports.clock.now();
  }
}
