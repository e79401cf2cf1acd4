import type { Point } from '../../planner/surge.ts';
import { formatDuration, formatShort } from '../../terminal/figures.ts';

/** Cells filled from the bottom by 0 to 8 eighths. */
const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Size of a chart without its axes. */
export interface ChartSize {
  readonly columns: number;
  readonly rows: number;
}

/** Draws the number of waiting requests over time with block characters, as lines without colour. */
export function depthChart(timeline: readonly Point[], { columns, rows }: ChartSize): string[] {
  const depths = deepestByColumn(timeline, columns);
  const top = Math.max(1, ...depths);
  const endSeconds = timeline.at(-1)?.seconds ?? 0;
  const labels = Array.from({ length: rows }, (_, row) => (row === 0 ? formatShort(top) : ''));
  const width = Math.max(...labels.map((label) => label.length));
  const lines = labels.map((label, row) => {
    const bars = depths.map((depth) => cell((depth / top) * rows - (rows - 1 - row)));
    return `${label.padStart(width)} │${bars.join('')}`.trimEnd();
  });
  const end = formatDuration(endSeconds);
  return [
    ...lines,
    `${'0'.padStart(width)} └${'─'.repeat(columns)}`,
    `${' '.repeat(width + 2)}0${end.padStart(columns - 1)}`,
  ];
}

/** The maximum of each column; a column without a point repeats the one before. */
function deepestByColumn(timeline: readonly Point[], columns: number): number[] {
  const endSeconds = timeline.at(-1)?.seconds || 1;
  const depths: (number | undefined)[] = Array.from({ length: columns }, () => undefined);
  for (const { seconds, waiting } of timeline) {
    const column = Math.min(columns - 1, Math.floor((seconds / endSeconds) * columns));
    depths[column] = Math.max(depths[column] ?? 0, waiting);
  }
  let last = 0;
  return depths.map((depth) => {
    last = depth ?? last;
    return last;
  });
}

/** A cell that is filled from the bottom to a height from 0 to 1. Any height above 0 is visible. */
export function cell(height: number): string {
  if (height <= 0) return ' ';
  return EIGHTHS[Math.min(8, Math.max(1, Math.round(height * 8)))] ?? ' ';
}
