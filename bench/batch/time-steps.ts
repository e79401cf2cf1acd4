/** Times the steps of a batch in this process, and counts what SQLite writes. @see bench/batch.ts */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { silentLogger } from '../support/silent-logger.ts';

/** What one step took. */
export interface StepTime {
  readonly step: string;
  readonly seconds: number;
  /** Rows that SQLite inserted, changed or deleted, by triggers too. */
  readonly writes: number;
}

/** What the steps took. */
export interface StepTimes {
  readonly steps: readonly StepTime[];
  /** Milliseconds of a look at the batch with all items. */
  readonly look: number;
}

const CONCURRENCY = 32;
const LOOKS = 200;

const items = Number(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
const options = {
  file: join(folder, 'jobs.db'),
  output: false as const,
  settings: { concurrency: CONCURRENCY },
  logger: silentLogger,
};
const processor = defineProcessor(() => null);

const steps: StepTime[] = [];
let look = 0;
let batchId = '';

/** Runs a step with a service of its own, so that nothing else runs in it. */
async function step(
  name: string,
  handles: boolean,
  run: (service: Service) => Promise<unknown>,
): Promise<void> {
  const parts = await openParts(options, Date);
  const service = new Service({ ...parts, processor: handles ? processor : undefined });
  const writes = () => Number(parts.storage.file.statement('SELECT total_changes() AS n').get()?.n);
  const [before, since] = [writes(), performance.now()];
  await run(service);
  steps.push({ step: name, seconds: (performance.now() - since) / 1000, writes: writes() - before });
  await service.close();
}

function* payloads(): Generator<{ readonly key: string; readonly payload: unknown }> {
  for (let number = 0; number < items; number++) yield { key: `n-${number}`, payload: { number } };
}

async function untilEnded({ batches }: Service): Promise<void> {
  while ((await batches.get(batchId)).endedAt === undefined) await sleep(5);
}

await step('add', false, async ({ batches }) => {
  batchId = (await batches.create()).id;
  await batches.add(batchId, payloads());
});
await step('add again', false, ({ batches }) => batches.add(batchId, payloads()));
await step('look', false, async ({ batches }) => {
  const since = performance.now();
  for (let looks = 0; looks < LOOKS; looks++) await batches.get(batchId);
  look = (performance.now() - since) / LOOKS;
});
await step('handle', true, async (service) => {
  await service.batches.seal(batchId);
  await untilEnded(service);
});
await step('results', false, async ({ batches }) => {
  for await (const _ of batches.results(batchId));
});
await step('add, to cancel', false, async ({ batches }) => {
  batchId = (await batches.create()).id;
  await batches.add(batchId, payloads());
});
await step('cancel', false, async (service) => {
  await service.batches.cancel(batchId);
  await untilEnded(service);
});

process.send?.({ steps: steps.filter(({ step }) => step !== 'look'), look } satisfies StepTimes);
await rm(folder, { recursive: true, force: true });
process.disconnect?.();
