import { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-ports.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { Clock, Random } from '../../lib/core/ports/clock.ts';
import { defineProcessor, type ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import type { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { intercept } from '../../lib/testing/intercept.ts';
import { MortalProcess } from '../../lib/testing/mortal-process.ts';
import type { QueueSettings } from '../../lib/testing/settings.ts';
import type { TestClock } from './test-clock.ts';

/** The parts of an engine in a process that may die. */
export interface Hosted {
  readonly queue: MemoryInputQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: QueueSettings;
  readonly ports: Omit<EnginePorts, 'clock' | 'random'>;
  /** Handles a request. `crash` kills the process that it runs in. */
  readonly handler: (request: ProcessorRequest, crash: () => never) => unknown;
}

/** Configures {@link drain}. */
export interface Drive extends Hosted {
  readonly clock: TestClock;
  readonly batchSize: number;
  readonly timeoutSeconds: number;
  /** Batches that run at the same time. @default 1 */
  readonly batchesAtOnce?: number;
}

/**
 * Delivers batches until the queue is empty. Like an event source, it deletes the messages that a batch doesn't return. If the process of a batch dies, the whole batch is delivered again after the visibility timeout.
 * @returns how many processes died
 */
export async function drain(drive: Drive): Promise<number> {
  const { queue, clock, batchSize, batchesAtOnce = 1 } = drive;
  let crashes = 0;
  while (queue.nextVisibleAt !== undefined) {
    const batches = Array.from({ length: batchesAtOnce }, () => queue.receive(batchSize));
    const running = batches.filter(({ length }) => length > 0).map((batch) => runBatch(batch, drive));
    if (running.length === 0) clock.time = Math.max(clock.time + 1, queue.nextVisibleAt ?? 0);
    const ended = await Promise.all(running);
    crashes += ended.filter((hasEnded) => !hasEnded).length;
  }
  return crashes;
}

/** @returns whether its process lived until the end of the batch */
async function runBatch(batch: readonly ReceivedMessage[], drive: Drive): Promise<boolean> {
  const killedAt = drive.clock.now() + drive.timeoutSeconds * 1000;
  const again = await handleIn(new MortalProcess(), drive, batch, killedAt);
  if (again) drive.queue.delete(batch.map(({ id }) => id).filter((id) => !again.includes(id)));
  return again !== undefined;
}

/** Handles a batch in a process. @returns the ids to deliver again; undefined if the process died */
export function handleIn(
  process: MortalProcess,
  hosted: Hosted,
  messages: readonly ReceivedMessage[],
  killedAt: number,
): Promise<readonly string[] | undefined> {
  return Promise.race([handle(process, hosted, messages, killedAt), process.death]);
}

async function handle(
  process: MortalProcess,
  { handler, settings, ports, clock, random }: Hosted,
  messages: readonly ReceivedMessage[],
  killedAt: number,
): Promise<readonly string[]> {
  const { around, die } = process;
  const processor = defineProcessor((request) => around('handle', async () => handler(request, die)));
  const { store, records, output, logger } = ports;
  const engine = new Engine(processor, settings, {
    ...ports,
    clock,
    random,
    store: intercept(store, around),
    records: intercept(records, around),
    output: intercept(output, around),
  });
  const { visibilityTimeoutSeconds } = settings;
  const host = new BatchHost(engine, { visibilityTimeoutSeconds, now: clock.now, logger });
  const response = await host.handle(
    messages.map((message) => intercept(message, around)),
    killedAt,
  );
  return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
