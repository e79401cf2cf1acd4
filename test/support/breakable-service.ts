import { maxReceivesOf } from '../../lib/core/config/receive-budget.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { RequestIdentity } from '../../lib/core/model/request-id.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import type { StoredRecord } from '../../lib/core/ports/record-store.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { encodePauseMessage } from '../../lib/core/wire/pause-message.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import type { QueueSettings } from '../../lib/testing/settings.ts';
import { delivery } from './delivery.ts';
import { FixedRandom } from './fixed-random.ts';
import { MemoryEventSource } from './memory-event-source.ts';
import { outcomeEvent, statusOf } from './outcome-event.ts';
import { engineSettings } from './settings.ts';
import { TestClock } from './test-clock.ts';

const BATCH_SIZE = 10;
const INSTANCES = 3;
const TIMEOUT_SECONDS = 60;

/** Duration of a batch, and of the interval between two polls of the queue. */
const STEP_SECONDS = 1;

/** Time from the request of a pause until the source delivers no more messages. */
const REACTION_SECONDS = 10;

/** A whole service in memory, in virtual time: instances, their event source, and the breaker that disables and enables it. */
export class BreakableService {
  readonly clock = new TestClock();
  readonly random = new FixedRandom();
  readonly records = new MemoryRecordStore();
  readonly output = new MemoryOutputQueue();
  readonly deadLetters = new MemoryOutputQueue();
  readonly queue: MemoryInputQueue;
  /** Until when all calls of the table and the output queue fail, in milliseconds since 1970. */
  tableDownUntil = 0;
  outputDownUntil = 0;
  /** How often the source was disabled. */
  pauses = 0;
  readonly #hosts: readonly BatchHost[];
  readonly #breaker: Breaker;
  readonly #delayed: {
    readonly id: string;
    readonly text: string;
    readonly sentAt: number;
    readonly at: number;
  }[] = [];
  readonly #source = new MemoryEventSource();

  constructor(handler: Handler, given: Partial<QueueSettings> = {}) {
    const { clock, records, output } = this;
    const settings = engineSettings({ retryBaseSeconds: 10, ...given });
    const { visibilityTimeoutSeconds, maxAttempts } = settings;
    const maxReceiveCount = maxReceivesOf(maxAttempts);
    this.queue = new MemoryInputQueue({
      now: clock.now,
      visibilityTimeoutSeconds,
      maxReceiveCount,
      deadLetters: this.deadLetters,
    });
    const logger = new CollectingLogger();
    const ports = {
      clock,
      random: this.random.next,
      logger,
      store: new MemoryPayloadStore(),
      records: {
        read: (request: RequestIdentity) =>
          this.#unlessDown(this.tableDownUntil, () => records.read(request)),
        write: (next: StoredRecord) => this.#unlessDown(this.tableDownUntil, () => records.write(next)),
      },
      output: {
        maxMessages: output.maxMessages,
        maxBytes: output.maxBytes,
        maxMessageBytes: output.maxMessageBytes,
        lingerMilliseconds: output.lingerMilliseconds,
        sizeOf: (message: OutputMessage) => output.sizeOf(message),
        send: (messages: readonly OutputMessage[]) =>
          this.#unlessDown(this.outputDownUntil, () => output.send(messages)),
      },
    };
    const pauses = {
      request: async (pause: { seconds: number; reason: string }) =>
        this.#say(encodePauseMessage({ type: 'pause', ...pause }), REACTION_SECONDS),
    };
    this.#hosts = Array.from({ length: INSTANCES }, () => {
      const engine = new Engine(defineProcessor(handler), settings, { ...ports, pauses });
      return new BatchHost(engine, { visibilityTimeoutSeconds, now: clock.now, logger });
    });
    this.#breaker = new Breaker({
      source: this.#source,
      queue: { send: async (text, seconds) => this.#say(text, seconds) },
      metrics: {
        count: (name) => {
          if (name === 'Paused') this.pauses++;
        },
      },
      now: clock.now,
      logger,
    });
  }

  /** Runs until every message has ended or is a dead letter. @returns seconds it took */
  async run(): Promise<number> {
    const startedAt = this.clock.now();
    while (this.queue.size > 0) {
      await this.#obey();
      if (this.#source.enabled) for (const host of this.#hosts) await this.#batch(host);
      this.clock.advanceSeconds(STEP_SECONDS);
      this.clock.time = Math.max(this.clock.time, this.#nextEventAt);
    }
    return (this.clock.now() - startedAt) / 1000;
  }

  /** Status by request id. */
  get statuses(): Record<string, string> {
    const events = this.output.messages.map(outcomeEvent);
    return Object.fromEntries(events.map((event) => [event.subject, statusOf(event)]));
  }

  async #batch(host: BatchHost): Promise<void> {
    const deliveries = this.queue.receive(BATCH_SIZE);
    if (deliveries.length === 0) return;
    const response = await host.handle(deliveries, this.clock.now() + TIMEOUT_SECONDS * 1000);
    const again = response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    this.queue.delete(deliveries.map(({ id }) => id).filter((id) => !again.includes(id)));
  }

  async #obey(): Promise<void> {
    const due = this.#delayed.filter(({ at }) => at <= this.clock.now());
    for (const said of due) {
      this.#delayed.splice(this.#delayed.indexOf(said), 1);
      await this.#breaker.run(delivery(said.text, { id: said.id, sentAt: said.sentAt }));
    }
  }

  #unlessDown<Value>(until: number, call: () => Promise<Value>): Promise<Value> {
    return this.clock.now() < until ? Promise.reject(new Error('ThrottlingException')) : call();
  }

  #say(text: string, delaySeconds: number): void {
    const sentAt = this.clock.now();
    const id = crypto.randomUUID();
    this.#delayed.push({ id, text, sentAt, at: sentAt + delaySeconds * 1000 });
  }

  get #nextEventAt(): number {
    const visibleAt = this.#source.enabled ? this.queue.nextVisibleAt : undefined;
    const times = [...this.#delayed.map(({ at }) => at), ...(visibleAt === undefined ? [] : [visibleAt])];
    return times.length === 0 ? 0 : Math.min(...times);
  }
}
