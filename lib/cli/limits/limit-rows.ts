import type { Limit, LimitView } from '../../client/index.ts';
import { isForPeople, printCells, printJson, printRows } from '../../terminal/output.ts';

const HEADER = ['key', 'concurrency', 'rate', 'max waiting', 'weight'] as const;

const VIEW_HEADER = [
  'key',
  'value',
  'running',
  'concurrency',
  'rate',
  'waiting',
  'max waiting',
  'paused until',
  'changed',
] as const;

/** How to print limits. */
interface PrintOptions {
  readonly json?: true;
}

/** Prints limits as they are configured, as a table, as cells or as JSON. */
export async function printLimits(limits: readonly Limit[], { json }: PrintOptions): Promise<void> {
  if (isForPeople({ json })) return printRows(HEADER, limits.map(cellsOf), ['weight', 'key']);
  for (const limit of limits) await (json ? printJson(limit) : printCells(cellsOf(limit)));
}

/** Prints one value of a key, as a table, as cells or as JSON. */
export async function printLimit(view: LimitView, { json }: PrintOptions): Promise<void> {
  if (json) return printJson(view);
  const row = viewCellsOf(view);
  if (!isForPeople({ json })) return printCells(row);
  printRows(VIEW_HEADER, [row], ['changed', 'value', 'paused until']);
}

function cellsOf({ key, concurrency, rate, maxWaiting, weight }: Limit): string[] {
  return cells(key, concurrency, rate, maxWaiting, weight);
}

function viewCellsOf({ changed = {}, ...view }: LimitView): string[] {
  const { key, value, running, concurrency, rate, waiting, maxWaiting, pausedUntil } = view;
  const names = Object.keys(changed).join(' ');
  return cells(key, value, running, concurrency, rate, waiting, maxWaiting, pausedUntil, names);
}

/** What is absent is empty. */
function cells(...values: readonly (string | number | undefined)[]): string[] {
  return values.map((value = '') => String(value));
}
