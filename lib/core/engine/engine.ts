import { RequestIdReused } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { Semaphore } from '../base/semaphore.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import type { Decoded } from '../model/decoded-request.ts';
import { ACK, type Disposition, leastAdvanced, UNTOUCHED } from '../model/disposition.ts';
import { failure, outcomeOf } from '../model/outcome.ts';
import type { QueueMessage, ReceivedMessage } from '../model/received-message.ts';
import { longestWaitSeconds } from '../model/retry.ts';
import type { Processor } from '../processor/handler.ts';
import { RequestRecords } from '../records/request-records.ts';
import { decode } from '../wire/decode.ts';
import { Attempt, type AttemptEnd } from './attempt.ts';
import { attemptDelaySeconds } from './attempt-retry.ts';
import { AttemptSpan } from './attempt-tracing.ts';
import { BatchMetrics } from './batch-metrics.ts';
import { Circuit } from './circuit-breaker.ts';
import type { Deadline } from './deadline.ts';
import { EndPublisher } from './end-publisher.ts';
import type { EnginePorts } from './engine-ports.ts';
import { AttemptTimedOut, RequestLeased, StillLeased } from './errors.ts';
import { FailureEvents } from './failure-events.ts';
import { deliveryCountOf, isLastDelivery, isLaterRedrive, type Job, jobKey } from './job.ts';
import { LoadMeter } from './load-meter.ts';
import { decodeOffloaded, isOffloaded } from './offloaded.ts';
import { OutcomePublisher } from './outcome-publisher.ts';

/** How long after a pause what has failed comes back at the latest, if not for the sake of its own wait. */
const LONGEST_STEP_BACK_SECONDS = 60;

/** A job that is running. */
interface RunningJob {
  readonly job: Job;
  readonly disposition: Promise<Disposition>;
}

/**
 * Runs a processor over messages, whatever host they come from. A message is to be acknowledged only when the outcomes
 * of all its requests are recorded and published.
 */
export class Engine {
  readonly #processor: Processor;
  readonly #settings: EngineSettings;
  readonly #ports: EnginePorts;
  readonly #semaphore: Semaphore;
  readonly #records: RequestRecords;
  readonly #publisher: OutcomePublisher;
  /** Of what attempts need. */
  readonly #circuit: Circuit;
  /** Of the output queue: an attempt that succeeds says nothing of that, nor need it wait until its outcome is sent. */
  readonly #outputCircuit: Circuit;
  readonly #meter: LoadMeter | undefined;
  readonly #metrics: BatchMetrics | undefined;
  readonly #failureEvents: FailureEvents | undefined;
  readonly #running = new Map<string, RunningJob>();
  /** Jobs whose request was dead-lettered before: a later message of it may be its dead letter, redriven. */
  readonly #deadLettered = new WeakSet<Job>();
  /** Jobs whose outcome isn't handed to the publisher yet. */
  #unfinished = 0;

  constructor(processor: Processor, settings: EngineSettings, ports: EnginePorts) {
    this.#processor = processor;
    this.#settings = settings;
    this.#ports = ports;
    this.#semaphore = new Semaphore(settings.concurrency);
    this.#records = new RequestRecords(ports.records, () => ports.clock.now(), settings.recordAgeDays);
    this.#publisher = new OutcomePublisher(settings, ports, () => this.#unfinished > 0);
    const circuitPorts = { pauses: ports.pauses, now: () => ports.clock.now(), logger: ports.logger };
    this.#circuit = new Circuit(settings, circuitPorts);
    this.#outputCircuit = new Circuit({ ...settings, failureRatePercent: undefined }, circuitPorts);
    this.#meter = ports.load && new LoadMeter(ports.load, () => ports.clock.now(), ports.logger);
    this.#metrics = ports.metrics && new BatchMetrics(ports.metrics, () => ports.clock.now(), ports.logger);
    this.#failureEvents =
      ports.failureBus &&
      new FailureEvents(ports.failureBus, {
        serviceName: settings.serviceName,
        random: ports.random,
        logger: ports.logger,
      });
  }

  /**
   * Runs the requests of a message: decode → claim → open → run handler → keep result → complete → publish. Never
   * rejects.
   * @param deadline may be shared by messages
   * @returns how the host is to settle the message
   */
  async run(message: ReceivedMessage, deadline: Deadline): Promise<Disposition> {
    this.#metrics?.countReceived();
    const jobs = decode(message, this.#settings).map((decoded) => ({ decoded, message }));
    const disposition = leastAdvanced(await Promise.all(jobs.map((job) => this.#runOnce(job, deadline))));
    if (disposition.action === 'retry') this.#metrics?.countRedelivered();
    return disposition;
  }

  /**
   * Seconds until a message with the disposition `retry` is to come back. To be asked when it is settled, not before:
   * what runs at the same time may find that nothing can run for a while. What has failed comes after what hasn't been
   * tried, so that requests that can't succeed hold up no others.
   */
  retrySeconds(message: QueueMessage, afterSeconds: number): number {
    const { secondsLeft } = this;
    if (secondsLeft === 0) return afterSeconds;
    const longest = this.#longestWaitSeconds(message);
    const stepBack = Math.min(afterSeconds, LONGEST_STEP_BACK_SECONDS);
    return Math.max(afterSeconds, Math.min(secondsLeft + stepBack, longest));
  }

  /** Seconds until anything may be begun: 0 unless what every request needs is down. */
  get secondsLeft(): number {
    return Math.max(this.#circuit.secondsLeft, this.#outputCircuit.secondsLeft);
  }

  /** Begins to measure how long messages hold the process. @returns ends it */
  measureSlots(): () => void {
    return this.#meter?.measureSlots(this.#settings.concurrency) ?? (() => {});
  }

  /**
   * Passes on what was collected: a pause that is due, figures, failure events. To be called at the end of a batch,
   * or now and then. Never rejects.
   * @param signal fires when there is no time left to wait for answers
   */
  async flush(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#circuit.flush(signal),
      this.#outputCircuit.flush(signal),
      this.#meter?.flush(signal),
      this.#failureEvents?.flush(signal),
    ]);
    this.#metrics?.emit();
  }

  /** Messages that bring the same request share a run, so that a duplicate costs nothing. */
  async #runOnce(job: Job, deadline: Deadline): Promise<Disposition> {
    const key = jobKey(job);
    for (let running = this.#running.get(key); running; running = this.#running.get(key)) {
      const disposition = await running.disposition;
      if (!this.#mayRedrive(job, running.job)) return this.#withinRetention(disposition, job.message);
    }
    const run = isOffloaded(job.decoded) ? this.#runOffloaded(job, deadline) : this.#runJob(job, deadline);
    const disposition = run.finally(() => this.#running.delete(key));
    this.#running.set(key, { job, disposition });
    return disposition;
  }

  /** A message that shares a run may be older than the one that was run. */
  #withinRetention(disposition: Disposition, message: QueueMessage): Disposition {
    if (disposition.action !== 'retry') return disposition;
    return {
      action: 'retry',
      afterSeconds: Math.min(disposition.afterSeconds, this.#longestWaitSeconds(message)),
    };
  }

  #longestWaitSeconds({ sentAt }: QueueMessage): number {
    return longestWaitSeconds(sentAt, this.#settings.inputRetentionSeconds, this.#ports.clock.now());
  }

  /** Whether a job may redrive a request of which another one was just run. */
  #mayRedrive({ message }: Job, before: Job): boolean {
    if (isLaterRedrive(message, before.message)) return true;
    // A dead letter without room for its redrive is known by being sent later.
    return this.#deadLettered.has(before) && message.sentAt > before.message.sentAt;
  }

  async #runJob(job: Job, deadline: Deadline): Promise<Disposition> {
    const { decoded, message } = job;
    const span = this.#startSpan(job);
    const context = { ...this.#context(deadline), span };
    const attempt = 'rejection' in decoded ? undefined : new Attempt(decoded, message, context);
    this.#unfinished++;
    let publishing: Promise<Disposition>;
    try {
      using _slot = await this.#semaphore.acquire(deliveryCountOf(message));
      if (this.#mustWait(message, deadline)) return UNTOUCHED;
      const { outcome, deadLetter } = await (attempt ? attempt.run() : this.#endOfRejected(job));
      const copied = attempt ? await attempt.copyForConsumer(outcome) : outcome;
      span.end(outcome);
      if (deadLetter === 'known') this.#deadLettered.add(job);
      if (attempt?.handled && outcome.status === 'succeeded') this.#circuit.succeeded();
      publishing = this.#endPublisher(deadline).publish({ outcome: copied, deadLetter }, job);
    } catch (error) {
      span.endRetried(error);
      return this.#settleFailure(error, job, attempt);
    } finally {
      this.#finish();
    }
    return publishing.then(
      (disposition) => {
        this.#meter?.add({ completed: 1 });
        return disposition;
      },
      (error) => this.#settleFailure(error, job, attempt),
    );
  }

  /** Runs the requests of a message that an extended client stored: which there are is known once it is read. */
  async #runOffloaded(job: Job, deadline: Deadline): Promise<Disposition> {
    this.#unfinished++;
    let runs: readonly Promise<Disposition>[];
    try {
      const decoded = await this.#readOffloaded(job, deadline);
      if (decoded === undefined) return UNTOUCHED;
      runs = decoded.map((each) => this.#runOnce({ ...job, decoded: each }, deadline));
    } catch (error) {
      return this.#settleFailure(error, job, undefined);
    } finally {
      // Its requests count for themselves: counted on, it would have their outcomes wait for it.
      this.#finish();
    }
    return leastAdvanced(await Promise.all(runs));
  }

  /**
   * A message that can't be read until its last delivery is given up as it is known without its object.
   * @returns undefined when it is to go back unread
   */
  async #readOffloaded(
    { decoded, message }: Job,
    deadline: Deadline,
  ): Promise<readonly Decoded[] | undefined> {
    using _slot = await this.#semaphore.acquire(deliveryCountOf(message));
    if (this.#mustWait(message, deadline)) return undefined;
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
      if (!isLastDelivery(message, this.#settings.maxAttempts)) throw error;
      return [{ ...decoded, offloaded: undefined }];
    }
  }

  /**
   * Whether nothing more may be begun. A message that the queue is about to move to the dead-letter queue is run all
   * the same: sent back, its failure would never be published.
   */
  #mustWait(message: ReceivedMessage, { handlerStop }: Deadline): boolean {
    if (handlerStop.aborted) return true;
    const isPaused = this.secondsLeft > 0 && !isLastDelivery(message, this.#settings.maxAttempts);
    if (isPaused) this.#metrics?.countDeferred();
    return isPaused;
  }

  /** When the last of several jobs is done, nothing that waits for others to share its call waits any longer. */
  #finish(): void {
    if (--this.#unfinished === 0) setImmediate(() => this.#publisher.flush());
  }

  #endOfRejected({ decoded, message }: Job): AttemptEnd {
    if (!('rejection' in decoded)) throw new TypeError('The request is not rejected');
    const ending = failure(decoded.rejection, deliveryCountOf(message));
    return { outcome: outcomeOf(decoded, ending, this.#ports.clock.now()), deadLetter: 'no' };
  }

  #settleFailure(error: unknown, { decoded, message }: Job, attempt: Attempt | undefined): Disposition {
    const { random, logger } = this.#ports;
    if (error instanceof RequestIdReused) {
      // Its request has its own message, which is still to come: this one has nothing to add.
      const { code, message: detail } = error;
      logger.warn('Message dropped', { ...requestFields(decoded), messageIds: [message.id], code, detail });
      return ACK;
    }
    // What isn't counted as an attempt makes for a longer wait all the same.
    const attemptNumber = Math.max(attempt?.countedAttempt ?? 1, deliveryCountOf(message));
    const afterSeconds = Math.min(
      message.source.maxDelaySeconds,
      attemptDelaySeconds(error, attemptNumber, this.#settings, random()),
      this.#longestWaitSeconds(message),
    );
    const thrown = serializeError(error instanceof StillLeased ? error.cause : error);
    logger.warn('Attempt failed, to be tried again', {
      ...requestFields(decoded),
      code: thrown.code,
      attempt: attemptNumber,
      delaySeconds: afterSeconds,
      error: thrown,
    });
    // A duplicate that found another attempt at work has made none itself.
    if (!(error instanceof RequestLeased)) this.#metrics?.countRetried();
    return { action: 'retry', afterSeconds };
  }

  #context(deadline: Deadline) {
    return {
      processor: this.#processor,
      settings: this.#settings,
      ports: this.#ports,
      records: this.#records,
      circuit: this.#circuit,
      metrics: this.#metrics,
      meter: this.#meter,
      deadline,
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
      source,
      now: () => clock.now(),
    });
  }
}
