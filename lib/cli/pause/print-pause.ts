import type { Pause } from '../../client/index.ts';
import { isForPeople, printCells, printJson, printRows } from '../../terminal/output.ts';

const HEADER = ['until', 'reason', 'since', 'by'] as const;

/** Prints a pause as a table, as cells or as JSON. */
export async function printPause(pause: Pause, options: { readonly json?: true }): Promise<void> {
  if (options.json) return printJson(pause);
  const { until, reason = '', since = '', by = '' } = pause;
  const row = [until, reason, since, by];
  if (isForPeople(options)) return printRows(HEADER, [row], ['by', 'reason']);
  await printCells(row);
}
