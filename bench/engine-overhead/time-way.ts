/** Times one way to do batches, in a process of its own, and tells its parent the microseconds a message takes. */
import { lengthOf } from '../support/length.ts';
import { sqsEvent } from '../support/sqs-event.ts';
import { median } from '../support/statistics.ts';
import { BATCH_SIZES, type WayTimes } from './times.ts';
import { WAYS, type WayName } from './ways.ts';

const WARM_UP_MILLISECONDS = lengthOf(1_000, 1);
const MEASURED_MILLISECONDS = lengthOf(500, 1);

const [name = ''] = process.argv.slice(2);
const way = WAYS[name as WayName]();

const times: [batchSize: number, microseconds: number][] = [];
for (const batchSize of BATCH_SIZES) {
  await timesOf(batchSize, WARM_UP_MILLISECONDS);
  times.push([batchSize, median(await timesOf(batchSize, MEASURED_MILLISECONDS))]);
}
process.send?.(Object.fromEntries(times) satisfies WayTimes);
process.disconnect();

/** Microseconds a message of each batch, over and over for a while. */
async function timesOf(batchSize: number, milliseconds: number): Promise<number[]> {
  const event = sqsEvent(
    Array.from({ length: batchSize }, (_, index) =>
      JSON.stringify({ x: index, y: 7, note: 'a small payload' }),
    ),
  );
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const startedAt = performance.now();
    await way(event);
    times.push(((performance.now() - startedAt) * 1_000) / batchSize);
  }
  return times;
}
