import { Command } from 'commander';
import type { Activity, ActivityBucket, ActivityFigure } from '../../client/index.ts';
import { totalsOf } from '../../core/operations/activity.ts';
import { ACTIVITY_FIGURES } from '../../core/ports/activity-log.ts';
import { formatDuration } from '../../terminal/figures.ts';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { cell } from '../plan/chart.ts';
import { readCount } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

/** Most characters of a spark line. */
const SPARK_COLUMNS = 48;

/** Options of `coatcheck activity`. */
interface ActivityCommandOptions extends ServiceOptions {
  readonly hours?: number;
}

/** `coatcheck activity`: shows how many requests were submitted and ended in the last hours. */
export function activityCommand({ signal }: Run): Command {
  const command = new Command('activity')
    .description('Count the requests that were submitted and ended in the last hours.')
    .option('--hours <n>', 'how many hours back, up to 24 (default: 6)', readCount);
  return addServiceOptions(command).action((options: ActivityCommandOptions) =>
    withService(options, signal, async (client) => {
      const activity = await client.activity({ hours: options.hours, signal });
      await printActivity(activity, options);
      if (activity.missing) note(`CloudWatch has no data of: ${activity.missing.join(', ')}.`);
    }),
  );
}

async function printActivity(activity: Activity, options: { readonly json?: true }): Promise<void> {
  if (options.json) return printJson(activity);
  const { buckets, bucketSeconds } = activity;
  if (!isForPeople(options)) {
    for (const bucket of buckets) {
      await printCells([bucket.at, ...ACTIVITY_FIGURES.map((figure) => String(bucket[figure]))]);
    }
    return;
  }
  const totals = totalsOf(buckets);
  const rows = ACTIVITY_FIGURES.map((figure) => [
    figure,
    formatCount(totals[figure]),
    formatCount(Math.max(...buckets.map((bucket) => bucket[figure]))),
    sparkOf(buckets, figure),
  ]);
  const most = `most in ${formatDuration(bucketSeconds)}`;
  const time = `last ${formatDuration(buckets.length * bucketSeconds)}`;
  printRows(['requests', 'count', most, time], rows, [time, most]);
}

/** The counts of a figure as a line of bars: `▁▃█ ▂`. Every row has its own scale. */
function sparkOf(buckets: readonly ActivityBucket[], figure: ActivityFigure): string {
  const size = Math.ceil(buckets.length / SPARK_COLUMNS);
  const sums = Array.from({ length: Math.ceil(buckets.length / size) }, (_, column) =>
    buckets.slice(column * size, (column + 1) * size).reduce((sum, bucket) => sum + bucket[figure], 0),
  );
  const top = Math.max(1, ...sums);
  return sums.map((sum) => cell(sum / top)).join('');
}
