import type { EngineSettings } from '../../lib/core/config/engine-settings.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-ports.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { Clock, Random } from '../../lib/core/ports/clock.ts';
import { defineProcessor, type ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import type { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { type Around, intercept } from '../../lib/testing/intercept.ts';
import type { TestClock } from './test-clock.ts';

/** What an engine is made with in a process that may die. */
export interface Hosted {
  readonly queue: MemoryInputQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: EngineSettings;
  readonly ports: Omit<EnginePorts, 'clock' | 'random'>;
  /** Handles a request. `crash` kills the process it runs in and never returns. */
  readonly handler: (request: ProcessorRequest, crash: () => Promise<never>) => unknown;
}

/** What a driver runs batches with. */
export interface Drive extends Hosted {
  readonly clock: TestClock;
  readonly batchSize: number;
  readonly timeoutSeconds: number;
}

/**
 * Delivers batches, one after another, until the queue is empty, as an event source does: what a batch doesn't return
 * is deleted, and a batch whose process died comes back as a whole when the visibility timeout is over.
 * @returns how many processes died
 */
export async function drain(drive: Drive): Promise<number> {
  const { queue, clock } = drive;
  let crashes = 0;
  while (true) {
    const deliveries = queue.receive(drive.batchSize);
    const [first] = deliveries;
    if (!first) {
      if (queue.nextVisibleAt === undefined) return crashes;
      clock.time = Math.max(clock.time + 1, queue.nextVisibleAt);
      continue;
    }
    const process = new MortalProcess();
    const batch = process.handle(drive, deliveries, clock.now() + drive.timeoutSeconds * 1000);
    const again = await Promise.race([batch, process.death]);
    if (again) queue.delete(deliveries.map(({ id }) => id).filter((id) => !again.includes(id)));
    else crashes++;
  }
}

/** A process that can die: from then on nothing it does has an effect. */
export class MortalProcess {
  #alive = true;
  readonly #death = Promise.withResolvers<undefined>();

  /** Resolves when it dies. */
  get death(): Promise<undefined> {
    return this.#death.promise;
  }

  get alive(): boolean {
    return this.#alive;
  }

  die(): void {
    this.#alive = false;
    this.#death.resolve(undefined);
  }

  /** Handles a batch. @returns the ids to be delivered again */
  async handle(hosted: Hosted, messages: readonly ReceivedMessage[], killedAt: number): Promise<string[]> {
    const { settings, clock, ports } = hosted;
    const host = new BatchHost(this.engine(hosted), {
      visibilityTimeoutSeconds: settings.visibilityTimeoutSeconds,
      now: clock.now,
      logger: ports.logger,
    });
    const response = await host.handle(
      messages.map((message) => intercept(message, this.#around)),
      killedAt,
    );
    return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  /** The engine in it. */
  engine({ handler, settings, ports, clock, random }: Hosted): Engine {
    const crash = (): Promise<never> => {
      this.die();
      return new Promise(() => {});
    };
    const processor = defineProcessor((request) =>
      this.#alive ? handler(request, crash) : new Promise(() => {}),
    );
    const { store, records, output } = ports;
    return new Engine(processor, settings, {
      ...ports,
      clock,
      random,
      store: intercept(store, this.#around),
      records: intercept(records, this.#around),
      output: intercept(output, this.#around),
    });
  }

  /** In a process that died, no call has an effect or returns. */
  readonly #around: Around = async (_, effect) => {
    if (!this.#alive) return new Promise(() => {});
    const value = await effect();
    return this.#alive ? value : new Promise(() => {});
  };
}
