import { CoatcheckError, PayloadChanged, RequestIdReused, StoreUnavailable } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { type ErrorSummary, serializeError, summarizeError } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { type Ending, expiry, failure, type Outcome, outcomeOf } from '../model/outcome.ts';
import { type PinnedPayload, pinnedPayloadOf } from '../model/pinned-payload.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import {
  bringsOther,
  type DeadLetterState,
  type GivingUp,
  isExpired,
  type RecordedRequest,
  storedPayloadOf,
} from '../model/request-record.ts';
import { secondsUntil } from '../model/retry.ts';
import type { Lease } from '../records/lease.ts';
import type { Claim, Claimant } from '../records/request-records.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptsExhausted, AttemptTimedOut, LeaseLost, RequestLeased, StillLeased } from './errors.ts';
import { deliveryCountOf, isLastDelivery } from './job.ts';
import { keepLease } from './lease-heartbeat.ts';
import { OutcomeRecovery } from './outcome-recovery.ts';
import { namesNoVersion, withVersion } from './pin-version.ts';
import { ResultKeeper } from './result-keeper.ts';
import { type RunObserver, runHandler } from './run-handler.ts';

/** How an attempt found or made the end of its request. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly deadLetter: DeadLetterState;
}

/** One attempt at one request. */
export class Attempt implements RunObserver {
  #request: DecodedRequest;
  #lease: Lease | undefined;
  #handled = false;
  readonly #message: ReceivedMessage;
  readonly #context: AttemptContext;

  constructor(request: DecodedRequest, message: ReceivedMessage, context: AttemptContext) {
    this.#request = request;
    this.#message = message;
    this.#context = context;
  }

  /**
   * Brings the request to its end: claim → open → run handler → keep result → complete. Whatever it throws means: not
   * ended, to be tried again.
   * @throws RequestIdReused when its message isn't the request's own and brings another payload, which must not be run
   * @throws RetryLater, AttemptTimedOut, StillLeased, or what the handler or a port threw
   */
  async run(): Promise<AttemptEnd> {
    const brought = await this.#pinPayload();
    const claim = await this.#claim(brought);
    if (claim.status !== 'claimed') return this.#endWithoutLease(claim);

    const { lease } = claim;
    this.#lease = lease;
    this.#adoptRecord(lease, brought);
    const recovered = lease.takenOver ? await this.#recoverOutcome(lease) : undefined;
    if (recovered) return this.#complete(lease, recovered);
    if (this.#isSpent(lease)) return this.#giveUp(lease, lease.countedAttempt - 1);
    if (isExpired(this.#request, this.#now()))
      return this.#complete(lease, this.#outcomeOf(expiry(lease.attempt)));

    const { deadline, metrics } = this.#context;
    const startedAt = this.#now();
    metrics?.measureWait(this.#message.sentAt);
    let ending: Ending;
    try {
      await using heartbeat = keepLease(lease, this.#message, this.#context);
      const running = runHandler(this.#request, lease, this.#context, heartbeat.lost, this);
      ending = await this.#before(deadline.handlerDeadline, running);
    } catch (error) {
      return this.#release(lease, error);
    } finally {
      metrics?.measureServiceTime(startedAt);
    }
    return this.#complete(lease, this.#outcomeOf(ending));
  }

  /** The outcome as its consumers can read it: of a raw result that they delete, a copy of its own. */
  copyForConsumer(outcome: Outcome): Promise<Outcome> {
    const { recordDeadline } = this.#context.deadline;
    return this.#before(recordDeadline, this.#results.copyForConsumer(outcome, recordDeadline));
  }

  /** Whether the handler ran, even if nothing came of it. */
  get handled(): boolean {
    return this.#handled;
  }

  /** Which attempt it is of those that count, from 1; undefined until the request is claimed. */
  get countedAttempt(): number | undefined {
    return this.#lease?.countedAttempt;
  }

  onOpen(trace: TraceContext): void {
    this.#request = { ...this.#request, ...trace };
  }

  onHandle(): void {
    this.#handled = true;
    this.#context.meter?.add({ handled: 1 });
  }

  /** What the message pins its request to, the version of its payload included. */
  async #pinPayload(): Promise<PinnedPayload | undefined> {
    const { ports, settings, deadline } = this.#context;
    const { handlerDeadline } = deadline;
    if (namesNoVersion(this.#request)) {
      const finding = withVersion(this.#request, ports.store, settings.claimCheckSources, handlerDeadline);
      this.#request = await this.#before(handlerDeadline, finding);
    }
    return pinnedPayloadOf(this.#request, this.#message);
  }

  #claim(brought: PinnedPayload | undefined): Promise<Claim> {
    const { records, deadline } = this.#context;
    const claiming = records.claim(this.#claimant(brought), deadline.leaseEndsAt(this.#now()));
    return this.#before(deadline.handlerDeadline, this.#ofTable(claiming));
  }

  #claimant(pinned: PinnedPayload | undefined): Claimant {
    const { sentAt, attributes } = this.#message;
    const redrives = attributes[ATTRIBUTES.deadLetterRedrives];
    return {
      ...this.#request,
      sentAt,
      pinned,
      goneBefore: this.#goneBefore,
      redelivered: deliveryCountOf(this.#message) > 1,
      ...(redrives !== undefined && { deadLetterOf: Number(redrives) }),
    };
  }

  /** A message sent before that has left the queue, in milliseconds since 1970. */
  get #goneBefore(): number {
    return this.#now() - this.#context.settings.inputRetentionSeconds * 1000;
  }

  async #endWithoutLease(claim: Exclude<Claim, { status: 'claimed' }>): Promise<AttemptEnd> {
    switch (claim.status) {
      case 'other_payload':
        throw new RequestIdReused();
      case 'running':
        throw new RequestLeased(secondsUntil(claim.leaseEndsAt, this.#now()));
      case 'finished': {
        if (claim.otherPayload) this.#warn('A request that has ended came again with another payload');
        const outcome = await this.#results.restore(claim.outcome, this.#context.deadline.handlerDeadline);
        return { outcome, deadLetter: claim.deadLetter };
      }
    }
  }

  /** Takes over what the record knows better than the message, the payload that the request was begun with among it. */
  #adoptRecord({ record, request: recorded }: Lease, brought: PinnedPayload | undefined): void {
    const { traceparent, tracestate, callbackUrl, expiresAt } = recorded;
    const payload = bringsOther(record, { payload: brought })
      ? (storedPayloadOf(record, brought) ?? { unreadable: new PayloadChanged() })
      : this.#request.payload;
    this.#request = heldToSize(
      { ...this.#request, traceparent, tracestate, callbackUrl, expiresAt, payload },
      recorded,
    );
  }

  /**
   * The outcome of the attempt this one took over from, if that had got so far. If looking for it fails, the lease runs
   * out, so that the next attempt takes over and looks as well.
   */
  async #recoverOutcome(lease: Lease): Promise<Outcome | undefined> {
    const { handlerDeadline } = this.#context.deadline;
    try {
      const finding = this.#recovery(lease).find(handlerDeadline);
      const outcome = await this.#before(handlerDeadline, finding);
      return outcome && (await this.#results.restore(outcome, handlerDeadline));
    } catch (error) {
      return this.#keepLease(lease, error);
    }
  }

  /** Whether it must not be tried again; what has expired ends as that. */
  #isSpent(lease: Lease): boolean {
    const { maxAttempts } = this.#context.settings;
    const isSpent = lease.countedAttempt > maxAttempts || isLastDelivery(this.#message, maxAttempts);
    return isSpent && !isExpired(this.#request, this.#now());
  }

  #outcomeOf(ending: Ending): Outcome {
    return outcomeOf(this.#request, ending, this.#now(), this.#lease?.redrives);
  }

  /**
   * Ends the request as one that has no attempts left.
   * @param attempts those it had: a lease that is taken to record that is none
   * @param error what the last one threw; where that isn't known, what the latest one that reported threw
   */
  #giveUp(lease: Lease, attempts: number, error?: ErrorSummary): Promise<AttemptEnd> {
    const isSilent = error === undefined && lease.takenOver;
    const exhausted = new AttemptsExhausted(attempts, error ?? lease.lastError, isSilent);
    return this.#complete(lease, this.#outcomeOf(failure(exhausted, attempts)), { error });
  }

  /**
   * Gives the request back, unless its handler was given up and may still be running: then the lease runs out. After the
   * last attempt the request ends.
   * @returns the outcome the request has, if it has ended: it was to be cancelled, or another attempt was first
   * @throws what the attempt failed of
   */
  async #release(lease: Lease, error: unknown): Promise<AttemptEnd> {
    if (error instanceof AttemptTimedOut) throw error;
    const { circuit, deadline, settings } = this.#context;
    const { recordDeadline } = deadline;
    const uncounted = circuit.failed(error, deliveryCountOf(this.#message));
    if (!uncounted && lease.countedAttempt >= settings.maxAttempts) {
      return this.#giveUp(lease, lease.countedAttempt, summarizeError(error));
    }
    const outcome = await this.#before(recordDeadline, lease.release(error, uncounted)).catch((refusal) => {
      this.#warn('The lease could not be given back', refusal);
      return this.#keepLease(lease, error);
    });
    if (!outcome) throw error;
    return { outcome: await this.#results.restore(outcome, recordDeadline), deadLetter: lease.deadLetter };
  }

  /** @returns the outcome the request has, which is another's if that came first */
  async #complete(lease: Lease, outcome: Outcome, givenUp?: GivingUp): Promise<AttemptEnd> {
    const { recordDeadline } = this.#context.deadline;
    const completing = this.#ofTable(lease.complete(outcome, givenUp));
    const recorded = await this.#before(recordDeadline, completing).catch(async (error) => {
      // That there are no more attempts, the next one finds out by itself.
      if (!givenUp) await this.#keepOutcome(lease, outcome);
      return this.#keepLease(lease, error);
    });
    if (!recorded) throw new LeaseLost();
    const published = recorded === outcome ? outcome : await this.#results.restore(recorded, recordDeadline);
    return { outcome: published, deadLetter: lease.deadLetter };
  }

  /** The handler is done and the record can't say so, perhaps for want of an answer until the last moment. */
  async #keepOutcome(lease: Lease, outcome: Outcome): Promise<void> {
    const { responseDeadline } = this.#context.deadline;
    const keeping = this.#recovery(lease).keep(outcome, responseDeadline);
    await this.#before(responseDeadline, keeping).catch((error) => {
      this.#warn('The outcome could be neither recorded nor kept for the next attempt', error);
    });
  }

  /** @throws StillLeased, since no other attempt can take the request before the lease is over */
  #keepLease(lease: Lease, error: unknown): never {
    throw new StillLeased(secondsUntil(lease.endsAt, this.#now()), error);
  }

  /** @throws StoreUnavailable for what isn't an answer of ours */
  async #ofTable<Value>(done: Promise<Value>): Promise<Value> {
    try {
      return await done;
    } catch (error) {
      if (error instanceof CoatcheckError) throw error;
      const unavailable = new StoreUnavailable('The request table', error);
      this.#context.circuit.failed(unavailable, deliveryCountOf(this.#message));
      throw unavailable;
    }
  }

  /** @throws AttemptTimedOut when the signal fires first */
  #before<Value>(signal: AbortSignal, done: Promise<Value>): Promise<Value> {
    return unlessAborted(done, signal, () => {
      const endsAt = this.#lease?.endsAt ?? this.#context.deadline.leaseEndsAt(this.#now());
      throw new AttemptTimedOut(secondsUntil(endsAt, this.#now()));
    });
  }

  #recovery({ createdAt }: Lease): OutcomeRecovery {
    const { settings, ports } = this.#context;
    return new OutcomeRecovery(this.#request, createdAt, ports.store, settings.resultPrefix);
  }

  get #results(): ResultKeeper {
    const { settings, ports } = this.#context;
    return new ResultKeeper(this.#request, settings, ports);
  }

  #warn(message: string, error?: unknown): void {
    const fields = {
      ...requestFields(this.#request),
      ...(error !== undefined && { error: serializeError(error) }),
    };
    this.#context.ports.logger.warn(message, fields);
  }

  #now(): number {
    return this.#context.ports.clock.now();
  }
}

/** A payload that was uploaded by a ticket has the size its client said, no more and no less. */
function heldToSize(request: DecodedRequest, { uploadBytes }: RecordedRequest): DecodedRequest {
  const { payload } = request;
  if (uploadBytes === undefined || !('key' in payload)) return request;
  return { ...request, payload: { ...payload, size: uploadBytes } };
}
