import { maxReceivesOf } from '../../lib/core/config/receive-budget.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-ports.ts';
import { defineProcessor, type Handler, type Processor } from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { MemoryInputQueue, type MemoryMessage } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import type { QueueSettings } from '../../lib/testing/settings.ts';
import { FixedRandom } from './fixed-random.ts';
import { type OutcomeEvent, outcomeEvent, type ProblemData, problemOf, statusOf } from './outcome-event.ts';
import { engineSettings } from './settings.ts';
import { TestClock } from './test-clock.ts';

/** Options of an engine harness. */
export interface HarnessOptions extends Partial<QueueSettings> {
  readonly ports?: Partial<EnginePorts>;
}

/** An engine with every port in memory. */
export class EngineHarness {
  readonly clock = new TestClock();
  readonly random = new FixedRandom();
  readonly store = new MemoryPayloadStore();
  readonly records = new MemoryRecordStore();
  readonly output = new MemoryOutputQueue();
  readonly deadLetters = new MemoryOutputQueue();
  readonly input: MemoryInputQueue;
  readonly logger = new CollectingLogger();
  readonly settings: QueueSettings;
  readonly engine: Engine;
  readonly host: BatchHost;
  readonly #newHost: (engine?: Engine) => BatchHost;

  constructor(processor: Handler | Processor, { ports = {}, ...settings }: HarnessOptions = {}) {
    this.settings = engineSettings(settings);
    const { visibilityTimeoutSeconds } = this.settings;
    const { clock, random, store, records, output, deadLetters, logger } = this;
    const maxReceiveCount = maxReceivesOf(this.settings.maxAttempts);
    this.input = new MemoryInputQueue({
      now: clock.now,
      visibilityTimeoutSeconds,
      maxReceiveCount,
      deadLetters,
    });
    const definition = typeof processor === 'function' ? defineProcessor(processor) : processor;
    const own = { clock, random: random.next, store, records, output, logger };
    const newEngine = () => new Engine(definition, this.settings, { ...own, ...ports });
    this.engine = newEngine();
    this.#newHost = (engine = newEngine()) =>
      new BatchHost(engine, { visibilityTimeoutSeconds, now: clock.now, logger });
    this.host = this.#newHost(this.engine);
  }

  /** Runs a batch. @returns the ids that need another delivery */
  process(messages: readonly MemoryMessage[], secondsLeft = 60): Promise<string[]> {
    return this.#handle(this.host, messages, secondsLeft);
  }

  /** Runs a batch in another process with the same ports. @returns the ids that need another delivery */
  processElsewhere(messages: readonly MemoryMessage[], secondsLeft = 60): Promise<string[]> {
    return this.#handle(this.#newHost(), messages, secondsLeft);
  }

  async #handle(host: BatchHost, messages: readonly MemoryMessage[], secondsLeft: number): Promise<string[]> {
    const received = messages.map((message) => this.input.settleable(message));
    const response = await host.handle(received, this.clock.now() + secondsLeft * 1000);
    return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  /** The published events, as consumers read them. */
  get events(): OutcomeEvent[] {
    return this.output.messages.map(outcomeEvent);
  }

  /** The only published outcome. */
  get event(): OutcomeEvent {
    const [event, ...more] = this.events;
    if (!event || more.length > 0) throw new Error(`${this.events.length} outcomes were published`);
    return event;
  }

  /** The problem of the only published outcome. */
  get problem(): ProblemData {
    return problemOf(this.event);
  }

  /** Status by request id. */
  get statuses(): Record<string, string> {
    return Object.fromEntries(this.events.map((event) => [event.subject, statusOf(event)]));
  }

  /** The last delay set, by message id. */
  get delays(): Record<string, number> {
    return Object.fromEntries(
      this.input.deferrals.map(({ message, delaySeconds }) => [message.id, delaySeconds]),
    );
  }
}
