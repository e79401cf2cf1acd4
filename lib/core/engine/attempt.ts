import {
  CoatcheckError,
  PayloadChanged,
  type PermanentError,
  RequestIdReused,
  StoreUnavailable,
} from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { type ErrorSummary, serializeError, summarizeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import { isLastReceive } from '../config/receive-budget.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { type Ending, expiry, failure, type Outcome, outcomeOf } from '../model/outcome.ts';
import { type PinnedPayload, pinnedPayloadOf } from '../model/pinned-payload.ts';
import type { Delivery } from '../model/received-message.ts';
import {
  bringsOther,
  type DeadLetter,
  type GivingUp,
  isExpired,
  type RecordedRequest,
  type RequestRecord,
  storedPayloadOf,
} from '../model/request-record.ts';
import { secondsUntil } from '../model/retry.ts';
import type { Lease } from '../records/lease.ts';
import type { Claimant } from '../records/request-records.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import type { AttemptTools } from './attempt-context.ts';
import { AttemptsExhausted, AttemptTimedOut, LeaseLost, RequestLeased, StillLeased } from './errors.ts';
import { LeftBehind } from './outcome-recovery.ts';
import { namesNoVersion, withVersion } from './pin-version.ts';
import { ResultKeeper } from './result-keeper.ts';
import { Work } from './run-handler.ts';

/** How an attempt found or made the end of its request. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly deadLetter: DeadLetter;
}

/** One attempt at one request: claim, work, complete. */
export class Attempt {
  #request: DecodedRequest;
  readonly #tools: AttemptTools;
  readonly #delivery: Delivery;

  /** @param delivery the request's message; of several the one sent last */
  constructor(request: DecodedRequest, delivery: Delivery, tools: AttemptTools) {
    this.#request = request;
    this.#delivery = delivery;
    this.#tools = tools;
  }

  /**
   * Brings the request to its end. Whatever it throws means: not ended, to be tried again.
   * @throws RequestIdReused when its message isn't the request's own and brings another payload, which must not be run
   * @throws RetryLater, AttemptTimedOut, StillLeased, or what the handler or a port threw
   */
  async run(): Promise<AttemptEnd> {
    const { outcome, deadLetter } = await this.#recorded();
    const { settling } = this.#tools.shift;
    return {
      outcome: await this.#before(settling, this.#results.copyForConsumer(outcome, settling)),
      deadLetter,
    };
  }

  async #recorded(): Promise<AttemptEnd> {
    const { records, shift } = this.#tools;
    const brought = await this.#pin();
    const claiming = records.claim(this.#claimant(brought), shift.leaseEndsAt);
    const claim = await this.#before(shift.over, this.#ofTable(claiming));
    switch (claim.status) {
      case 'other_payload':
        throw new RequestIdReused();
      case 'finished':
        if (claim.otherPayload) this.#warn('A request that has ended came again with another payload');
        return {
          outcome: await this.#results.restore(claim.outcome, shift.over),
          deadLetter: claim.deadLetter,
        };
      case 'running':
        throw new RequestLeased(secondsUntil(claim.leaseEndsAt, this.#now()));
      case 'claimed': {
        const outcome = await this.#underLease(claim.lease, brought);
        return { outcome, deadLetter: claim.lease.deadLetter };
      }
    }
  }

  /** What the message pins its request to, the version of its payload included. */
  async #pin(): Promise<PinnedPayload | undefined> {
    const { ports, settings, shift } = this.#tools;
    if (namesNoVersion(this.#request)) {
      const finding = withVersion(this.#request, ports.store, settings.claimCheckSources, shift.over);
      this.#request = await this.#before(shift.over, finding);
    }
    return pinnedPayloadOf(this.#request, this.#delivery);
  }

  #claimant(pinned: PinnedPayload | undefined): Claimant {
    const { sentAt, attempt, attributes } = this.#delivery;
    const redrives = attributes[ATTRIBUTES.deadLetterRedrives];
    return {
      ...this.#request,
      sentAt,
      pinned,
      goneBefore: this.#goneBefore,
      redelivered: attempt > 1,
      ...(redrives !== undefined && { deadLetterOf: Number(redrives) }),
    };
  }

  /** A message sent before that has left the queue, in milliseconds since 1970. */
  get #goneBefore(): number {
    return this.#now() - this.#tools.settings.inputRetentionSeconds * 1000;
  }

  /** The request with the payload it was begun with; undefined when that is gone. */
  #begun(record: RequestRecord, brought: PinnedPayload | undefined): DecodedRequest | undefined {
    if (!bringsOther(record, { payload: brought })) return this.#request;
    const payload = storedPayloadOf(record, brought);
    return payload && { ...this.#request, payload };
  }

  async #underLease(lease: Lease, brought: PinnedPayload | undefined): Promise<Outcome> {
    const { traceparent, tracestate, callbackUrl, expiresAt } = lease.request;
    this.#request = { ...this.#request, traceparent, tracestate, callbackUrl, expiresAt };
    const begun = this.#begun(lease.record, brought);
    // If that fails the lease runs out, so that whoever is next takes over and looks as well.
    let outcome = lease.takenOver
      ? await this.#foundBehind(lease).catch((error) => this.#keepLease(error))
      : undefined;
    if (!outcome && this.#isSpent(lease)) return this.#giveUp(lease, lease.countedAttempt - 1);
    if (!outcome && !begun) return this.#complete(lease, this.#failure(lease, new PayloadChanged()));
    this.#request = heldToSize(begun ?? this.#request, lease.request);
    try {
      outcome ??= await this.#worked(lease);
    } catch (error) {
      return this.#release(lease, error);
    }
    return this.#complete(lease, outcome);
  }

  /** Whether it must not be tried again; what has expired ends as that. */
  #isSpent(lease: Lease): boolean {
    const { maxAttempts } = this.#tools.settings;
    const isSpent = lease.countedAttempt > maxAttempts || isLastReceive(this.#delivery.attempt, maxAttempts);
    return isSpent && !isExpired(this.#request, this.#now());
  }

  #failure(lease: Lease, error: PermanentError): Outcome {
    return outcomeOf(this.#request, failure(error, lease.attempt), this.#now(), lease.redrives);
  }

  /**
   * Ends the request as one that has no attempts left.
   * @param attempts those it had: a lease that is taken to say so is none
   * @param error what the last one threw; where that isn't known, what the latest one that reported threw
   */
  #giveUp(lease: Lease, attempts: number, error?: ErrorSummary): Promise<Outcome> {
    const isSilent = error === undefined && lease.takenOver;
    const exhausted = new AttemptsExhausted(attempts, error ?? lease.lastError, isSilent);
    const ending = failure(exhausted, attempts);
    const outcome = outcomeOf(this.#request, ending, this.#now(), lease.redrives);
    return this.#complete(lease, outcome, { error });
  }

  /** The outcome of the attempt this one took over from, if that had got so far. */
  async #foundBehind(lease: Lease): Promise<Outcome | undefined> {
    const { over } = this.#tools.shift;
    const outcome = await this.#before(over, this.#leftBehind(lease).find(over));
    return outcome && this.#results.restore(outcome, over);
  }

  /**
   * Given up when the shift is over, even if the handler isn't done: what ends later is dropped before it is
   * recorded.
   */
  async #worked(lease: Lease): Promise<Outcome> {
    const ending = isExpired(this.#request, this.#now()) ? expiry(lease.attempt) : await this.#work(lease);
    return outcomeOf(this.#request, ending, this.#now(), lease.redrives);
  }

  async #work(lease: Lease): Promise<Ending> {
    const { shift, metrics } = this.#tools;
    const startedAt = this.#now();
    metrics?.began(this.#delivery.sentAt);
    const work = new Work(this.#request, lease, this.#tools);
    try {
      return await this.#before(shift.over, work.ending());
    } finally {
      this.#request = { ...this.#request, ...work.trace };
      metrics?.worked(startedAt);
    }
  }

  /**
   * Gives the request back, unless its handler was given up and may still be running: then the lease runs out. After the
   * last attempt it ends.
   * @returns the outcome the request has, if it has ended: it was to be cancelled, or another attempt was first
   * @throws what the attempt failed of
   */
  async #release(lease: Lease, error: unknown): Promise<Outcome> {
    if (error instanceof AttemptTimedOut) throw error;
    const { circuit, shift, settings } = this.#tools;
    const { settling } = shift;
    const uncounted = circuit.failed(error, this.#delivery.attempt);
    if (!uncounted && lease.countedAttempt >= settings.maxAttempts) {
      return this.#giveUp(lease, lease.countedAttempt, summarizeError(error));
    }
    const outcome = await this.#before(settling, lease.release(error, uncounted)).catch((refusal) => {
      this.#warn('The lease could not be given back', refusal);
      return this.#keepLease(error);
    });
    if (!outcome) throw error;
    return this.#results.restore(outcome, settling);
  }

  /** @returns the outcome the request has, which is another's if that came first */
  async #complete(lease: Lease, outcome: Outcome, givenUp?: GivingUp): Promise<Outcome> {
    const { settling } = this.#tools.shift;
    const recorded = await this.#before(settling, this.#ofTable(lease.complete(outcome, givenUp))).catch(
      async (error) => {
        // That there are no more attempts, whoever is next finds out without being told.
        if (!givenUp) await this.#leaveBehind(lease, outcome);
        return this.#keepLease(error);
      },
    );
    if (!recorded) throw new LeaseLost();
    return recorded === outcome ? outcome : this.#results.restore(recorded, settling);
  }

  /** The handler has done its work and the record can't say so, perhaps for want of an answer until the last moment. */
  async #leaveBehind(lease: Lease, outcome: Outcome): Promise<void> {
    const { closing } = this.#tools.shift;
    await this.#before(closing, this.#leftBehind(lease).leave(outcome, closing)).catch((error) => {
      this.#warn('The outcome could be neither recorded nor left behind', error);
    });
  }

  /** @throws StillLeased, since nobody can take the request before the lease is over */
  #keepLease(error: unknown): never {
    throw new StillLeased(secondsUntil(this.#tools.shift.leaseEndsAt, this.#now()), error);
  }

  /** @throws StoreUnavailable for what isn't an answer of ours */
  async #ofTable<Value>(done: Promise<Value>): Promise<Value> {
    try {
      return await done;
    } catch (error) {
      if (error instanceof CoatcheckError) throw error;
      const unavailable = new StoreUnavailable('The request table', error);
      this.#tools.circuit.failed(unavailable, this.#delivery.attempt);
      throw unavailable;
    }
  }

  /** @throws AttemptTimedOut when the signal fires first */
  #before<Value>(signal: AbortSignal, done: Promise<Value>): Promise<Value> {
    return unlessAborted(done, signal, () => {
      throw new AttemptTimedOut(secondsUntil(this.#tools.shift.leaseEndsAt, this.#now()));
    });
  }

  #leftBehind({ createdAt }: Lease): LeftBehind {
    const { settings, ports } = this.#tools;
    return new LeftBehind(this.#request, createdAt, ports.store, settings.resultPrefix);
  }

  get #results(): ResultKeeper {
    const { settings, ports } = this.#tools;
    return new ResultKeeper(this.#request, settings, ports);
  }

  #warn(message: string, error?: unknown): void {
    const fields = {
      ...requestFields(this.#request),
      ...(error !== undefined && { error: serializeError(error) }),
    };
    this.#tools.ports.logger.warn(message, fields);
  }

  #now(): number {
    return this.#tools.ports.clock.now();
  }
}

/** A payload that was uploaded by a ticket has the size its client said, no more and no less. */
function heldToSize(request: DecodedRequest, { uploadBytes }: RecordedRequest): DecodedRequest {
  const { payload } = request;
  if (uploadBytes === undefined || !('key' in payload)) return request;
  return { ...request, payload: { ...payload, size: uploadBytes } };
}
