import { messageOf } from '../core/base/serialize-error.ts';
import { Engine } from '../core/engine/engine.ts';
import type { EnginePorts } from '../core/engine/engine-ports.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import type { Processor } from '../core/processor/handler.ts';
import { BatchHost } from '../lambda/batch-host.ts';
import type { InjectedFaults } from './faults.ts';
import { type Around, intercept } from './intercept.ts';
import { MortalProcess } from './mortal-process.ts';
import type { QueueSettings } from './settings.ts';

/** The parts of an engine. */
export interface EngineParts {
  readonly processor: Processor;
  readonly settings: QueueSettings;
  readonly ports: EnginePorts;
  readonly faults: InjectedFaults;
}

/** Runs messages in a process, and starts another process after one died. */
export class EngineHost {
  readonly #parts: EngineParts;
  #running: Running | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /**
   * Runs a batch.
   * @param deadlineAt when the invocation ends, in milliseconds since 1970
   * @returns ids of the messages that are done; none when the process died
   */
  async run(messages: readonly ReceivedMessage[], deadlineAt: number): Promise<readonly string[]> {
    this.#running ??= start(this.#parts);
    const { process, host, within } = this.#running;
    const response = await host.handle(messages.map(within), deadlineAt);
    const again = response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    if (process.alive) return messages.map(({ id }) => id).filter((id) => !again.includes(id));
    this.#running = undefined;
    return [];
  }
}

interface Running {
  readonly process: MortalProcess;
  readonly host: BatchHost;
  /** Binds a message to the process. */
  readonly within: (message: ReceivedMessage) => ReceivedMessage;
}

function start({ processor, settings, ports, faults }: EngineParts): Running {
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
  });
  const { visibilityTimeoutSeconds } = settings;
  const host = new BatchHost(engine, {
    visibilityTimeoutSeconds,
    now: ports.clock.now,
    logger: ports.logger,
  });
  const move = within('dead-letter queue');
  return {
    process,
    host,
    within: (message) => ({
      ...intercept(message, process.around),
      deadLetter: (reason) =>
        move('deadLetter', () => message.deadLetter(reason)).catch((error) => ({
          moved: false,
          refused: false,
          reason: messageOf(error),
        })),
    }),
  };
}
