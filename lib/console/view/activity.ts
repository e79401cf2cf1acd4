import { html } from 'hono/html';
import type { Activity, ActivityBucket } from '../../client/index.ts';
import { formatDuration } from '../../terminal/figures.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Html } from './html.ts';
import { tableOf } from './table.ts';
import { timeOf } from './time.ts';

const WIDTH = 600;
const HEIGHT = 56;

/** A line of a chart, or its bars. */
interface Series {
  readonly name: string;
  readonly of: (bucket: ActivityBucket) => number;
}

const SUBMITTED: Series = { name: 'submitted', of: ({ submitted }) => submitted };
const ENDED: Series = {
  name: 'ended',
  of: ({ succeeded, failed, cancelled, expired }) => succeeded + failed + cancelled + expired,
};
const FAILED: Series = { name: 'failed', of: ({ failed }) => failed };

/** What was submitted and what ended, and what failed, as charts. */
export function activityCharts(activity: Activity, now: number): Html {
  const { missing = [] } = activity;
  return html`<div class="charts">${chartOf('Submitted and ended', SUBMITTED, activity, now, ENDED)}${chartOf('Failed', FAILED, activity, now)}</div>
${missing.length > 0 && html`<p class="unavailable">CloudWatch has no data of: ${missing.join(', ')}. Either there was none, or the metrics are off or late.</p>`}`;
}

/** The counts of the charts, and the others. Buckets without any are left out. */
export function activityTable({ buckets, bucketSeconds }: Activity, now: number): Html {
  const counted = buckets.filter((bucket) => SUBMITTED.of(bucket) + ENDED.of(bucket) > 0);
  const count = (title: string, figure: Exclude<keyof ActivityBucket, 'at'>) => ({
    title,
    kind: 'number' as const,
    cell: (bucket: ActivityBucket) => formatCount(bucket[figure]),
  });
  return tableOf({
    caption: `Requests by time, in steps of ${formatDuration(bucketSeconds)}, the latest first`,
    columns: [
      { title: 'From', cell: ({ at }) => timeOf(at, now) },
      count('Submitted', 'submitted'),
      count('Succeeded', 'succeeded'),
      count('Failed', 'failed'),
      count('Cancelled', 'cancelled'),
      count('Expired', 'expired'),
    ],
    rows: counted.toReversed(),
    empty: 'Nothing was submitted, and nothing ended.',
  });
}

/** @param line drawn over the bars, in their scale. @default - none */
function chartOf(
  title: string,
  bars: Series,
  { from, buckets, bucketSeconds }: Activity,
  now: number,
  line?: Series,
): Html {
  const all = [bars, ...(line ? [line] : [])];
  const sumOf = ({ name, of }: Series) =>
    `${formatCount(buckets.reduce((sum, each) => sum + of(each), 0))} ${name}`;
  const most = Math.max(0, ...buckets.flatMap((bucket) => all.map(({ of }) => of(bucket))));
  const step = formatDuration(bucketSeconds);
  const hours = formatDuration(buckets.length * bucketSeconds);
  const description = `${all.map(sumOf).join(', ')} in the last ${hours}. At most ${formatCount(most)} in ${step}. The table below has all counts.`;
  const id = bars.name;
  const y = (count: number) => HEIGHT - (count / Math.max(1, most)) * (HEIGHT - 2);
  const width = WIDTH / buckets.length;
  return html`<figure class="chart ${bars.name}"><figcaption><h2>${title}</h2><p class="scale"><span class="bars">${sumOf(bars)}</span>${line && html`, <span class="line">${sumOf(line)}</span>`} in the last ${hours}; at most ${formatCount(most)} in ${step}</p></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="chart-${id} chart-${id}-counts"><title id="chart-${id}">${title}</title><desc id="chart-${id}-counts">${description}</desc>${buckets.map(
    (bucket, index) => {
      const count = bars.of(bucket);
      if (count === 0) return '';
      const top = y(count);
      return html`<rect x="${(index * width).toFixed(1)}" y="${top.toFixed(1)}" width="${(0.8 * width).toFixed(1)}" height="${(HEIGHT - top).toFixed(1)}"></rect>`;
    },
  )}${
    line &&
    html`<polyline points="${stepsOf(
      buckets.map((bucket) => y(line.of(bucket))),
      width,
    )}"></polyline>`
  }</svg>
<p class="scale axis">${timeOf(from, now)}<span>now</span></p></figure>`;
}

/** A line with a level for each bucket. */
function stepsOf(levels: readonly number[], width: number): string {
  return levels
    .flatMap((level, index) =>
      [index, index + 1].map((at) => `${(at * width).toFixed(1)},${level.toFixed(1)}`),
    )
    .join(' ');
}
