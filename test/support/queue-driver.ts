import { Engine } from '../../lib/core/engine.ts';
import type { EnginePorts, EngineSettings } from '../../lib/core/engine-settings.ts';
import { defineProcessor, type ProcessorRequest } from '../../lib/core/handler.ts';
import type { MemoryInputQueue } from './memory-input-queue.ts';
import type { SetChance } from './set-chance.ts';

/** What a driver runs batches with. */
export interface Drive {
  readonly queue: MemoryInputQueue;
  readonly chance: SetChance;
  readonly settings: EngineSettings;
  readonly ports: Omit<EnginePorts, 'input' | 'chance'>;
  readonly batchSize: number;
  readonly timeoutSeconds: number;
  /** Handles a request. `crash` kills the process it runs in and never returns. */
  readonly handler: (request: ProcessorRequest, crash: () => Promise<never>) => unknown;
}

/**
 * Delivers batches, one after another, until the queue is empty, as an event source does: what a batch doesn't return
 * is deleted, and a batch whose process died comes back as a whole when the visibility timeout is over.
 * @returns how many processes died
 */
export async function drain(drive: Drive): Promise<number> {
  const { queue, chance } = drive;
  let crashes = 0;
  while (true) {
    const deliveries = queue.receive(drive.batchSize);
    const [first] = deliveries;
    if (!first) {
      if (queue.nextVisibleAt === undefined) return crashes;
      chance.time = Math.max(chance.time + 1, queue.nextVisibleAt);
      continue;
    }
    const died = Promise.withResolvers<undefined>();
    const process = new MortalProcess(() => died.resolve(undefined));
    const batch = process.engine(drive).processBatch(deliveries, chance.now() + drive.timeoutSeconds * 1000);
    const again = await Promise.race([batch, died.promise]);
    if (again) queue.delete(deliveries.map(({ id }) => id).filter((id) => !again.includes(id)));
    else crashes++;
  }
}

/** A process that can die: from then on nothing it does has an effect. */
class MortalProcess {
  #alive = true;
  readonly #onDeath: () => void;

  constructor(onDeath: () => void) {
    this.#onDeath = onDeath;
  }

  engine({ handler, settings, ports, queue, chance }: Drive): Engine {
    const crash = (): Promise<never> => {
      this.#alive = false;
      this.#onDeath();
      return new Promise(() => {});
    };
    const processor = defineProcessor((request) =>
      this.#alive ? handler(request, crash) : new Promise(() => {}),
    );
    const { store, records, output } = ports;
    return new Engine(processor, settings, {
      ...ports,
      chance,
      store: {
        open: (...args) => this.#living(() => store.open(...args)),
        recall: (...args) => this.#living(() => store.recall(...args)),
        save: (...args) => this.#living(() => store.save(...args)),
        lend: (...args) => this.#living(() => store.lend(...args)),
        maxLentBytes: store.maxLentBytes,
      },
      records: {
        read: (request) => this.#living(() => records.read(request)),
        write: (next) => this.#living(() => records.write(next)),
      },
      output: {
        maxMessages: output.maxMessages,
        maxBytes: output.maxBytes,
        sizeOf: (message) => output.sizeOf(message),
        send: (messages) => this.#living(() => output.send(messages)),
      },
      input: {
        defer: (deferrals) => this.#living(() => queue.defer(deferrals)),
        acknowledge: (deliveries) => this.#living(() => queue.acknowledge(deliveries)),
      },
    });
  }

  async #living<Value>(call: () => Promise<Value>): Promise<Value> {
    if (!this.#alive) return new Promise(() => {});
    const value = await call();
    return this.#alive ? value : new Promise(() => {});
  }
}
