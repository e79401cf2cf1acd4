const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'] as const;

/** `47.1 KiB` */
export function formatBytes(bytes: number): string {
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
 * @param format of each of the two numbers
 */
export function formatProgress(done: number, total: number, format = formatBytes): string {
  const full = Math.round((Math.min(done, total) / total) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${format(done)} of ${format(total)}`;
}

/** Pads cells to columns: the first row is the header; columns whose numbers are given are aligned to the right. */
export function formatTable(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const pad = (cell: string, i: number) =>
    rightAligned.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}
