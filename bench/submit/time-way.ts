/** Times one way to accept requests in its own process, and reports to its parent. */
import { lengthOf } from '../support/length.ts';
import { quantile } from '../support/statistics.ts';
import { SdkStopwatch } from './sdk-stopwatch.ts';
import type { Quantiles, SubmitTimes } from './times.ts';
import { WAYS, type WayName } from './ways.ts';

const WARM_UP_MILLISECONDS = lengthOf(2_000, 1);
const MEASURED_MILLISECONDS = lengthOf(2_000, 1);

const [name = ''] = process.argv.slice(2);
const { aws, submit } = WAYS[name as WayName]();
const stopwatch = new SdkStopwatch(aws);

await timed(WARM_UP_MILLISECONDS);
process.send?.(await timed(MEASURED_MILLISECONDS));
process.disconnect();

/** Sequential calls for a while. */
async function timed(milliseconds: number): Promise<SubmitTimes> {
  const all: number[] = [];
  const sdk: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    stopwatch.microseconds = 0;
    const startedAt = performance.now();
    await submit();
    all.push((performance.now() - startedAt) * 1_000);
    sdk.push(stopwatch.microseconds);
    aws.messages.length = 0;
  }
  const own = all.map((microseconds, index) => microseconds - (sdk[index] ?? 0));
  return { all: quantilesOf(all), sdk: quantilesOf(sdk), own: quantilesOf(own) };
}

function quantilesOf(values: readonly number[]): Quantiles {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}
