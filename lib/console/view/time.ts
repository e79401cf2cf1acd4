import { html } from 'hono/html';
import { formatAge, formatDuration } from '../../terminal/figures.ts';
import { type Html, NOTHING } from './html.ts';

/** A time with how long ago it was: `12:03:04 · 5 s ago`, with the date unless it is today's. Times are in UTC. */
export function timeOf(time: string | undefined, now: number): Html {
  const at = Date.parse(time ?? '');
  if (time === undefined || Number.isNaN(at)) return NOTHING;
  return html`<time datetime="${time}" title="${time}">${absolute(at, now)} <span class="ago">${relative(at, now)}</span></time>`;
}

/** The earliest and the latest time of something, from now: `in 3 s to 8 s`. */
export function rangeOf({ from, to }: { readonly from: string; readonly to: string }, now: number): string {
  const [least = 0, most = 0] = [from, to].map((time) => Math.round((Date.parse(time) - now) / 1_000));
  return least < 1
    ? `within ${formatDuration(Math.max(1, most))}`
    : `in ${formatDuration(least)} to ${formatDuration(most)}`;
}

/** Time from one moment to another: `1.2 s`; undefined if one of them is unknown. */
export function durationOf(from: string | undefined, to: string | undefined): string | undefined {
  const milliseconds = Date.parse(to ?? '') - Date.parse(from ?? '');
  return milliseconds >= 0 ? formatDuration(milliseconds / 1_000) : undefined;
}

function absolute(at: number, now: number): string {
  const [date = '', time = ''] = new Date(at).toISOString().slice(0, -5).split('T');
  return new Date(now).toISOString().startsWith(date) ? time : `${date} ${time}`;
}

function relative(at: number, now: number): string {
  const length = formatAge(Math.round(Math.abs(at - now) / 1_000));
  return at > now ? `in ${length}` : `${length} ago`;
}
