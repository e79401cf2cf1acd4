import { CancelledByClient, PauseUntil } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError, summarizeError } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import { isTooOld } from '../config/min-version.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { type Ending, expiry, failure, type Outcome, outcomeOf } from '../model/outcome.ts';
import type { Exhaustion } from '../model/record-event.ts';
import { isExpired } from '../model/request-record.ts';
import { secondsUntil } from '../model/retry.ts';
import { type HandlerWrites, WritesFailed } from '../ports/handler-writes.ts';
import type { Lease } from '../records/lease.ts';
import { beforeSignal, ofTable } from './attempt-calls.ts';
import type { AttemptContext, AttemptCounts } from './attempt-context.ts';
import type { AttemptEnd } from './attempt-end.ts';
import {
  AttemptSuspended,
  AttemptsExhausted,
  AttemptTimedOut,
  LeaseLost,
  MinVersionUnmet,
  type NotBeforeRefused,
  StillLeased,
  serviceResponseOf,
  TopicRefused,
} from './errors.ts';
import { deliveryCountOf, isLastDelivery } from './job.ts';
import { blocksItsGroup } from './ordering.ts';
import { OutcomeRecovery } from './outcome-recovery.ts';
import { ResultKeeper } from './result-keeper.ts';

/** What the metadata of an uploaded object says about its request, as attributes say it about others. */
export type ObjectFacts = TraceContext & Pick<DecodedRequest, 'topic'>;

/** A request that an attempt has leased: records how it ends, or releases it for the next attempt. */
export class LeasedRequest implements AttemptCounts {
  readonly lease: Lease;
  readonly #context: AttemptContext;
  #request: DecodedRequest;
  #retrySeconds: number | undefined;
  /** Set once the handler has completed the request, or found that it has ended. */
  #committed: AttemptEnd | undefined;

  constructor(request: DecodedRequest, lease: Lease, context: AttemptContext) {
    this.#request = request;
    this.lease = lease;
    this.#context = context;
  }

  get request(): DecodedRequest {
    return this.#request;
  }

  /** The number of this attempt among those that count, from 1. */
  get countedAttempt(): number {
    return this.lease.countedAttempt;
  }

  /** Whether its handler has saved a checkpoint, in this attempt or an earlier one. */
  get hasCheckpoint(): boolean {
    return this.lease.record.checkpoint !== undefined;
  }

  /** How long the request waits for its next attempt, as its record says; undefined if it doesn't. */
  get retrySeconds(): number | undefined {
    return this.#retrySeconds;
  }

  get results(): ResultKeeper {
    const { settings, ports } = this.#context;
    return new ResultKeeper(this.#request, settings, ports);
  }

  /** Adds what only the object of the payload says. */
  describe(facts: ObjectFacts): void {
    this.#request = { ...this.#request, ...facts };
  }

  /** Awaits a call until a signal. @throws AttemptTimedOut if the signal fires first */
  before<Value>(signal: AbortSignal, call: Promise<Value>): Promise<Value> {
    return beforeSignal(signal, call, this.#context, this.lease);
  }

  /** Ends a request that no handler is to run. @returns undefined for any other request @param refusal why it can't wait */
  async endUnrun(refusal: NotBeforeRefused | undefined): Promise<AttemptEnd | undefined> {
    const { takenOver, continued, attempt } = this.lease;
    const { handlerVersion } = this.#context.settings;
    const { minVersion } = this.#request;
    const recovered = takenOver ? await this.#recoverOutcome() : undefined;
    if (recovered) {
      this.lease.noteRun({ unrun: true, recovered: true });
      return this.#record(recovered);
    }
    if (refusal) return this.complete(failure(refusal, 0));
    // Between its slices, a request has started.
    if (!continued && isExpired(this.#request, this.#now())) return this.complete(expiry(attempt));
    if (isTooOld(this.#request, handlerVersion)) {
      return this.#completeRefused(new MinVersionUnmet(minVersion, handlerVersion));
    }
    const attempts = this.countedAttempt - 1;
    const isSpent = this.#areAttemptsUsedUp(attempts) || isLastDelivery(this.#context.message);
    return isSpent ? this.#completeExhausted(attempts) : undefined;
  }

  /** Ends the request, unless its handler did. @throws StillLeased if that can't be recorded */
  async complete(ending: Ending): Promise<AttemptEnd> {
    return this.#committed ?? this.#record(this.#outcomeOf(ending));
  }

  /**
   * Ends the request together with writes of its handler, in one transaction.
   * @throws LeaseLost or CancelledByClient if another end was recorded, or what the writes failed with
   */
  async commit(ending: Ending, writes: HandlerWrites): Promise<void> {
    const outcome = this.#outcomeOf(ending);
    const completing = ofTable(this.lease.complete(outcome, undefined, writes), this.#context);
    const recorded = await completing.catch((error) => {
      throw error instanceof WritesFailed ? error.cause : error;
    });
    if (!recorded) throw new LeaseLost();
    this.#committed = await this.#endBy(recorded, outcome);
    if (recorded === outcome) return;
    throw recorded.status === 'cancelled' ? new CancelledByClient() : new LeaseLost();
  }

  /**
   * Releases the request after an error, unless its handler was abandoned and may still be running: then the lease expires. After
   * the last attempt, the request ends.
   * @returns the outcome of the request if it has ended: by its handler, by a client that cancelled it, or by another attempt
   * @throws the error of the attempt otherwise
   */
  async release(error: unknown): Promise<AttemptEnd> {
    if (this.#committed) return this.#committed;
    if (error instanceof AttemptTimedOut) throw error;
    if (error instanceof AttemptSuspended) return this.#endSuspended(error);
    if (error instanceof TopicRefused) return this.#completeRefused(error);
    const { circuit, message } = this.#context;
    const uncounted = circuit.failed(error, deliveryCountOf(message));
    if (!uncounted && this.#areAttemptsUsedUp(this.countedAttempt)) {
      return this.#completeExhausted(this.countedAttempt, { thrown: error });
    }
    return this.#releaseForRetry(error, uncounted);
  }

  /**
   * Finds the outcome of the previous attempt, if its handler finished. If the search fails, the lease is kept until it
   * expires, so that the next attempt takes over and searches again.
   */
  async #recoverOutcome(): Promise<Outcome | undefined> {
    const { handlerDeadline } = this.#context.deadline;
    try {
      const outcome = await this.before(handlerDeadline, this.#recovery.find(handlerDeadline));
      return outcome && (await this.results.restore(outcome, handlerDeadline));
    } catch (error) {
      return this.#keepLease(error);
    }
  }

  /** Ends the request because this processor can't run it. Its message is dead-lettered, so it can be redriven. */
  #completeRefused(refusal: MinVersionUnmet | TopicRefused): Promise<AttemptEnd> {
    this.lease.noteRun({ unrun: true });
    const outcome = this.#outcomeOf(failure(refusal, this.countedAttempt - 1));
    return this.#record(outcome, { error: summarizeError(refusal) });
  }

  /**
   * Ends the request because it has no attempts left.
   * @param attempts how many it had, not counting a claim that only records the end
   * @param last what the last attempt threw. @default the latest error that an attempt reported
   */
  #completeExhausted(attempts: number, last?: Thrown): Promise<AttemptEnd> {
    const { takenOver, lastError, continued } = this.lease;
    const error = last && summarizeError(last.thrown);
    const isSilent = error === undefined && takenOver;
    const response = last && serviceResponseOf(last.thrown);
    const exhausted = new AttemptsExhausted(attempts, error ?? lastError, isSilent, response);
    const started = continued ? this.countedAttempt : attempts;
    return this.#record(this.#outcomeOf(failure(exhausted, started)), { error });
  }

  async #releaseForRetry(error: unknown, uncounted: boolean): Promise<AttemptEnd> {
    const { recordDeadline } = this.#context.deadline;
    const retrySeconds = this.#context.retrySeconds(error, this);
    const nextAttemptAt =
      error instanceof PauseUntil ? error.until.getTime() : this.#now() + retrySeconds * 1000;
    const releasing = this.lease.release(error, uncounted, nextAttemptAt);
    const outcome = await this.before(recordDeadline, releasing).catch((refusal) => {
      this.#warn('The lease could not be released', refusal);
      return this.#keepLease(error);
    });
    this.#retrySeconds = retrySeconds;
    if (!outcome) throw error;
    return this.#endBy(outcome);
  }

  /** The checkpoint has released the request. @throws the error, unless the request was cancelled meanwhile */
  #endSuspended(error: AttemptSuspended): AttemptEnd {
    const { record, deadLetter } = this.lease;
    if (!record.outcome) throw error;
    return { outcome: record.outcome, deadLetter };
  }

  /** Records the outcome. @returns the end of the request, which is another one if that was recorded first */
  async #record(outcome: Outcome, attemptsExhausted?: Exhaustion): Promise<AttemptEnd> {
    const { recordDeadline } = this.#context.deadline;
    const completing = ofTable(this.lease.complete(outcome, attemptsExhausted), this.#context);
    const recorded = await this.before(recordDeadline, completing).catch(async (error) => {
      // The next attempt finds out by itself that there are no more attempts.
      if (!attemptsExhausted) await this.#keepOutcome(outcome);
      return this.#keepLease(error);
    });
    if (!recorded) throw new LeaseLost();
    return this.#endBy(recorded, outcome);
  }

  /** The end by an outcome that was recorded. @param own the outcome of this attempt, which needs no restoring */
  async #endBy(recorded: Outcome, own?: Outcome): Promise<AttemptEnd> {
    const { recordDeadline } = this.#context.deadline;
    const outcome = recorded === own ? own : await this.results.restore(recorded, recordDeadline);
    return { outcome, deadLetter: this.lease.deadLetter };
  }

  /** Stores the outcome for the next attempt, since it couldn't be recorded. */
  async #keepOutcome(outcome: Outcome): Promise<void> {
    const { responseDeadline } = this.#context.deadline;
    const keeping = this.#recovery.keep(outcome, responseDeadline);
    await this.before(responseDeadline, keeping).catch((error) => {
      this.#warn('The outcome could be neither recorded nor kept for the next attempt', error);
    });
  }

  /** @throws StillLeased, since no other attempt can take the request before the lease expires */
  #keepLease(error: unknown): never {
    throw new StillLeased(secondsUntil(this.lease.endsAt, this.#now()), error);
  }

  get #recovery(): OutcomeRecovery {
    const { settings, ports } = this.#context;
    return new OutcomeRecovery(this.#request, this.lease.createdAt, ports.store, settings.resultPrefix);
  }

  #areAttemptsUsedUp(attempts: number): boolean {
    const { settings, message } = this.#context;
    return attempts >= settings.maxAttempts && !blocksItsGroup(message, settings, this.#now());
  }

  #outcomeOf(ending: Ending): Outcome {
    return outcomeOf(this.#request, ending, this.#now(), this.lease.redrives);
  }

  #warn(message: string, error: unknown): void {
    const fields = { ...requestFields(this.#request), error: serializeError(error) };
    this.#context.ports.logger.warn(message, fields);
  }

  #now(): number {
    return this.#context.ports.clock.now();
  }
}

/** What an attempt threw, which may be undefined. */
interface Thrown {
  readonly thrown: unknown;
}
