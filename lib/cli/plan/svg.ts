import type { Plan } from '../../planner/plan.ts';
import type { Point } from '../../planner/surge.ts';
import { formatDuration, formatShort } from '../../terminal/figures.ts';
import { formatCount } from '../../terminal/format.ts';

const WIDTH = 760;
const HEIGHT = 380;
const PLOT = { left: 76, right: 24, top: 66, bottom: 48 };
const PLOT_WIDTH = WIDTH - PLOT.left - PLOT.right;
const PLOT_HEIGHT = HEIGHT - PLOT.top - PLOT.bottom;
const PLOT_BOTTOM = PLOT.top + PLOT_HEIGHT;
const TICKS = 5;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #39424e }
    .title { font-size: 17px; font-weight: 600; fill: #101828 }
    .grid { stroke: #e4e7ec }
    .axis { stroke: #98a2b3 }
    .depth { fill: #2e90fa; fill-opacity: .22; stroke: #1570cd; stroke-width: 1.5; stroke-linejoin: round }`;

/** Draws the number of waiting requests over time as a self-contained SVG. */
export function surgeSvg({ extraRequests, forecast }: NonNullable<Plan['surge']>): string {
  const { timeline, deepestWaiting, longestWaitSeconds, drainedSeconds } = forecast;
  const endSeconds = timeline.at(-1)?.seconds || 1;
  const xTicks = ticks(endSeconds, timeUnit(endSeconds)).filter((value) => value <= endSeconds);
  const yTicks = ticks(Math.max(deepestWaiting, 1));
  const top = yTicks.at(-1) ?? 1;
  const x = (seconds: number) => PLOT.left + (seconds / endSeconds) * PLOT_WIDTH;
  const y = (waiting: number) => PLOT_BOTTOM - (waiting / top) * PLOT_HEIGHT;
  const drained =
    drainedSeconds === undefined
      ? 'not drained within the forecast'
      : `drained after ${formatDuration(drainedSeconds)}`;
  const title = `${formatCount(extraRequests)} more requests: ${drained}`;
  const subtitle = `At most ${formatCount(deepestWaiting)} requests wait; the longest wait is ${formatDuration(longestWaitSeconds)}.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title subtitle">
  <style>${STYLE}
  </style>
  <rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
  <text class="title" id="title" x="${PLOT.left}" y="26">${title}</text>
  <text id="subtitle" x="${PLOT.left}" y="46">${subtitle}</text>
${yTicks.map((value) => horizontal(y(value), formatShort(value))).join('\n')}
  <path class="depth" d="${area(timeline, x, y)}"/>
  <line class="axis" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${PLOT_BOTTOM}" y2="${PLOT_BOTTOM}"/>
${xTicks.map((value) => below(x(value), formatDuration(value))).join('\n')}
  <text x="${PLOT.left + PLOT_WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">time since the surge began</text>
</svg>
`;
}

function area(timeline: readonly Point[], x: (seconds: number) => number, y: (waiting: number) => number) {
  const points = timeline.map(({ seconds, waiting }) => `L${round(x(seconds))} ${round(y(waiting))}`);
  const last = round(x(timeline.at(-1)?.seconds ?? 0));
  return `M${PLOT.left} ${PLOT_BOTTOM}${points.join('')}L${last} ${PLOT_BOTTOM}Z`;
}

function horizontal(y: number, label: string): string {
  const at = round(y);
  return `  <line class="grid" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${at}" y2="${at}"/>
  <text x="${PLOT.left - 8}" y="${round(y + 4)}" text-anchor="end">${label}</text>`;
}

function below(x: number, label: string): string {
  return `  <line class="axis" x1="${round(x)}" x2="${round(x)}" y1="${PLOT_BOTTOM}" y2="${PLOT_BOTTOM + 5}"/>
  <text x="${round(x)}" y="${PLOT_BOTTOM + 20}" text-anchor="middle">${label}</text>`;
}

/** About {@link TICKS} round values from 0 to at least `most`, in multiples of `unit`. */
function ticks(most: number, unit = 1): number[] {
  const rough = most / unit / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((times) => times * power >= rough) ?? 10) * power * unit;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

function timeUnit(seconds: number): number {
  return [86_400, 3_600, 60].find((unit) => seconds >= unit) ?? 1;
}

function round(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}
