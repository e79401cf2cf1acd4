import { PauseUntil } from '../base/errors.ts';
import { Semaphore } from '../base/semaphore.ts';
import { type ErrorSummary, summarizeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import type { Permit } from '../limits/permit.ts';
import type { Decoded } from '../model/decoded-request.ts';
import { type Disposition, leastAdvanced, UNTOUCHED } from '../model/disposition.ts';
import type { Outcome } from '../model/outcome.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { Processor } from '../processor/handler.ts';
import { RequestRecords } from '../records/request-records.ts';
import { decode } from '../wire/decode.ts';
import { Attempt } from './attempt.ts';
import type { AttemptContext, AttemptCounts } from './attempt-context.ts';
import { AttemptSpan } from './attempt-tracing.ts';
import { BatchMetrics } from './batch-metrics.ts';
import { Circuit } from './circuit-breaker.ts';
import type { Deadline } from './deadline.ts';
import { EndPublisher } from './end-publisher.ts';
import type { EnginePorts } from './engine-ports.ts';
import { AttemptSuspended, AttemptTimedOut, TooEarly, VersionTooOld } from './errors.ts';
import { FailureEventPublisher } from './failure-event-publisher.ts';
import { deliveryCountOf, isLastDelivery, isLaterRedrive, type Job, jobKey, turnOf } from './job.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Limiter, UNLIMITED } from './limiter.ts';
import { LoadMeter } from './load-meter.ts';
import { decodeOffloaded, isOffloaded } from './offloaded.ts';
import { OperatorPauseWatch } from './operator-pause-watch.ts';
import { OutcomePublisher } from './outcome-publisher.ts';
import { type RejectedAttempt, rejectedAttempt } from './rejected-attempt.ts';
import { RetryPolicy } from './retry-policy.ts';

/** A request may start: its slot and its permit. */
interface Start {
  readonly slot: Disposable;
  readonly permit: Permit;
}

/** How a rehearsed attempt ended: with the outcome of its request, or with an error that a retry would follow. */
export interface RehearsedAttempt {
  readonly request: RequestIdentity;
  readonly outcome?: Outcome;
  readonly error?: ErrorSummary;
}

/** A job that is running. */
interface RunningJob {
  readonly job: Job;
  readonly disposition: Promise<Disposition>;
}

/**
 * Runs a processor over messages, for any host. A message may be acknowledged only when the outcomes of all its requests
 * are recorded and published.
 */
export class Engine {
  readonly #processor: Processor;
  readonly #settings: EngineSettings;
  readonly #ports: EnginePorts;
  readonly #semaphore: Semaphore;
  readonly #records: RequestRecords;
  readonly #leases: LeaseKeeper;
  readonly #limiter: Limiter;
  readonly #takeOvers = new Semaphore(1);
  readonly #publisher: OutcomePublisher;
  /** Opens when something that attempts need is down. */
  readonly #circuit: Circuit;
  /** Opens when the output queue is down. Separate, since a successful handler doesn't prove that the queue works. */
  readonly #outputCircuit: Circuit;
  readonly #operatorPause: OperatorPauseWatch | undefined;
  readonly #meter: LoadMeter | undefined;
  readonly #metrics: BatchMetrics | undefined;
  readonly #failureEvents: FailureEventPublisher | undefined;
  readonly #retries: RetryPolicy;
  readonly #running = new Map<string, RunningJob>();
  /** Jobs whose request was already dead-lettered: a later message of the request may be its redriven dead letter. */
  readonly #deadLettered = new WeakSet<Job>();
  /** Jobs whose outcome hasn't reached the publisher yet. */
  #unfinished = 0;

  constructor(processor: Processor, settings: EngineSettings, ports: EnginePorts) {
    this.#processor = processor;
    this.#settings = settings;
    this.#ports = ports;
    this.#semaphore = new Semaphore(settings.concurrency);
    this.#records = new RequestRecords(
      ports.records,
      () => ports.clock.now(),
      settings.recordAgeDays,
      settings.recordMetadata,
    );
    this.#leases = new LeaseKeeper(() => ports.clock.now(), ports.logger);
    this.#limiter = new Limiter(settings, ports);
    this.#publisher = new OutcomePublisher(settings, ports, () => this.#unfinished > 0);
    const circuitPorts = {
      pauses: ports.pauses,
      load: ports.load,
      now: () => ports.clock.now(),
      logger: ports.logger,
    };
    this.#circuit = new Circuit(settings, circuitPorts);
    this.#outputCircuit = new Circuit({ ...settings, failureRatePercent: undefined }, circuitPorts);
    this.#operatorPause =
      ports.operatorPauses &&
      new OperatorPauseWatch({
        pauses: ports.operatorPauses,
        now: () => ports.clock.now(),
        logger: ports.logger,
      });
    this.#meter = ports.load && new LoadMeter(ports.load, () => ports.clock.now(), ports.logger);
    this.#metrics = ports.metrics && new BatchMetrics(ports.metrics, () => ports.clock.now(), ports.logger);
    this.#failureEvents =
      ports.failureBus &&
      new FailureEventPublisher(ports.failureBus, {
        serviceName: settings.serviceName,
        random: ports.random,
        logger: ports.logger,
      });
    this.#retries = new RetryPolicy({ settings, ports, limiter: this.#limiter, metrics: this.#metrics });
  }

  /**
   * Runs the requests of a message: decode → claim → open → run handler → keep result → complete → publish. Never
   * rejects.
   * @param deadline may be shared by messages
   * @returns how the host must settle the message
   */
  async run(message: ReceivedMessage, deadline: Deadline): Promise<Disposition> {
    this.#metrics?.countReceived();
    const jobs = decode(message, this.#settings).map((decoded) => ({ decoded, message }));
    const disposition = leastAdvanced(await Promise.all(jobs.map((job) => this.#runOnce(job, deadline))));
    if (disposition.action === 'retry') this.#metrics?.countRedelivered();
    return disposition;
  }

  /**
   * Makes one attempt at each request of a message, for an engine whose ports keep nothing. Takes no permits, publishes
   * nothing and doesn't settle the message. Never rejects.
   */
  async rehearse(message: ReceivedMessage, deadline: Deadline): Promise<RehearsedAttempt[]> {
    const jobs = decode(message, this.#settings).map((decoded) => ({ decoded, message }));
    return (await Promise.all(jobs.map((job) => this.#rehearse(job, deadline)))).flat();
  }

  /**
   * The delay of a message with the disposition `retry`. Call it when the message is settled and not before: messages that
   * run at the same time may open the circuit.
   */
  retrySeconds(message: ReceivedMessage, afterSeconds: number): number {
    // A pause of an operator may end early. While it lasts, this process receives nothing.
    return this.#retries.afterPause(message, afterSeconds, this.#circuitSecondsLeft);
  }

  /** Seconds until the pause ends; 0 unless something that every request needs is down, or an operator paused processing. */
  get secondsLeft(): number {
    return Math.max(this.#circuitSecondsLeft, this.#operatorPause?.secondsLeft ?? 0);
  }

  get #circuitSecondsLeft(): number {
    return Math.max(this.#circuit.secondsLeft, this.#outputCircuit.secondsLeft);
  }

  /** Starts to measure how long messages hold slots. @returns a function that stops the measurement */
  measureSlots(): () => void {
    return this.#meter?.measureSlots(this.#settings.concurrency) ?? (() => {});
  }

  /**
   * Sends what was collected (a due pause, metrics, failure events) and checks whether an operator has paused processing.
   * Call it at the end of a batch, or regularly. Never rejects.
   * @param signal fires when there is no time left to wait for responses
   */
  async flush(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#circuit.flush(signal),
      this.#outputCircuit.flush(signal),
      this.#meter?.flush(signal),
      this.#failureEvents?.flush(signal),
      this.#limiter.flush(signal),
      this.#operatorPause?.refresh(signal),
    ]);
    this.#metrics?.emit();
  }

  /** Messages with the same request share a run, so that a duplicate costs nothing. */
  async #runOnce(job: Job, deadline: Deadline): Promise<Disposition> {
    const key = jobKey(job);
    for (let running = this.#running.get(key); running; running = this.#running.get(key)) {
      const disposition = await running.disposition;
      if (!this.#mayRedrive(job, running.job)) return this.#retries.withinRetention(disposition, job.message);
    }
    const run = isOffloaded(job.decoded) ? this.#runOffloaded(job, deadline) : this.#runJob(job, deadline);
    const disposition = run.finally(() => this.#running.delete(key));
    this.#running.set(key, { job, disposition });
    return disposition;
  }

  /** Whether a job may redrive the request of a job that just ran. */
  #mayRedrive({ message }: Job, before: Job): boolean {
    if (isLaterRedrive(message, before.message)) return true;
    // A dead letter without room for the number of its redrive is recognized by being sent later.
    return this.#deadLettered.has(before) && message.sentAt > before.message.sentAt;
  }

  async #runJob(job: Job, deadline: Deadline): Promise<Disposition> {
    const span = this.#startSpan(job);
    const attempt = this.#attemptAt(job, { deadline, span });
    this.#unfinished++;
    let publishing: Promise<Disposition>;
    try {
      const start = await this.#prepareStart(job, deadline);
      if ('action' in start) return start;
      using _slot = start.slot;
      using permit = start.permit;
      using _time = this.#meterAttempt(attempt);
      const { outcome, deadLetter } = await attempt.run(permit);
      const copied = await attempt.copyForConsumer(outcome);
      span.end(outcome);
      if (deadLetter === 'known') this.#deadLettered.add(job);
      if (attempt.handled && outcome.status === 'succeeded') this.#circuit.succeeded();
      publishing = this.#endPublisher(deadline).publish({ outcome: copied, deadLetter }, job);
    } catch (error) {
      endSpan(span, error);
      return this.#retries.settle(error, job, deadline, attempt);
    } finally {
      this.#finish();
    }
    return publishing.then(
      (disposition) => {
        this.#meter?.add({ completed: 1 });
        return disposition;
      },
      (error) => this.#retries.settle(error, job, deadline, attempt),
    );
  }

  #attemptAt(
    { decoded, message }: Job,
    given: Pick<AttemptContext, 'deadline' | 'span' | 'isRehearsal'>,
  ): Attempt | RejectedAttempt {
    if ('rejection' in decoded) return rejectedAttempt(decoded, message, this.#ports.clock);
    const retrySeconds = (error: unknown, attempt: AttemptCounts) =>
      this.#retries.retrySeconds(error, attempt, message);
    return new Attempt(decoded, { ...this.#context(), ...given, message, retrySeconds });
  }

  async #rehearse(job: Job, deadline: Deadline): Promise<RehearsedAttempt[]> {
    const { decoded: request } = job;
    const span = this.#startSpan(job);
    try {
      if (isOffloaded(request)) {
        const requests = (await this.#readOffloaded(job, deadline)) ?? [];
        const runs = requests.map((decoded) => this.#rehearse({ ...job, decoded }, deadline));
        return (await Promise.all(runs)).flat();
      }
      const { outcome } = await this.#attemptAt(job, { deadline, span, isRehearsal: true }).run(UNLIMITED);
      return [{ request, outcome }];
    } catch (error) {
      return [{ request, error: summarizeError(error) }];
    } finally {
      span.endRehearsed();
    }
  }

  /** Takes a slot and the permits of the request's limits. @returns how to settle the message if the request must wait */
  async #prepareStart(job: Job, deadline: Deadline): Promise<Start | Disposition> {
    const { message } = job;
    for (;;) {
      const slot = await this.#semaphore.acquire(turnOf(job), deadline.startDeadline);
      if (!slot) return UNTOUCHED;
      using unused = new DisposableStack();
      unused.use(slot);
      if (this.#mustWait(message)) return UNTOUCHED;
      const permit = await this.#limiter.acquire(job, deadline);
      if ('free' in permit) {
        unused.move();
        return { slot, permit };
      }
      unused.dispose();
      if (!(await this.#limiter.waitShortly(permit, deadline))) return this.#retries.awaitTurn(job, permit);
    }
  }

  /** Reads a message that an extended client stored, and runs its requests. */
  async #runOffloaded(job: Job, deadline: Deadline): Promise<Disposition> {
    this.#unfinished++;
    let runs: readonly Promise<Disposition>[];
    try {
      const decoded = await this.#readOffloaded(job, deadline);
      if (decoded === undefined) return UNTOUCHED;
      runs = decoded.map((each) => this.#runOnce({ ...job, decoded: each }, deadline));
    } catch (error) {
      return this.#retries.settle(error, job, deadline);
    } finally {
      // Its requests are counted separately. If it stayed counted, their outcomes would wait for it.
      this.#finish();
    }
    return leastAdvanced(await Promise.all(runs));
  }

  /**
   * Reads a message that an extended client stored. If that still fails at the last delivery, the request runs without
   * the object and fails.
   * @returns undefined if the message must go back unread
   */
  async #readOffloaded(job: Job, deadline: Deadline): Promise<readonly Decoded[] | undefined> {
    const { decoded, message } = job;
    using slot = await this.#semaphore.acquire(turnOf(job), deadline.startDeadline);
    if (!slot || this.#mustWait(message)) return undefined;
    if (!isOffloaded(decoded)) return [decoded];
    const { handlerDeadline } = deadline;
    const { store } = this.#ports;
    try {
      const reading = decodeOffloaded(decoded, message, store, this.#settings, handlerDeadline);
      return await unlessAborted(reading, handlerDeadline, () => {
        throw new AttemptTimedOut(0);
      });
    } catch (error) {
      this.#circuit.failed(error, deliveryCountOf(message));
      if (!isLastDelivery(message)) throw error;
      return [{ ...decoded, offloaded: undefined }];
    }
  }

  /**
   * Whether no more requests may start. A message at its last delivery runs even during a pause: if it went back, the queue
   * would dead-letter it, and its failure would never be published.
   */
  #mustWait(message: ReceivedMessage): boolean {
    const isPaused = this.secondsLeft > 0 && !isLastDelivery(message);
    if (isPaused) this.#metrics?.countDeferred();
    return isPaused;
  }

  /** After the last of several jobs, outcomes no longer wait for others to share their call. */
  #finish(): void {
    if (--this.#unfinished === 0) setImmediate(() => this.#publisher.flush());
  }

  /** Measures how long an attempt holds its slot, if its handler runs. */
  #meterAttempt(attempt: { readonly handled: boolean }): Disposable {
    const { clock } = this.#ports;
    const startedAt = clock.now();
    return {
      [Symbol.dispose]: () => {
        if (attempt.handled) this.#meter?.addAttempt(clock.now() - startedAt);
      },
    };
  }

  #context() {
    return {
      processor: this.#processor,
      settings: this.#settings,
      ports: this.#ports,
      records: this.#records,
      publisher: this.#publisher,
      circuit: this.#circuit,
      metrics: this.#metrics,
      meter: this.#meter,
      leases: this.#leases,
      limiter: this.#limiter,
      takeOvers: this.#takeOvers,
    };
  }

  #endPublisher(deadline: Deadline): EndPublisher {
    return new EndPublisher({
      settings: this.#settings,
      ports: this.#ports,
      records: this.#records,
      publisher: this.#publisher,
      circuit: this.#outputCircuit,
      metrics: this.#metrics,
      failureEvents: this.#failureEvents,
      deadline,
    });
  }

  #startSpan({ decoded, message }: Job): AttemptSpan {
    const { source, clock } = this.#ports;
    return new AttemptSpan({
      request: decoded,
      messageId: message.id,
      attempt: deliveryCountOf(message),
      handlerVersion: this.#settings.handlerVersion,
      source,
      now: () => clock.now(),
    });
  }
}

/** A request that was left to another time or to other code was not attempted, so its span never starts. */
function endSpan(span: AttemptSpan, error: unknown): void {
  if (error instanceof VersionTooOld || error instanceof TooEarly) return;
  if (error instanceof AttemptSuspended) span.endSuspended();
  else if (error instanceof PauseUntil) span.endPaused();
  else span.endRetried(error);
}
