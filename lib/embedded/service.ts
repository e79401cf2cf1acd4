import type { ReceivedOutcome } from '../consumer/outcome.ts';
import { ConfigurationError } from '../core/base/errors.ts';
import { quote } from '../core/base/quote.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { assertFunction, assertText, checkOptions, listOf, SIGNAL, TEXT } from '../core/config/shape.ts';
import { Engine } from '../core/engine/engine.ts';
import { RequestNotFound, RequestRefused } from '../core/intake/errors.ts';
import { forecastOf, NO_FIGURES } from '../core/intake/forecast/forecast.ts';
import {
  RequestReader,
  SCHEDULE_OPTIONS,
  type ServiceScheduleOptions,
  type ServiceSubmitOptions,
  SUBMIT_OPTIONS,
} from '../core/intake/request-reader.ts';
import type { ScheduleView } from '../core/intake/schedules.ts';
import type { SubmitRequest } from '../core/intake/submissions.ts';
import { submitAdmitted } from '../core/intake/submit-admitted.ts';
import { recordAtEnd } from '../core/intake/wait-for-outcome.ts';
import { fullDetail } from '../core/limits/full-detail.ts';
import type { LiveLimits } from '../core/limits/live-limits.ts';
import type { Forecast } from '../core/model/forecast.ts';
import type { Rehearsal } from '../core/model/rehearsal.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { type RequestView, viewOf } from '../core/model/request-view.ts';
import type { Actions } from '../core/operations/actions.ts';
import type { ServicePause } from '../core/operations/service-pause.ts';
import type { InputQueue } from '../core/ports/message-source.ts';
import type { RecordStore } from '../core/ports/record-store.ts';
import type { Processor } from '../core/processor/handler.ts';
import type { WebhookEndpoints } from '../core/webhooks/endpoints.ts';
import { OutboxRelay } from '../outbox/outbox-relay.ts';
import { SqliteOutbox } from '../outbox/sqlite/sqlite-outbox.ts';
import { SqliteOutboxTable } from '../outbox/sqlite/table.ts';
import { SqliteRecordStore } from '../stores/sqlite/record-store.ts';
import {
  type OutcomeFilter,
  subscribe,
  subscriptionQueue,
  subscriptionsTo,
  unsubscribe,
} from '../stores/sqlite/subscriptions.ts';
import { type MessageRunner, runnerOf } from '../worker/message-runner.ts';
import { Worker } from '../worker/worker.ts';
import { type ServiceActions, serviceActions } from './actions/service-actions.ts';
import { ServiceBatches } from './batches.ts';
import { cancelRequest } from './cancel-request.ts';
import { runDueWork } from './due-work.ts';
import { EndSignals } from './end-signals.ts';
import { enginePortsOf } from './engine-ports.ts';
import { handleOutcome, type OutcomeHandler, receivedOutcomeOf, resultObjectsOf } from './outcomes.ts';
import { redriveDeadLetters } from './redrive.ts';
import { messageRehearser, rehearseDeadLetters } from './rehearse.ts';
import { publishToService } from './relay-outbox.ts';
import { serviceRetention, startSweeping } from './retention.ts';
import { type ServiceIntake, serviceIntake } from './service-intake.ts';
import type { ServiceParts } from './service-parts.ts';
import { servicePause } from './service-pause.ts';
import { QUEUES } from './storage.ts';
import { assertSubscription, assertSubscriptionName } from './subscription.ts';
import { WEBHOOK_CONCURRENCY, webhookRunner } from './webhook-runner.ts';

/** Whose request it is. */
export interface RequestOptions {
  /** As it was submitted with. */
  readonly tenant?: string;
}

/** Options of {@link Service.runSchedule}. */
export interface ScheduleRunOptions extends RequestOptions {
  /** For a day, runs of the schedule with the same key are one request. @default - each call is a run */
  readonly idempotencyKey?: string;
}

/** Options of waiting for a request. */
export interface WaitOptions extends RequestOptions {
  /** Ends the wait, such as `AbortSignal.timeout(5_000)`. @default - no limit */
  readonly signal?: AbortSignal;
}

/** Options of {@link Service.consume}. */
export interface ConsumeOptions {
  /** The subscription whose outcomes to handle. @default - all outcomes, once, whatever the subscriptions */
  readonly subscription?: string;
}

/** Options of {@link Service.relayOutbox}. */
export interface OutboxFileOptions {
  /** The SQLite file with the outbox. @default - that of the service */
  readonly file?: string;
}

/** Options of {@link Service.rehearse}. */
export interface RehearseOptions {
  /** Ends the rehearsal. Handlers that run then have the grace time to stop. @default - no limit */
  readonly signal?: AbortSignal;
}

/** The shapes of {@link RequestOptions}. */
const OWNER = { tenant: TEXT };

const FILTER = {
  topics: listOf(TEXT),
  statuses: listOf(TEXT),
  tenants: listOf(TEXT),
};

/**
 * A service in this process, as `openService` opens it. An argument or option of a wrong type ends a call with a `TypeError` that
 * names it.
 */
export class Service implements AsyncDisposable {
  /** Many requests under one ticket: see docs/batches.md. */
  readonly batches: ServiceBatches;
  readonly #parts: ServiceParts;
  readonly #ends = new EndSignals();
  readonly #records: RecordStore;
  readonly #intake: ServiceIntake;
  readonly #actions: ServiceActions;
  readonly #pause: ServicePause;
  readonly #reader: RequestReader;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #sweeping: AsyncDisposable;
  readonly #processing: Worker | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ServiceParts) {
    const { storage, settings, webhookSecrets, metrics, logger } = parts;
    const { clock, file, payloads } = storage;
    this.#parts = parts;
    this.#records = this.#ends.observing(new SqliteRecordStore(file));
    const intake = serviceIntake(parts, this.#records);
    this.#intake = intake;
    const { processor, takers } = parts;
    const hasTakers = takers !== undefined;
    const rehearser =
      processor && !hasTakers ? messageRehearser(parts, processor, this.#stop.signal) : undefined;
    const actions = serviceActions({ storage, settings, intake, logger, rehearser, hasTakers });
    this.#actions = actions;
    this.#pause = servicePause(parts);
    const reader = new RequestReader({ queue: intake.queue, callbacks: settings, byTopic: parts.byTopic });
    this.#reader = reader;
    this.#sweeping = startSweeping(serviceRetention(storage, settings), logger);
    this.#processing = this.#process();
    this.batches = new ServiceBatches({
      batches: intake.batches,
      batchOf: (options) => reader.batchOf(options),
      requestOf: (payload, options) => reader.requestOf(payload, options),
      assertOpen: () => this.#assertOpen(),
      objects: resultObjectsOf(payloads),
      serviceName: settings.serviceName,
      clock,
    });
    const hasWebhooks = webhookSecrets !== undefined;
    this.#untilClosed(
      runDueWork({ storage, settings, intake, actions, hasWebhooks, logger }, this.#stop.signal),
    );
    if (webhookSecrets) {
      const { serviceName } = settings;
      const options = { secrets: webhookSecrets, rules: settings, serviceName, metrics, logger, clock };
      const runner = webhookRunner(file, options);
      this.#work(QUEUES.webhooks, runner, { concurrency: WEBHOOK_CONCURRENCY });
    }
  }

  /**
   * Submits a request. When this resolves, the request is on the disk.
   * @param payload text, bytes, or a value for JSON
   * @returns the request, or the one that was submitted before with the same idempotency key
   * @throws PayloadEmpty, PayloadLimitExceeded, IdempotencyKeyTaken, IdempotencyKeyBusy; RequestRefused for a tenant, a version, a
   *   topic, a priority or a time that can't be used, and with the code `too_many_waiting` while a limit's `maxWaiting` is reached;
   *   CallbackRefused for a callback URL that can't be used; TypeError for a payload that JSON doesn't know
   */
  async submit(payload: unknown, options: ServiceSubmitOptions = {}): Promise<RequestView> {
    this.#assertOpen();
    checkOptions('submit()', options, SUBMIT_OPTIONS);
    const record = await this.#submitAdmitted(this.#reader.requestOf(payload, options));
    return this.#viewOf(record);
  }

  /**
   * A request as its record stands, with what it waits for; undefined if there is none, or if it isn't kept any more. For that,
   * the requests before it are counted: 5 ms for 100,000, 11 ms if they have tenants.
   */
  async request(id: string, options: RequestOptions = {}): Promise<RequestView | undefined> {
    this.#assertOpen();
    assertText('request()', 'id', id);
    const { tenant } = checkOptions('request()', options, OWNER);
    const record = await this.#intake.records.find({ id, source: '', tenant });
    return record && this.#viewOf(record, await this.#intake.forecaster.forecast(record));
  }

  /**
   * Waits until a request has ended, in whatever process.
   * @throws RequestNotFound; the reason of the signal, or an AbortError when the service closes before
   */
  async wait(id: string, options: WaitOptions = {}): Promise<ReceivedOutcome> {
    this.#assertOpen();
    assertText('wait()', 'id', id);
    const { tenant, signal } = checkOptions('wait()', options, { ...OWNER, signal: SIGNAL });
    const { storage, settings } = this.#parts;
    const request: RequestIdentity = { id, source: '', tenant };
    const stop = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    using end = this.#ends.watch(request);
    const find = async () => {
      const record = await this.#intake.records.find(request);
      if (!record) throw new RequestNotFound(id);
      return record;
    };
    const timer = {
      now: () => storage.clock.now(),
      sleep: (milliseconds: number) => end.wait(milliseconds, stop),
    };
    const record = await recordAtEnd(find, Number.POSITIVE_INFINITY, timer);
    if (!record?.outcome) throw new RequestNotFound(id);
    return receivedOutcomeOf(record.outcome, settings.serviceName, resultObjectsOf(storage.payloads));
  }

  /**
   * Cancels a request. One that is being handled ends as cancelled after its handler stopped.
   * @returns the request afterwards
   * @throws RequestNotFound
   */
  async cancel(id: string, options: RequestOptions = {}): Promise<RequestView> {
    this.#assertOpen();
    assertText('cancel()', 'id', id);
    const { tenant } = checkOptions('cancel()', options, OWNER);
    const request: RequestIdentity = { id, source: '', tenant };
    if (!(await this.#intake.records.find(request))) throw new RequestNotFound(id);
    const { stored } = await cancelRequest(request, this.#intake);
    return this.#viewOf(stored.record);
  }

  /**
   * Handles every outcome at least once, those that other processes publish among them. An outcome is acknowledged after
   * the handler has returned; one that comes twice has the same `id`. Each outcome goes to one handler, whatever the
   * number of handlers and processes; with subscriptions, to one handler of each. Runs until the service closes.
   * @throws ConfigurationError if `output` is false, or for a subscription that doesn't exist
   */
  consume(handler: OutcomeHandler, options: ConsumeOptions = {}): void {
    this.#assertOpen();
    assertFunction('consume()', 'handler', handler);
    const { subscription } = checkOptions('consume()', options, { subscription: TEXT });
    this.#assertOutput('consume()');
    const { storage, logger } = this.#parts;
    if (subscription !== undefined) this.#assertSubscription(subscription);
    const objects = resultObjectsOf(storage.payloads);
    const runner = runnerOf((message, signal) =>
      handleOutcome(message, handler, { signal, objects, logger }),
    );
    const queue = QUEUES.outcomes;
    this.#work(subscription === undefined ? queue : subscriptionQueue(queue, subscription), runner);
  }

  /**
   * Adds a subscription to outcomes: from now on, each outcome that fits the filter goes to it too. It is kept in the file, and
   * {@link consume} handles its outcomes, in any process. For a name that exists, it changes the filter.
   * @param name 1 to 64 letters, digits, `_` and `-`
   * @throws ConfigurationError if `output` is false, or for a name or a filter that can't be used
   */
  async subscribe(name: string, filter: OutcomeFilter = {}): Promise<void> {
    this.#assertOpen();
    this.#assertOutput('subscribe()');
    checkOptions('subscribe()', filter, FILTER);
    assertSubscription(name, filter);
    await subscribe(this.#parts.storage.file, QUEUES.outcomes, name, filter);
  }

  /** Removes a subscription, with the outcomes that wait for it. @returns whether there was one */
  async unsubscribe(name: string): Promise<boolean> {
    this.#assertOpen();
    assertSubscriptionName(name);
    return unsubscribe(this.#parts.storage.file, QUEUES.outcomes, name);
  }

  /** The names of the subscriptions. */
  get subscriptions(): readonly string[] {
    this.#assertOpen();
    return subscriptionsTo(this.#parts.storage.file, QUEUES.outcomes);
  }

  /**
   * Adds a schedule, which submits the payload at each of its runs, or replaces that of its name. It is kept in the file, and any
   * process that has the file open submits its runs.
   * @param payload text, bytes, or a value for JSON
   * @throws RequestRefused that names what can't be so
   */
  async schedule(payload: unknown, options: ServiceScheduleOptions): Promise<ScheduleView> {
    this.#assertOpen();
    checkOptions('schedule()', options, SCHEDULE_OPTIONS);
    return this.#intake.schedules.put(this.#reader.scheduleOf(payload, options));
  }

  /** The schedules of a tenant, by name. */
  async schedules(options: RequestOptions = {}): Promise<readonly ScheduleView[]> {
    this.#assertOpen();
    const { tenant } = checkOptions('schedules()', options, OWNER);
    return this.#intake.schedules.list(tenant);
  }

  /** Pauses a schedule: it has no runs until it is resumed. @throws RequestRefused with the code `schedule_unknown` */
  async pauseSchedule(name: string, options: RequestOptions = {}): Promise<ScheduleView> {
    this.#assertOpen();
    assertText('pauseSchedule()', 'name', name);
    const { tenant } = checkOptions('pauseSchedule()', options, OWNER);
    return this.#intake.schedules.pause(name, tenant);
  }

  /**
   * Resumes a schedule that is paused. Runs of the time in which it was paused are left out.
   * @throws RequestRefused with the code `schedule_unknown`
   */
  async resumeSchedule(name: string, options: RequestOptions = {}): Promise<ScheduleView> {
    this.#assertOpen();
    assertText('resumeSchedule()', 'name', name);
    const { tenant } = checkOptions('resumeSchedule()', options, OWNER);
    return this.#intake.schedules.resume(name, tenant);
  }

  /**
   * Runs a schedule now, also one that is paused. Its next runs and its pause stay as they are.
   * @returns the request, whose id is `NAME.TIME.` and 8 random hexadecimal digits
   * @throws RequestRefused with the code `schedule_unknown`; IdempotencyKeyTaken, IdempotencyKeyBusy; RequestRefused with the code
   *   `too_many_waiting` while a limit's `maxWaiting` is reached
   */
  async runSchedule(name: string, options: ScheduleRunOptions = {}): Promise<RequestView> {
    this.#assertOpen();
    assertText('runSchedule()', 'name', name);
    const shapes = { ...OWNER, idempotencyKey: TEXT };
    const { tenant, idempotencyKey } = checkOptions('runSchedule()', options, shapes);
    const submit = async (request: SubmitRequest) => ({ record: await this.#submitAdmitted(request) });
    const { record } = await this.#intake.schedules.runNow({ name, tenant }, idempotencyKey, submit);
    return this.#viewOf(record);
  }

  /** Removes a schedule. Requests that it has already submitted continue. @returns whether there was one */
  async unschedule(name: string, options: RequestOptions = {}): Promise<boolean> {
    this.#assertOpen();
    assertText('unschedule()', 'name', name);
    const { tenant } = checkOptions('unschedule()', options, OWNER);
    return this.#intake.schedules.remove(name, tenant);
  }

  /**
   * The limits of the service, which can be shown and changed while it runs. A change takes effect in all processes within 5
   * seconds.
   */
  get limits(): LiveLimits {
    this.#assertOpen();
    return this.#intake.limits;
  }

  /**
   * Pauses processing: requests are accepted and wait, and running requests continue. A pause takes effect in all processes
   * within a second, and ends at its time by itself, also after a restart.
   */
  get pause(): ServicePause {
    this.#assertOpen();
    return this.#pause;
  }

  /**
   * Submits the requests that an application inserts into the table `outbox` of a SQLite file, until the service closes: each exactly
   * once, after its transaction is committed. Several processes may relay the same file: one of them works at a time.
   * @throws ConfigurationError for a file that doesn't exist or has no such table: create it with `SQLITE_OUTBOX` of
   *   `coatcheck/outbox`
   */
  async relayOutbox(options: OutboxFileOptions = {}): Promise<void> {
    this.#assertOpen();
    const { file } = checkOptions('relayOutbox()', options, { file: TEXT });
    const { storage, logger } = this.#parts;
    const { submissions, queue, records } = this.#intake;
    const path = file ?? storage.file.path;
    const source = await SqliteOutbox.open({ path, table: new SqliteOutboxTable(), ordered: queue.ordered });
    const destination = { submissions, queue, requests: records };
    const relay = new OutboxRelay(source, publishToService(destination), { logger, random: Math.random });
    this.#untilClosed(relay.run(this.#stop.signal).finally(() => source[Symbol.asyncDispose]()));
  }

  /**
   * Actions on many requests, planned first and applied then: see docs/actions.md. Any process that has the file open runs what was
   * applied.
   */
  get actions(): Actions {
    this.#assertOpen();
    return this.#actions.actions;
  }

  /** Puts all messages of the dead-letter queue back into the queues of requests. @returns how many */
  async redrive(): Promise<number> {
    this.#assertOpen();
    return redriveDeadLetters(this.#parts.storage);
  }

  /**
   * Receivers of webhooks, which are added and removed while the service runs.
   * @throws ConfigurationError unless `webhooks.endpoints` is true
   */
  get webhookEndpoints(): WebhookEndpoints {
    this.#assertOpen();
    const { webhookEndpoints } = this.#parts;
    if (webhookEndpoints) return webhookEndpoints;
    throw new ConfigurationError('The service has no webhook endpoints: set webhooks.endpoints to true');
  }

  /**
   * Runs every dead letter on the processor of this process, as one attempt each, and keeps nothing of it: no request, record,
   * checkpoint, webhook, outcome or limit changes. The handlers' own effects aren't undone: they must skip them when
   * `request.isRehearsal` is true.
   * @returns what would become of each request if {@link redrive} put it back now
   * @throws ConfigurationError if the service was opened without a processor; the reason of the signal, or an AbortError when
   *   the service closes before
   */
  async rehearse(options: RehearseOptions = {}): Promise<readonly Rehearsal[]> {
    this.#assertOpen();
    const { signal } = checkOptions('rehearse()', options, { signal: SIGNAL });
    const { processor } = this.#parts;
    if (!processor) throw new ConfigurationError('rehearse() needs a processor: open the service with one');
    const stop = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    const rehearsing = rehearseDeadLetters(this.#parts, processor, stop);
    this.#untilClosed(
      rehearsing.then(
        () => {},
        () => {},
      ),
    );
    return rehearsing;
  }

  /** The worker that runs the requests in this process; undefined if there is none. */
  get processing(): Pick<Worker, 'state' | 'held'> | undefined {
    return this.#processing;
  }

  /** Starts nothing more, and lets running work finish within the grace time. {@link close} does that too. */
  async drain(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /**
   * Starts nothing more, lets running work finish within the grace time, and closes the file. The next process that opens the
   * file runs unfinished requests again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.drain();
    await this.#sweeping[Symbol.asyncDispose]();
    await this.#parts.storage[Symbol.asyncDispose]();
  }

  #process(): Worker | undefined {
    const { storage, settings, processor, takers } = this.#parts;
    const queue = QUEUES.requests;
    const input = storage.requests();
    if (takers) {
      const runner = takers.runnerOf(this.#engine(takers.processor));
      return this.#work(queue, runner, { input: takers.queueOf(input) });
    }
    return processor && this.#work(queue, this.#engine(processor), { input, prefetch: settings.concurrency });
  }

  #engine(processor: Processor): Engine {
    return new Engine(processor, this.#parts.settings, enginePortsOf(this.#parts, processor, this.#records));
  }

  /** Without a prefetch, what waits stays in the queue, where another process can take it. */
  #work(
    queue: string,
    runner: MessageRunner,
    {
      input = this.#parts.storage.input(queue),
      concurrency = this.#parts.settings.concurrency,
      prefetch = 0,
    }: { readonly input?: InputQueue; readonly concurrency?: number; readonly prefetch?: number } = {},
  ): Worker {
    const { storage, graceSeconds, logger } = this.#parts;
    const worker = new Worker(runner, input, {
      concurrency,
      prefetch,
      graceSeconds,
      clock: storage.clock,
      random: Math.random,
      logger: logger.child({ queue }),
    });
    const onError = (error: unknown) =>
      logger.error('A queue is no longer served', { queue, error: serializeError(error) });
    this.#untilClosed(worker.run(this.#stop.signal).catch(onError));
    return worker;
  }

  /** @param work never rejects, and ends when the service closes, which waits for it */
  #untilClosed(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #submitAdmitted(request: SubmitRequest): Promise<RequestRecord> {
    const accepted = await submitAdmitted(request, this.#intake);
    if (accepted.admitted) return accepted.record;
    const { reason } = accepted;
    throw new RequestRefused(reason, reason === 'too_many_waiting' ? fullDetail(accepted.full) : reason);
  }

  #viewOf(record: RequestRecord, forecast?: Forecast): RequestView {
    const now = this.#parts.storage.clock.now();
    return viewOf(record, now, forecast ?? forecastOf(record, NO_FIGURES, now));
  }

  #assertOutput(what: string): void {
    if (this.#parts.hasOutput) return;
    throw new ConfigurationError(`${what} has no outcomes, because output is false`);
  }

  #assertSubscription(name: string): void {
    const { subscriptions } = this;
    if (subscriptions.includes(name)) return;
    const known = subscriptions.join(', ') || 'none';
    throw new ConfigurationError(
      `subscription must be one that subscribe() has added, ${known}, got ${quote(name)}`,
    );
  }

  #assertOpen(): void {
    if (this.#closing) throw new Error(`The service in ${this.#parts.storage.file.path} is closed`);
  }
}
