import type { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '../core/base/errors.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { maxReceivesOf } from '../core/config/receive-budget.ts';
import { DEFAULT_PAYLOAD_PREFIX } from '../core/config/settings.ts';
import {
  assertOptions,
  checkOptions,
  concealed,
  DATE,
  FLAG,
  having,
  type MemberShapes,
  NUMBER,
  objectOf,
  openObjectOf,
  recordOf,
  TEXT,
} from '../core/config/shape.ts';
import { forecastOf, NO_FIGURES } from '../core/intake/forecast/forecast.ts';
import { payloadBytes } from '../core/intake/payload-bytes.ts';
import { SUBMIT_OPTIONS } from '../core/intake/request-reader.ts';
import { Submissions } from '../core/intake/submissions.ts';
import type { SubmitOptions } from '../core/intake/submit-options.ts';
import { PRIORITIES } from '../core/model/priority.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { type RequestView, viewOf } from '../core/model/request-view.ts';
import type { DynamoDbWrite } from '../core/ports/handler-writes.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import type { Pause } from '../core/ports/pausing.ts';
import { givenSecrets } from '../core/processor/given-secrets.ts';
import { type ProcessorExport, requireProcessor } from '../core/processor/handler.ts';
import { RequestRecords } from '../core/records/request-records.ts';
import { isSubmissionOf } from '../core/wire/submission.ts';
import { MemoryIdempotencyKeys } from '../stores/memory/idempotency-keys.ts';
import { MemoryInputQueue } from '../stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../stores/memory/record-store.ts';
import { ManualClock, type TimeSpan } from './clock.ts';
import { CollectingLogger, type LogLine } from './collecting-logger.ts';
import { deadLettersOf, type TestDeadLetter } from './dead-letters.ts';
import { EngineHost } from './engine-host.ts';
import { type FaultName, InjectedFaults } from './faults.ts';
import { intercept } from './intercept.ts';
import { readTestOutcome, type TestOutcome } from './outcomes.ts';
import { type HostSettings, hostSettings, TEST_BUCKET, type TestSettings } from './settings.ts';

/** Options of a {@link TestService}. */
export interface TestServiceOptions {
  /** @default - the defaults of a deployed service */
  readonly settings?: TestSettings;
  /** Values of the secrets that the processor names. @default - none */
  readonly secrets?: Readonly<Record<string, string>>;
  /**
   * Takes the writes for SQLite that the processor makes by `complete()`, such as `new DatabaseSync(':memory:')` of `node:sqlite`.
   * @default - the processor can make none
   */
  readonly database?: DatabaseSync;
  /** The initial time of the clock. @default - the current time */
  readonly startAt?: Date;
}

/** Options of {@link TestService.submit}: the service sends no webhooks. */
export type TestSubmitOptions = Omit<SubmitOptions, 'callbackUrl'>;

/** Options of {@link TestService.drain}. */
export interface DrainOptions {
  /**
   * Whether to advance the clock over every delay, lease and pause until the input queue is empty. Without it, messages
   * that aren't due yet stay in the queue.
   * @default false
   */
  readonly skipDelays?: boolean;
}

const OPTIONS = objectOf<TestServiceOptions>({
  settings: openObjectOf({}),
  secrets: concealed(recordOf(concealed(TEXT))),
  database: having('prepare', 'a DatabaseSync of node:sqlite'),
  startAt: DATE,
});

const SPAN: MemberShapes<TimeSpan> = {
  days: NUMBER,
  hours: NUMBER,
  minutes: NUMBER,
  seconds: NUMBER,
  milliseconds: NUMBER,
};

/**
 * A service in memory that runs a processor with the engine that runs it on AWS: input queue, request records, payload
 * store, output queue and dead-letter queue. Nothing runs until {@link drain}, and no time passes until {@link advance}.
 *
 *     const service = new TestService(handler);
 *     const { id } = await service.submit({ orderId: 7 });
 *     await service.drain();
 *     expect(service.outcome(id)).toMatchObject({ status: 'succeeded', result: { total: 3 } });
 *
 * Timeouts of handlers use real timers: fake timers must not replace `setTimeout` and `setImmediate`.
 */
export class TestService {
  readonly #settings: HostSettings;
  readonly #clock: ManualClock;
  readonly #logger = new CollectingLogger();
  readonly #faults = new InjectedFaults();
  readonly #store = new MemoryPayloadStore(TEST_BUCKET);
  readonly #records: MemoryRecordStore;
  readonly #input: MemoryInputQueue;
  readonly #output = new MemoryOutputQueue();
  readonly #deadLetters = new MemoryOutputQueue();
  readonly #submissions: Submissions;
  readonly #requests: RequestRecords;
  readonly #host: EngineHost;
  readonly #outcomes: TestOutcome[] = [];
  #pausedUntil = 0;
  #ids = 0;

  /**
   * @param handler what `processor()` returned
   * @throws ConfigurationError for any other function, for settings that are unknown or out of bounds, and for a secret
   *   without a value
   */
  constructor(handler: ProcessorExport, options: TestServiceOptions = {}) {
    assertOptions('TestService', options, OPTIONS);
    const { settings, secrets = {}, database, startAt } = options;
    this.#records = new MemoryRecordStore(database);
    const processor = requireProcessor(handler, 'TestService');
    this.#settings = hostSettings(settings);
    const { recordAgeDays, recordMetadata, visibilityTimeoutSeconds, inputRetentionSeconds, maxAttempts } =
      this.#settings;
    this.#clock = new ManualClock((startAt ?? new Date()).getTime());
    const { now } = this.#clock;
    this.#requests = new RequestRecords(this.#records, now, recordAgeDays, recordMetadata);
    this.#input = new MemoryInputQueue({
      now,
      visibilityTimeoutSeconds,
      maxReceiveCount: maxReceivesOf(maxAttempts),
      retentionSeconds: inputRetentionSeconds,
      deadLetters: this.#deadLetters,
    });
    this.#submissions = this.#makeSubmissions();
    this.#host = new EngineHost({
      processor,
      settings: this.#settings,
      faults: this.#faults,
      ports: {
        store: this.#store,
        records: this.#records,
        output: this.#output,
        secrets: givenSecrets(processor, secrets, 'TestService'),
        pauses: { request: async (pause) => this.#pause(pause) },
        logger: this.#logger,
        clock: this.#clock,
        random: () => 0.5,
      },
    });
  }

  /** What the clock shows. */
  get now(): Date {
    return new Date(this.#clock.now());
  }

  /** Every outcome that was published, in order. Consumers may receive one twice: it has the same `id` then. */
  get outcomes(): readonly TestOutcome[] {
    return this.#outcomes;
  }

  /** The latest outcome of a request; undefined when it has none yet. */
  outcome(requestId: string): TestOutcome | undefined {
    return this.#outcomes.findLast((outcome) => outcome.requestId === requestId);
  }

  /**
   * The writes for DynamoDB that the processor has made by `complete()`, in order. Their conditions aren't evaluated: all of them
   * hold.
   */
  get dynamoDbWrites(): readonly DynamoDbWrite[] {
    return this.#records.items;
  }

  /** The messages in the dead-letter queue. */
  get deadLetters(): readonly TestDeadLetter[] {
    return deadLettersOf(this.#deadLetters, this.#input);
  }

  /** Until when the circuit breaker keeps messages in the queue; undefined when it doesn't. */
  get pausedUntil(): Date | undefined {
    return this.#pausedUntil > this.#clock.now() ? new Date(this.#pausedUntil) : undefined;
  }

  /** What the engine and the handler logged. */
  get logs(): readonly LogLine[] {
    return this.#logger.lines;
  }

  /**
   * Submits a request, as the HTTP API does.
   * @param payload text, bytes, or a value for JSON
   * @returns the request, or the one that was submitted before with the same idempotency key
   * @throws what the API refuses a request for: an empty or too large payload, a key that was used with another payload
   * @throws InjectedFault for a fault of the input queue
   */
  async submit(payload: unknown, options: TestSubmitOptions = {}): Promise<RequestView> {
    const given = checkOptions('submit()', options, SUBMIT_OPTIONS);
    const { contentType, notBefore, expiresAt, metadata = {}, ...others } = given;
    const { bytes, ...type } = payloadBytes(payload, contentType);
    const record = await this.#submissions.submit({
      ...others,
      ...type,
      metadata,
      notBefore: notBefore?.getTime(),
      expiresAt: expiresAt?.getTime(),
      payload: bytes,
    });
    return this.#viewOf(record);
  }

  /** The state of a request; undefined if it is unknown or no longer kept. */
  async request(id: string): Promise<RequestView | undefined> {
    const identity = this.#identityOf(id);
    const record = identity && (await this.#requests.find(identity));
    return record && this.#viewOf(record);
  }

  /**
   * Cancels a request. One that is being handled ends as cancelled after its handler stopped.
   * @returns the request afterwards
   * @throws ConfigurationError for an id that no request has
   */
  async cancel(id: string): Promise<RequestView> {
    const identity = this.#identityOf(id);
    if (!identity) throw new ConfigurationError(`cancel() takes the id of a request, got ${id}`);
    const { stored } = await this.#requests.change(identity, { type: 'cancel' });
    await this.#submissions.promote(stored.record);
    return this.#viewOf(stored.record);
  }

  /**
   * Runs batches, one after another, until no message is due.
   * @throws ConfigurationError when fake timers replace `setTimeout`
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    const { skipDelays = false } = checkOptions('drain()', options, { skipDelays: FLAG });
    assertRealTimers();
    for (;;) {
      const messages = this.pausedUntil ? [] : this.#input.receive(this.#settings.batchSize);
      if (messages.length > 0) {
        const deadlineAt = this.#clock.now() + this.#settings.timeoutSeconds * 1000;
        this.#input.delete(await this.#host.run(messages, deadlineAt));
        await this.#readOutcomes();
        continue;
      }
      const { nextVisibleAt } = this.#input;
      if (!skipDelays || nextVisibleAt === undefined) return;
      this.#clock.advanceTo(Math.max(nextVisibleAt, this.#pausedUntil));
    }
  }

  /**
   * Advances the clock. Retries become due, leases and pauses end, requests, idempotency keys and records expire.
   * @throws ConfigurationError for a negative span
   */
  advance(span: TimeSpan): void {
    this.#clock.advance(checkOptions('advance()', span, SPAN));
  }

  /** Puts all messages of the dead-letter queue back into the input queue. @returns how many */
  redrive(): number {
    const letters = this.deadLetters;
    this.#deadLetters.messages.length = 0;
    this.#input.deadLetters.length = 0;
    for (const { body, attributes } of letters) this.#input.send(body, attributes);
    return letters.length;
  }

  /**
   * Injects a fault into the next calls.
   * @param times the number of calls that meet it @default - until {@link recover} for an outage, else once
   * @throws ConfigurationError for a fault that doesn't exist
   */
  inject(fault: FaultName, options: { readonly times?: number } = {}): void {
    const { times } = checkOptions('inject()', options, { times: NUMBER });
    this.#faults.inject(fault, times);
  }

  /** Ends a fault. @default - all faults */
  recover(fault?: FaultName): void {
    this.#faults.recover(fault);
  }

  #makeSubmissions(): Submissions {
    const around = (part: Parameters<InjectedFaults['around']>[0]) => this.#faults.around(part, neverDies);
    const { now } = this.#clock;
    const queue: SubmissionQueue = {
      maxBytes: SQS_MAX_MESSAGE_BYTES,
      maxDelaySeconds: Number.POSITIVE_INFINITY,
      ordered: false,
      priorities: PRIORITIES,
      send: async (message, _tenant, place) => this.#input.sendLater(message, place?.notBefore ?? now()),
      promote: async (request) => this.#input.sendNow((message) => isSubmissionOf(message, request)),
    };
    const records = intercept(this.#records, around('request table'));
    return new Submissions(
      {
        records: new RequestRecords(
          records,
          now,
          this.#settings.recordAgeDays,
          this.#settings.recordMetadata,
        ),
        keys: new MemoryIdempotencyKeys(),
        queue: intercept(queue, around('input queue')),
        store: intercept(this.#store, around('payload store')),
        logger: this.#logger,
        clock: this.#clock,
        newId: () => `request-${++this.#ids}`,
      },
      { ...this.#settings, payloadPrefix: DEFAULT_PAYLOAD_PREFIX },
    );
  }

  async #readOutcomes(): Promise<void> {
    for (const { body } of this.#output.messages.splice(0)) {
      this.#outcomes.push(await readTestOutcome(body, this.#store));
    }
  }

  #pause({ seconds }: Pause): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + seconds * 1000);
  }

  #viewOf(record: RequestRecord): RequestView {
    const now = this.#clock.now();
    return viewOf(record, now, forecastOf(record, NO_FIGURES, now));
  }

  #identityOf(id: string): RequestIdentity | undefined {
    return this.#records.all().find(({ record }) => record.request.id === id)?.record.request;
  }
}

/** Faults that crash a process are faults of the processor alone. */
function neverDies(): never {
  throw new Error('The API has no process to kill');
}

/** sinon's fake timers, which Vitest and Jest use, mark the functions that they replace. */
function assertRealTimers(): void {
  if (!('clock' in setTimeout)) return;
  throw new ConfigurationError(
    "drain() needs real timers: fake Date alone (vi.useFakeTimers({ toFake: ['Date'] })), or use advance() and no fake timers",
  );
}
