const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'] as const;

/** `47.1 KiB` */
export function formatBytes(bytes: number): string {
  if (bytes === 1) return '1 byte';
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** `1,461` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `0.4 s` */
export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

const BAR_WIDTH = 16;

/**
 * `████████░░░░ 52.0 MiB of 112.3 MiB`
 * @param format formats each number
 */
export function formatProgress(done: number, total: number, format = formatBytes): string {
  const full = Math.round((Math.min(done, total) / total) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${format(done)} of ${format(total)}`;
}

const GAP = '  ';

/**
 * Pads cells to columns.
 * @param rows the first is the header
 * @param rightAligned indexes of right-aligned columns
 * @param width wraps the last column between words to fit
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const widths = widthsOf(rows);
  const last = widths.length - 1;
  const indent = totalOf(widths.slice(0, -1)) + (last > 0 ? GAP.length : 0);
  const pad = (cell: string, i: number) =>
    rightAligned.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
  return rows.flatMap((row) => {
    if (row.length <= last) return [row.map(pad).join(GAP).trimEnd()];
    const [first = '', ...more] = wrapWords(row[last] ?? '', width - indent);
    const line = [...row.slice(0, -1), first].map(pad).join(GAP).trimEnd();
    return [line, ...more.map((text) => ' '.repeat(indent) + text)];
  });
}

/** Wraps a text between words. A word longer than the width stays whole. */
export function wrapWords(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Narrowest useful width of a truncated cell. */
const MIN_CUT_WIDTH = 8;

/** Narrowest useful width of a wrapped cell. */
const MIN_WRAP_WIDTH = 32;

/** A cell that says when: `2026-01-31T12:00:00.000Z`, `at 2026-01-31T12:00:00.000Z`, `12 min ago`. */
const TIME = /^(?:at )?\d{4}-\d\d-\d\dT[\d:.]+Z$|^\d+ \w+ ago$/;

/** Like {@link fitColumns}, for a table whose last column {@link formatTable} wraps. */
export function fitBesidesLast(
  rows: readonly (readonly string[])[],
  leastImportant: readonly string[],
  width: number,
): readonly (readonly string[])[] {
  const last = widthsOf(rows).at(-1) ?? 0;
  const others = rows.map((row) => row.slice(0, -1));
  const fitting = fitColumns(others, leastImportant, width - GAP.length - Math.min(last, MIN_WRAP_WIDTH));
  return fitting.map((row, i) => [...row, rows[i]?.at(-1) ?? '']);
}

/**
 * Makes a table fit a width. Drops empty columns first, then truncates the least important column with an ellipsis, or
 * drops it if that isn't enough, then the next one. A column of times is never truncated, and dropped only if truncating the
 * more important ones isn't enough. Keeps columns that aren't listed.
 * @param rows the first is the header
 * @param leastImportant names of columns, the least important first
 */
export function fitColumns(
  rows: readonly (readonly string[])[],
  leastImportant: readonly string[],
  width: number,
): readonly (readonly string[])[] {
  let fitting = rows;
  const isTooWide = () => totalOf(widthsOf(fitting)) > width;
  const columnOf = (name: string) => fitting[0]?.indexOf(name) ?? -1;
  const remove = (column: number) => {
    fitting = fitting.map((row) => row.toSpliced(column, 1));
  };
  for (const name of leastImportant) {
    const column = columnOf(name);
    const isEmpty = fitting.slice(1).every((row) => !row[column]);
    if (isTooWide() && column >= 0 && isEmpty) remove(column);
  }
  const hasTimes = (column: number) => fitting.some((row) => TIME.test(row[column] ?? ''));
  const canBeCut = (name: string) => columnOf(name) >= 0 && !hasTimes(columnOf(name));
  for (const [index, name] of leastImportant.entries()) {
    const column = columnOf(name);
    if (!isTooWide() || column < 0) continue;
    const widths = widthsOf(fitting);
    if (hasTimes(column)) {
      const others = leastImportant
        .slice(index + 1)
        .filter(canBeCut)
        .map(columnOf);
      const least = widths.map((each, i) => (others.includes(i) ? Math.min(each, MIN_CUT_WIDTH) : each));
      if (totalOf(least) > width) remove(column);
      continue;
    }
    const left = width - (totalOf(widths) - (widths[column] ?? 0));
    if (left < MIN_CUT_WIDTH) remove(column);
    else fitting = fitting.map((row) => row.with(column, cut(row[column] ?? '', left)));
  }
  return fitting;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`;
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0) + GAP.length * Math.max(widths.length - 1, 0);
}
