import { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts, EngineSettings } from '../../lib/core/engine/engine-settings.ts';
import type { Delivery } from '../../lib/core/model/received-message.ts';
import { defineProcessor, type Handler, type Processor } from '../../lib/core/processor/handler.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { FixedRandom } from './fixed-random.ts';
import { type OutcomeEvent, outcomeEvent, type ProblemData, problemOf, statusOf } from './outcome-event.ts';
import { engineSettings } from './settings.ts';
import { TestClock } from './test-clock.ts';

/** What a harness is given besides a handler. */
export interface HarnessOptions extends Partial<EngineSettings> {
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
  readonly settings: EngineSettings;
  readonly engine: Engine;

  constructor(processor: Handler | Processor, { ports = {}, ...settings }: HarnessOptions = {}) {
    this.settings = engineSettings(settings);
    const { visibilityTimeoutSeconds } = this.settings;
    this.input = new MemoryInputQueue({ now: this.clock.now, visibilityTimeoutSeconds });
    const { clock, random, store, records, output, deadLetters, input, logger } = this;
    const definition = typeof processor === 'function' ? defineProcessor(processor) : processor;
    const own = { clock, random: random.next, store, records, output, deadLetters, input, logger };
    this.engine = new Engine(definition, this.settings, { ...own, ...ports });
  }

  /** Runs a batch. @returns the ids to be delivered again */
  process(deliveries: readonly Delivery[], secondsLeft = 60): Promise<string[]> {
    return this.engine.processBatch(deliveries, this.clock.now() + secondsLeft * 1000);
  }

  /** What was published, as consumers read it. */
  get events(): OutcomeEvent[] {
    return this.output.messages.map(outcomeEvent);
  }

  /** The one outcome that was published. */
  get event(): OutcomeEvent {
    const [event, ...more] = this.events;
    if (!event || more.length > 0) throw new Error(`${this.events.length} outcomes were published`);
    return event;
  }

  /** The problem of the one outcome that was published. */
  get problem(): ProblemData {
    return problemOf(this.event);
  }

  /** Status by request id. */
  get statuses(): Record<string, string> {
    return Object.fromEntries(this.events.map((event) => [event.subject, statusOf(event)]));
  }

  /** Wait by message id, as it was set last. */
  get delays(): Record<string, number> {
    return Object.fromEntries(
      this.input.deferrals.map(({ delivery, delaySeconds }) => [delivery.id, delaySeconds]),
    );
  }
}
