import type { RequestResource, TimeRange } from '../client/index.ts';
import { formatDuration } from '../terminal/figures.ts';

/**
 * What a request waits for: `behind 412 requests, starts in 3 min to 5 min`. Empty once it has ended.
 * @param now milliseconds since 1970
 */
export function formatForecast({ why = '', startsAbout, endsAbout }: RequestResource, now: number): string {
  if (startsAbout) return `${why}, starts ${formatRange(startsAbout, now)}`;
  return endsAbout ? `${why}, ends ${formatRange(endsAbout, now)}` : why;
}

function formatRange({ from, to }: TimeRange, now: number): string {
  const [least = 0, most = 0] = [from, to].map((time) => Math.round((Date.parse(time) - now) / 1_000));
  return least < 1
    ? `within ${formatDuration(Math.max(1, most))}`
    : `in ${formatDuration(least)} to ${formatDuration(most)}`;
}
