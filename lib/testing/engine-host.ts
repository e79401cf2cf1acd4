import { Engine } from '../core/engine/engine.ts';
import type { EnginePorts, EngineSettings } from '../core/engine/engine-settings.ts';
import type { Delivery } from '../core/model/received-message.ts';
import type { Processor } from '../core/processor/handler.ts';
import type { InjectedFaults } from './faults.ts';
import { type Around, intercept } from './intercept.ts';
import { MortalProcess } from './mortal-process.ts';

/** What an engine is made of. */
export interface EngineParts {
  readonly processor: Processor;
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly faults: InjectedFaults;
}

/** Runs messages in a process, and starts another process after one died. */
export class EngineHost {
  readonly #parts: EngineParts;
  #running: { readonly process: MortalProcess; readonly engine: Engine } | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /**
   * Runs a batch.
   * @param deadlineAt when the invocation ends, in milliseconds since 1970
   * @returns ids of the messages that are done; none when the process died
   */
  async run(messages: readonly Delivery[], deadlineAt: number): Promise<readonly string[]> {
    this.#running ??= start(this.#parts);
    const { process, engine } = this.#running;
    const again = await engine.processBatch(messages, deadlineAt);
    if (process.alive) return messages.map(({ id }) => id).filter((id) => !again.includes(id));
    this.#running = undefined;
    return [];
  }
}

function start({ processor, settings, ports, faults }: EngineParts) {
  const process = new MortalProcess();
  const within = (part: Parameters<InjectedFaults['around']>[0]): Around => {
    const faulty = faults.around(part, process.die);
    return (call, effect) => process.around(call, () => faulty(call, effect));
  };
  const handle = within('handler');
  const mortal: Processor = {
    ...processor,
    handler: (request) => handle('handle', async () => processor.handler(request)),
  };
  const engine = new Engine(mortal, settings, {
    ...ports,
    store: intercept(ports.store, within('payload store')),
    records: intercept(ports.records, within('request table')),
    output: intercept(ports.output, within('output queue')),
    deadLetters: intercept(ports.deadLetters, within('dead-letter queue')),
    input: intercept(ports.input, process.around),
  });
  return { process, engine };
}
