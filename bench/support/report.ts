import { formatTable } from '../../lib/terminal/format.ts';
import { printTable, step } from '../../lib/terminal/terminal.ts';

/** A row of a table: values by column title, which names the unit. */
export type Row = Readonly<Record<string, string | number>>;

/** The result of a benchmark. */
export interface Report {
  readonly rows: readonly Row[];
  /** Notes for the reader, a sentence or two each. */
  readonly notes: readonly string[];
}

/** Measures and prints the report: a table, or with `--json` the unrounded figures for programs. */
export async function runBenchmark(
  title: string,
  measure: (note: (text: string) => void) => Promise<Report>,
): Promise<void> {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ title, ...(await measure(() => {})) }, null, 2));
    return;
  }
  const { rows, notes } = await step(title, measure);
  console.log();
  printTable(tableOf(rows));
  for (const note of notes) console.log(`\n${note}`);
  console.log();
}

function tableOf(rows: readonly Row[]): string[] {
  const [first = {}] = rows;
  const titles = Object.keys(first);
  const numeric = titles.flatMap((title, index) => (typeof first[title] === 'number' ? [index] : []));
  return formatTable([titles, ...rows.map((row) => titles.map((title) => cell(row[title])))], numeric);
}

/** Measurements have three significant digits. */
function cell(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  const decimals = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
