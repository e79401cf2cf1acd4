import {
  CancelledByClient,
  CoatcheckError,
  PauseUntil,
  PayloadChanged,
  RequestIdReused,
  StoreUnavailable,
} from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError, summarizeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import { isTooOld } from '../config/min-version.ts';
import type { Permit } from '../limits/permit.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { isEarly } from '../model/not-before.ts';
import { type Ending, expiry, failure, type Outcome, outcomeOf } from '../model/outcome.ts';
import { type PinnedPayload, pinnedPayloadOf } from '../model/pinned-payload.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import type { Exhaustion } from '../model/record-event.ts';
import { bringsOther, storedPayloadOf } from '../model/record-transition.ts';
import { type DeadLetterState, isExpired, type RecordedRequest } from '../model/request-record.ts';
import { termsOf } from '../model/request-terms.ts';
import { secondsUntil } from '../model/retry.ts';
import { WritesFailed } from '../ports/handler-writes.ts';
import type { Lease } from '../records/lease.ts';
import type { Claim, Claimant } from '../records/request-records.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import type { AttemptContext, AttemptCounts } from './attempt-context.ts';
import type { RecordEnding } from './completion.ts';
import {
  AttemptSuspended,
  AttemptsExhausted,
  AttemptTimedOut,
  LeaseLost,
  MinVersionUnmet,
  NotBeforeRefused,
  RequestLeased,
  StillLeased,
  serviceResponseOf,
  TooEarly,
  TopicRefused,
  VersionTooOld,
} from './errors.ts';
import { deliveryCountOf, isLastDelivery } from './job.ts';
import { blocksItsGroup } from './ordering.ts';
import { OutcomeRecovery } from './outcome-recovery.ts';
import { namesNoVersion, withVersion } from './pin-version.ts';
import { ResultKeeper } from './result-keeper.ts';
import { type ObjectFacts, type RunObserver, runHandler } from './run-handler.ts';
import { TakeOverTurn } from './take-over-turn.ts';
import { mayAwaitVersion } from './version-wait.ts';
import { waitProblem } from './wait-problem.ts';

/** How a request ended, in this attempt or in an earlier one. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly deadLetter: DeadLetterState;
}

/** One attempt at one request. */
export class Attempt implements RunObserver, AttemptCounts {
  #request: DecodedRequest;
  #lease: Lease | undefined;
  #handled = false;
  #retrySeconds: number | undefined;
  /** Set once the handler has completed the request, or found that it has ended. */
  #completed: AttemptEnd | undefined;
  readonly #message: ReceivedMessage;
  readonly #context: AttemptContext;

  constructor(request: DecodedRequest, message: ReceivedMessage, context: AttemptContext) {
    this.#request = request;
    this.#message = message;
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
    const isEarlyMessage = isEarly(this.#request, this.#now());
    if (!isEarlyMessage && this.#awaitsVersion && this.#isTooOld) throw new VersionTooOld();
    const brought = await this.#pinPayload();
    using turn = new TakeOverTurn(this.#context.takeOvers);
    let claim = await this.#claim(brought, turn);
    const unwaitable = claim.status === 'too_early' ? this.#waitRefusal(claim.notBefore) : undefined;
    if (unwaitable) claim = await this.#claim(brought, turn, true);
    if (claim.status !== 'claimed') return this.#endWithoutLease(claim);

    const { lease } = claim;
    this.#lease = lease;
    this.#adoptRecord(lease, brought);
    if (lease.request.countsAsWaiting) this.#countStarted(lease);
    const recovered = lease.takenOver ? await this.#recoverOutcome(lease) : undefined;
    if (recovered) {
      lease.noteRun({ unrun: true, recovered: true });
      return this.#complete(lease, recovered);
    }
    if (unwaitable) return this.#complete(lease, this.#outcomeOf(failure(unwaitable, 0)));
    // Between its slices, a request has started.
    if (!lease.continued && isExpired(this.#request, this.#now()))
      return this.#complete(lease, this.#outcomeOf(expiry(lease.attempt)));
    if (this.#isTooOld) return this.#completeUnmet(lease);
    if (this.#isSpent(lease)) return this.#completeExhausted(lease, lease.countedAttempt - 1);

    const { deadline, metrics, leases } = this.#context;
    const startedAt = this.#now();
    lease.noteRun({});
    if (!lease.continued) metrics?.measureWait(this.#dueAt);
    let ending: Ending;
    try {
      await using heartbeat = leases.keep(lease, deadline);
      const running = runHandler(this.#request, lease, this.#context, heartbeat.lost, this);
      ending = await this.#before(deadline.handlerDeadline, running);
    } catch (error) {
      return this.#completed ?? this.#release(lease, error);
    } finally {
      if (this.#handled) permit.free();
      metrics?.measureServiceTime(startedAt);
    }
    return this.#completed ?? this.#complete(lease, this.#outcomeOf(ending));
  }

  /** Prepares an outcome for its consumers. They delete raw results, so each publication gets its own copy. */
  copyForConsumer(outcome: Outcome): Promise<Outcome> {
    const { recordDeadline } = this.#context.deadline;
    return this.#before(recordDeadline, this.#results.copyForConsumer(outcome, recordDeadline));
  }

  /** Whether the handler ran, successfully or not. */
  get handled(): boolean {
    return this.#handled;
  }

  /** The number of this attempt among those that count, from 1; undefined until the request is claimed. */
  get countedAttempt(): number | undefined {
    return this.#lease?.countedAttempt;
  }

  /** How long the request waits for its next attempt, as its record says; undefined if it doesn't. */
  get retrySeconds(): number | undefined {
    return this.#retrySeconds;
  }

  /** Whether its handler has saved a checkpoint, in this attempt or an earlier one. */
  get hasCheckpoint(): boolean {
    return this.#lease?.record.checkpoint !== undefined;
  }

  onOpen(facts: ObjectFacts): void {
    this.#request = { ...this.#request, ...facts };
  }

  onHandle(): void {
    this.#handled = true;
    this.#context.meter?.add({ handled: 1 });
  }

  readonly onComplete: RecordEnding = async (ending, writes) => {
    const lease = this.#lease;
    if (!lease) throw new LeaseLost();
    const outcome = this.#outcomeOf(ending);
    const recorded = await this.#ofTable(lease.complete(outcome, undefined, writes)).catch((error) => {
      throw error instanceof WritesFailed ? error.cause : error;
    });
    if (!recorded) throw new LeaseLost();
    this.#completed = await this.#endOf(lease, recorded, outcome);
    if (recorded === outcome) return;
    throw recorded.status === 'cancelled' ? new CancelledByClient() : new LeaseLost();
  };

  /** Pins the payload of the message, including its version. */
  async #pinPayload(): Promise<PinnedPayload | undefined> {
    const { ports, settings, deadline } = this.#context;
    const { handlerDeadline } = deadline;
    if (namesNoVersion(this.#request)) {
      const finding = withVersion(this.#request, ports.store, settings.claimCheckSources, handlerDeadline);
      this.#request = await this.#before(handlerDeadline, finding);
    }
    return pinnedPayloadOf(this.#request, this.#message);
  }

  #claim(brought: PinnedPayload | undefined, turn: TakeOverTurn, mayBeEarly?: boolean): Promise<Claim> {
    const { records, deadline } = this.#context;
    const leaseEndsAt = () => deadline.leaseEndsAt(this.#now());
    const waitToTakeOver = async () => {
      await turn.take(deadline.startDeadline);
      return leaseEndsAt();
    };
    // A host without heartbeats runs batches, and isolates the messages that may have crashed one by itself.
    const isBatched = deadline.leaseSeconds === undefined;
    const claiming = records.claim(
      { ...this.#claimant(brought), mayBeEarly },
      leaseEndsAt(),
      isBatched ? undefined : waitToTakeOver,
    );
    return this.#before(deadline.handlerDeadline, this.#ofTable(claiming));
  }

  #claimant(pinned: PinnedPayload | undefined): Claimant {
    const { sentAt, attributes } = this.#message;
    const redrives = attributes[ATTRIBUTES.deadLetterRedrives];
    return {
      ...this.#request,
      handlerVersion: this.#context.settings.handlerVersion,
      awaitsVersion: this.#awaitsVersion,
      sentAt,
      pinned,
      goneBefore: this.#goneBefore,
      redelivered: deliveryCountOf(this.#message) > 1,
      ...(redrives !== undefined && { deadLetterOf: Number(redrives) }),
    };
  }

  /** The queue has deleted all messages sent before this time, in milliseconds since 1970. */
  get #goneBefore(): number {
    return this.#now() - this.#context.settings.inputRetentionSeconds * 1000;
  }

  async #endWithoutLease(claim: Exclude<Claim, { status: 'claimed' }>): Promise<AttemptEnd> {
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
        if (claim.otherPayload) this.#warn('A message has another payload than its request, which has ended');
        const outcome = await this.#results.restore(claim.outcome, this.#context.deadline.handlerDeadline);
        return { outcome, deadLetter: claim.deadLetter };
      }
    }
  }

  /** Takes from the record what the message may lack, including the payload that the request was started with. */
  #adoptRecord({ record, request: recorded }: Lease, brought: PinnedPayload | undefined): void {
    const payload = bringsOther(record, { payload: brought })
      ? (storedPayloadOf(record, brought) ?? { unreadable: new PayloadChanged() })
      : this.#request.payload;
    this.#request = withAnnouncedSize({ ...this.#request, ...termsOf(recorded), payload }, recorded);
  }

  /**
   * Finds the outcome of the previous attempt, if its handler finished. If the search fails, the lease is kept until it
   * expires, so that the next attempt takes over and searches again.
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

  /** A request counts as waiting until its first attempt starts. */
  #countStarted({ attempt, continued }: Lease): void {
    const { limiter, deadline } = this.#context;
    if (attempt === 1 && !continued) limiter.countStarted(this.#request, deadline);
  }

  /** Whether its attempts, or the deliveries of its message, are used up. */
  #isSpent(lease: Lease): boolean {
    return this.#areAttemptsUsedUp(lease.countedAttempt - 1) || isLastDelivery(this.#message);
  }

  #areAttemptsUsedUp(attempts: number): boolean {
    const { settings } = this.#context;
    return attempts >= settings.maxAttempts && !blocksItsGroup(this.#message, settings, this.#now());
  }

  /** Why the message can't wait until the request may start; undefined if it can. */
  #waitRefusal(notBefore: number): NotBeforeRefused | undefined {
    const reason = waitProblem(this.#message, notBefore, this.#context.settings, this.#now());
    return reason === undefined ? undefined : new NotBeforeRefused(notBefore, reason);
  }

  /** Since when the request waits for an attempt, in milliseconds since 1970. */
  get #dueAt(): number {
    return Math.max(this.#message.sentAt, this.#request.notBefore ?? 0);
  }

  /** Whether the request asks for newer code. */
  get #isTooOld(): boolean {
    return isTooOld(this.#request, this.#context.settings.handlerVersion);
  }

  get #awaitsVersion(): boolean {
    const { handlerVersion } = this.#context.settings;
    return mayAwaitVersion(this.#request, this.#message, handlerVersion, this.#now());
  }

  #completeUnmet(lease: Lease): Promise<AttemptEnd> {
    const { minVersion } = this.#request;
    return this.#completeRefused(
      lease,
      new MinVersionUnmet(minVersion, this.#context.settings.handlerVersion),
    );
  }

  /** Ends the request because this processor can't run it. Its message is dead-lettered, so it can be redriven. */
  #completeRefused(lease: Lease, refusal: MinVersionUnmet | TopicRefused): Promise<AttemptEnd> {
    lease.noteRun({ unrun: true });
    const ending = failure(refusal, lease.countedAttempt - 1);
    return this.#complete(lease, this.#outcomeOf(ending), { error: summarizeError(refusal) });
  }

  #outcomeOf(ending: Ending): Outcome {
    return outcomeOf(this.#request, ending, this.#now(), this.#lease?.redrives);
  }

  /**
   * Ends the request because it has no attempts left.
   * @param attempts how many it had, not counting a claim that only records the end
   * @param last what the last attempt threw. @default the latest error that an attempt reported
   */
  #completeExhausted(lease: Lease, attempts: number, last?: Thrown): Promise<AttemptEnd> {
    const error = last && summarizeError(last.thrown);
    const isSilent = error === undefined && lease.takenOver;
    const response = last && serviceResponseOf(last.thrown);
    const exhausted = new AttemptsExhausted(attempts, error ?? lease.lastError, isSilent, response);
    const started = lease.continued ? lease.countedAttempt : attempts;
    return this.#complete(lease, this.#outcomeOf(failure(exhausted, started)), { error });
  }

  /**
   * Releases the request, unless its handler was abandoned and may still be running: then the lease expires. After the
   * last attempt, the request ends.
   * @returns the outcome of the request if it has ended: it was cancelled, or another attempt ended it first
   * @throws the error of the attempt otherwise
   */
  async #release(lease: Lease, error: unknown): Promise<AttemptEnd> {
    if (error instanceof AttemptTimedOut) throw error;
    if (error instanceof AttemptSuspended) return this.#endSuspended(lease, error);
    if (error instanceof TopicRefused) return this.#completeRefused(lease, error);
    const { circuit, deadline } = this.#context;
    const { recordDeadline } = deadline;
    const uncounted = circuit.failed(error, deliveryCountOf(this.#message));
    if (!uncounted && this.#areAttemptsUsedUp(lease.countedAttempt)) {
      return this.#completeExhausted(lease, lease.countedAttempt, { thrown: error });
    }
    const retrySeconds = this.#context.retrySeconds(error, this);
    const nextAttemptAt =
      error instanceof PauseUntil ? error.until.getTime() : this.#now() + retrySeconds * 1000;
    const releasing = lease.release(error, uncounted, nextAttemptAt);
    const outcome = await this.#before(recordDeadline, releasing).catch((refusal) => {
      this.#warn('The lease could not be released', refusal);
      return this.#keepLease(lease, error);
    });
    this.#retrySeconds = retrySeconds;
    if (!outcome) throw error;
    return { outcome: await this.#results.restore(outcome, recordDeadline), deadLetter: lease.deadLetter };
  }

  /** The checkpoint has released the request. @throws the error, unless the request was cancelled meanwhile */
  async #endSuspended({ record, deadLetter }: Lease, error: AttemptSuspended): Promise<AttemptEnd> {
    if (!record.outcome) throw error;
    return { outcome: record.outcome, deadLetter };
  }

  /** Records the outcome. @returns the end of the request, which is another one if that was recorded first */
  async #complete(lease: Lease, outcome: Outcome, attemptsExhausted?: Exhaustion): Promise<AttemptEnd> {
    const { recordDeadline } = this.#context.deadline;
    const completing = this.#ofTable(lease.complete(outcome, attemptsExhausted));
    const recorded = await this.#before(recordDeadline, completing).catch(async (error) => {
      // The next attempt finds out by itself that there are no more attempts.
      if (!attemptsExhausted) await this.#keepOutcome(lease, outcome);
      return this.#keepLease(lease, error);
    });
    if (!recorded) throw new LeaseLost();
    return this.#endOf(lease, recorded, outcome);
  }

  /** @param recorded the outcome of the request, which is another one than `own` if that was recorded first */
  async #endOf(lease: Lease, recorded: Outcome, own: Outcome): Promise<AttemptEnd> {
    const { recordDeadline } = this.#context.deadline;
    const outcome = recorded === own ? own : await this.#results.restore(recorded, recordDeadline);
    return { outcome, deadLetter: lease.deadLetter };
  }

  /** Stores the outcome for the next attempt, since it couldn't be recorded. */
  async #keepOutcome(lease: Lease, outcome: Outcome): Promise<void> {
    const { responseDeadline } = this.#context.deadline;
    const keeping = this.#recovery(lease).keep(outcome, responseDeadline);
    await this.#before(responseDeadline, keeping).catch((error) => {
      this.#warn('The outcome could be neither recorded nor kept for the next attempt', error);
    });
  }

  /** @throws StillLeased, since no other attempt can take the request before the lease expires */
  #keepLease(lease: Lease, error: unknown): never {
    throw new StillLeased(secondsUntil(lease.endsAt, this.#now()), error);
  }

  /** Awaits a call of the request table. @throws StoreUnavailable for any error of the store */
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

  /** @throws AttemptTimedOut if the signal fires first */
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

/** What an attempt threw, which may be undefined. */
interface Thrown {
  readonly thrown: unknown;
}

/** A payload that was uploaded with a ticket must have the size that the client announced. */
function withAnnouncedSize(request: DecodedRequest, { uploadBytes }: RecordedRequest): DecodedRequest {
  const { payload } = request;
  if (uploadBytes === undefined || !('key' in payload)) return request;
  return { ...request, payload: { ...payload, size: uploadBytes } };
}
