import { RequestIdReused } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { Semaphore } from '../base/semaphore.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import { isLastReceive } from '../config/receive-budget.ts';
import type { Decoded } from '../model/decoded-request.ts';
import { failure, outcomeOf } from '../model/outcome.ts';
import type { Delivery } from '../model/received-message.ts';
import { longestWaitSeconds } from '../model/retry.ts';
import type { Handler, Processor } from '../processor/handler.ts';
import { RequestRecords } from '../records/request-records.ts';
import { Attempt, type AttemptEnd } from './attempt.ts';
import { attemptDelaySeconds } from './attempt-retry.ts';
import { type AttemptSpan, traceAttempt } from './attempt-tracing.ts';
import { BatchMetrics } from './batch-metrics.ts';
import { Circuit } from './circuit-breaker.ts';
import { Shift } from './deadline.ts';
import { type Fate, fatesByDelivery, leastAdvanced, UNTOUCHED } from './disposition.ts';
import { EndPublisher } from './end-publisher.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';
import { AttemptTimedOut, RequestLeased, StillLeased } from './errors.ts';
import { FailureEvents } from './failure-events.ts';
import { triage } from './isolation.ts';
import { latestOf, receivesOf, type Task, tasksOf } from './job.ts';
import { LoadMeter } from './load-meter.ts';
import { decodeOffloaded, isOffloaded } from './offloaded.ts';
import { Announcer } from './outcome-publisher.ts';

/** How long after a pause what has failed comes back at the latest, if not for the sake of its own wait. */
const LONGEST_STEP_BACK_SECONDS = 60;

/** How a task went. */
interface Run {
  readonly fate: Promise<Fate>;
  /** Whether the handler ran, even if nothing came of it. */
  readonly handled: boolean;
}

/** Runs a processor over batches of messages. A message is done only when all its outcomes are published. */
export class Engine {
  readonly #processor: Processor;
  readonly #settings: EngineSettings;
  readonly #ports: EnginePorts;
  readonly #semaphore: Semaphore;
  readonly #records: RequestRecords;
  /** Of what attempts need. */
  readonly #circuit: Circuit;
  /** Of the output queue: an attempt that succeeds says nothing of that, nor need it wait until its outcome is sent. */
  readonly #outputCircuit: Circuit;
  readonly #meter: LoadMeter | undefined;
  readonly #metrics: BatchMetrics | undefined;
  readonly #failureEvents: FailureEvents | undefined;

  constructor(processor: Processor, settings: EngineSettings, ports: EnginePorts) {
    this.#processor = processor;
    this.#settings = settings;
    this.#ports = ports;
    this.#semaphore = new Semaphore(settings.concurrency);
    this.#records = new RequestRecords(ports.records, () => ports.clock.now(), settings.recordAgeDays);
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
   * Handles a batch; never rejects for the sake of single messages.
   * @param deadlineAt when the invocation is killed, in milliseconds since 1970
   * @returns ids of the messages that must be delivered again; every other one is done
   */
  async processBatch(deliveries: readonly Delivery[], deadlineAt: number): Promise<string[]> {
    using shift = new Shift(this.#ports.clock.now(), deadlineAt);
    const distinct = [...new Map(deliveries.map((delivery) => [delivery.id, delivery])).values()];
    const fates = await this.#processWithIsolation(distinct, shift);
    await Promise.all([
      this.#deferRetries(fates, shift),
      this.#circuit.flush(shift.closing),
      this.#outputCircuit.flush(shift.closing),
      this.#meter?.flush(shift.closing),
      this.#failureEvents?.flush(shift.closing),
    ]);
    const again = [...fates].filter(([, fate]) => fate !== 'done').map(([{ id }]) => id);
    this.#metrics?.emit(deliveries.length, again.length);
    this.#ports.logger.info('Batch processed', {
      messages: deliveries.length,
      acknowledged: distinct.length - again.length,
      redelivered: again.length,
      milliseconds: this.#ports.clock.now() - shift.startedAt,
    });
    return again;
  }

  /**
   * Suspects go after the others, one at a time, each ended for good before the next may crash. From the latest start
   * on nobody waits any more: a suspect that is only slow must have its time.
   */
  async #processWithIsolation(deliveries: readonly Delivery[], shift: Shift): Promise<Map<Delivery, Fate>> {
    const now = this.#ports.clock.now();
    const { sound, suspect } = triage(deliveries, this.#settings.visibilityTimeoutSeconds, now);
    if (suspect.length === 0) return this.#process(sound, shift);
    this.#ports.logger.warn('Messages may have crashed a process: run one at a time', {
      messageIds: suspect.map(({ id }) => id),
    });
    let last = this.#processForGood(sound, shift);
    const runs = [last];
    const waiting = [...suspect];
    while (waiting.length > 0) {
      await unlessAborted(last, shift.latestStart, () => new Map());
      last = this.#processForGood(waiting.splice(0, shift.latestStart.aborted ? waiting.length : 1), shift);
      runs.push(last);
    }
    return new Map((await Promise.all(runs)).flatMap((fates) => [...fates]));
  }

  async #processForGood(deliveries: readonly Delivery[], shift: Shift): Promise<Map<Delivery, Fate>> {
    const fates = await this.#process(deliveries, shift);
    await this.#acknowledge(fates, shift);
    return fates;
  }

  /** Runs deliveries at once, as far as concurrency goes, and publishes their outcomes together. */
  async #process(deliveries: readonly Delivery[], shift: Shift): Promise<Map<Delivery, Fate>> {
    const announcer = new Announcer(this.#settings, this.#ports);
    const publisher = new EndPublisher({
      settings: this.#settings,
      ports: this.#ports,
      records: this.#records,
      announcer,
      circuit: this.#outputCircuit,
      metrics: this.#metrics,
      failureEvents: this.#failureEvents,
      shift,
    });
    const tasks = tasksOf(deliveries, this.#settings);
    const startedAt = this.#ports.clock.now();
    const ended = await Promise.all(
      tasks.map((task) => this.#semaphore.run(receivesOf(task), () => this.#runTask(task, publisher, shift))),
    );
    announcer.drain();
    const fates = await Promise.all(ended.map(({ fate }) => fate));
    this.#measure(fates, ended.filter(({ handled }) => handled).length, startedAt);
    return fatesByDelivery(deliveries, tasks, fates);
  }

  /**
   * A slot is held until the slowest request is done: before, nothing more is given to this instance. What was ended
   * without its handler, since it had expired, say, takes next to no time, and no slot from those that are handled.
   */
  #measure(fates: readonly Fate[], handled: number, startedAt: number): void {
    const slots = Math.min(handled, this.#settings.concurrency);
    this.#meter?.add({
      completed: fates.filter((fate) => fate === 'done').length,
      handled,
      milliseconds: slots * (this.#ports.clock.now() - startedAt),
    });
  }

  /**
   * Ends when the work has; the fate follows publication. (The fate is wrapped: an async function would wait for a
   * bare promise, and publication waits for the other tasks.)
   */
  async #runTask(task: Task, publisher: EndPublisher, shift: Shift): Promise<Run> {
    if (shift.stopping.aborted) return { fate: Promise.resolve(UNTOUCHED), handled: false };
    if (this.#isPutOff(task)) {
      this.#metrics?.putOff();
      return { fate: Promise.resolve(UNTOUCHED), handled: false };
    }
    return isOffloaded(task.decoded)
      ? this.#runOffloaded(task, publisher, shift)
      : this.#runDecoded(task, publisher, shift);
  }

  /** Runs the requests of a message that an extended client stored, one after the other: most hold one. */
  async #runOffloaded(task: Task, publisher: EndPublisher, shift: Shift): Promise<Run> {
    const runs: Run[] = [];
    try {
      for (const decoded of await this.#decodeOffloaded(task, shift)) {
        runs.push(await this.#runDecoded({ ...task, decoded }, publisher, shift));
      }
    } catch (error) {
      return { fate: Promise.resolve(this.#retry(error, task)), handled: false };
    }
    return {
      fate: Promise.all(runs.map(({ fate }) => fate)).then(leastAdvanced),
      handled: runs.some(({ handled }) => handled),
    };
  }

  /**
   * Before anything is claimed: which requests there are is known only then. A message that can't be read until its last
   * receive is given up as it is known without its object.
   */
  async #decodeOffloaded(task: Task, { over }: Shift): Promise<readonly Decoded[]> {
    const { decoded } = task;
    if (!isOffloaded(decoded)) return [decoded];
    const decoding = decodeOffloaded(decoded, latestOf(task), this.#ports.store, this.#settings, over);
    try {
      return await unlessAborted(decoding, over, () => {
        throw new AttemptTimedOut(0);
      });
    } catch (error) {
      this.#circuit.failed(error, receivesOf(task));
      if (isLastReceive(receivesOf(task), this.#settings.maxAttempts)) return [decoded];
      throw error;
    }
  }

  async #runDecoded(task: Task, publisher: EndPublisher, shift: Shift): Promise<Run> {
    let handled = false;
    const processor = noticing(this.#processor, () => {
      handled = true;
    });
    try {
      const { clock, source } = this.#ports;
      const traced = {
        request: task.decoded,
        messageId: latestOf(task).id,
        attempt: receivesOf(task),
        source,
        now: () => clock.now(),
      };
      const end = await traceAttempt(traced, (span) => this.#endOf(task, processor, shift, span));
      if (handled && end.outcome.status === 'succeeded') this.#circuit.succeeded();
      const published = publisher.publish(end, task);
      const fate = published.then(
        () => 'done' as const,
        (error) => this.#retry(error, task),
      );
      return { fate, handled };
    } catch (error) {
      if (error instanceof RequestIdReused)
        return { fate: Promise.resolve(this.#drop(error, task)), handled };
      return { fate: Promise.resolve(this.#retry(error, task)), handled };
    }
  }

  /** What SQS is about to move isn't run any more: put off, its failure would never be told. */
  #isPutOff(task: Task): boolean {
    const { attempt } = latestOf(task);
    return this.#secondsLeft > 0 && !isLastReceive(attempt, this.#settings.maxAttempts);
  }

  async #endOf(task: Task, processor: Processor, shift: Shift, span: AttemptSpan): Promise<AttemptEnd> {
    const { decoded } = task;
    if (!('rejection' in decoded)) {
      const tools = {
        processor,
        settings: this.#settings,
        ports: this.#ports,
        records: this.#records,
        shift,
        circuit: this.#circuit,
        metrics: this.#metrics,
        span,
      };
      return new Attempt(decoded, latestOf(task), tools).run();
    }
    const ending = failure(decoded.rejection, receivesOf(task));
    return { outcome: outcomeOf(decoded, ending, this.#ports.clock.now()), deadLetter: 'no' };
  }

  /** Its request has its own message, which is still to come: this one has nothing to add but what isn't run. */
  #drop({ code, message: detail }: RequestIdReused, { decoded, deliveries }: Task): Fate {
    const messageIds = deliveries.map(({ id }) => id);
    this.#ports.logger.warn('Message dropped', { ...requestFields(decoded), messageIds, code, detail });
    return 'done';
  }

  #retry(error: unknown, task: Task): Fate {
    const { decoded, deliveries } = task;
    const attempt = receivesOf(task);
    const { clock, random } = this.#ports;
    const delaySeconds = Math.min(
      attemptDelaySeconds(error, attempt, this.#settings, random()),
      ...deliveries.map(({ sentAt }) =>
        longestWaitSeconds(sentAt, this.#settings.inputRetentionSeconds, clock.now()),
      ),
    );
    const thrown = serializeError(error instanceof StillLeased ? error.cause : error);
    this.#ports.logger.warn('Attempt failed, to be tried again', {
      ...requestFields(decoded),
      code: thrown.code,
      attempt,
      delaySeconds,
      error: thrown,
    });
    // A duplicate that found another attempt at work has made none itself.
    if (!(error instanceof RequestLeased)) this.#metrics?.retried();
    return delaySeconds;
  }

  async #acknowledge(fates: ReadonlyMap<Delivery, Fate>, shift: Shift): Promise<void> {
    const done = [...fates].filter(([, fate]) => fate === 'done').map(([delivery]) => delivery);
    if (done.length === 0) return;
    await this.#quietly(
      'The input queue refused to acknowledge messages',
      this.#ports.input.acknowledge(done),
      shift,
    );
  }

  async #deferRetries(fates: ReadonlyMap<Delivery, Fate>, shift: Shift): Promise<void> {
    const deferrals = [...fates].flatMap(([delivery, fate]) =>
      fate === 'done' ? [] : [{ delivery, delaySeconds: this.#waitOf(delivery, fate) }],
    );
    if (deferrals.length === 0) return;
    await this.#quietly(
      'The input queue refused to defer messages',
      this.#ports.input.defer(deferrals),
      shift,
    );
  }

  /**
   * Nothing that is to be run comes back before it may be begun. What has failed comes after what hasn't been tried, so
   * that requests that can't succeed hold up no others.
   */
  #waitOf({ sentAt }: Delivery, fate: Exclude<Fate, 'done'>): number {
    const secondsLeft = this.#secondsLeft;
    if (secondsLeft === 0) return fate;
    const { inputRetentionSeconds } = this.#settings;
    const longest = longestWaitSeconds(sentAt, inputRetentionSeconds, this.#ports.clock.now());
    return Math.max(fate, Math.min(secondsLeft + Math.min(fate, LONGEST_STEP_BACK_SECONDS), longest));
  }

  /** Seconds until anything may be begun. */
  get #secondsLeft(): number {
    return Math.max(this.#circuit.secondsLeft, this.#outputCircuit.secondsLeft);
  }

  /**
   * Without these calls messages come back later or once more, which is what happens when they fail. Waiting for an
   * answer must not cost the whole batch.
   */
  async #quietly(failure: string, done: Promise<unknown>, shift: Shift): Promise<void> {
    try {
      await unlessAborted(done, shift.closing, () => {
        throw new Error("it didn't answer before the deadline");
      });
    } catch (error) {
      this.#ports.logger.warn(failure, { error: serializeError(error) });
    }
  }
}

/** Tells when the handler is run: how an attempt ends doesn't say. */
function noticing(processor: Processor, run: () => void): Processor {
  const handler: Handler = (request) => {
    run();
    return processor.handler(request);
  };
  return { ...processor, handler };
}
