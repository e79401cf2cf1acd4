import type { FailureGroup } from '../../client/index.ts';
import { formatCount, formatTable } from '../../terminal/format.ts';
import { isForPeople, print, printable, printCells, printJson, printRows } from '../../terminal/output.ts';
import { outputWidth } from '../../terminal/terminal.ts';

const HEADER = [
  'group',
  'count',
  'last seen',
  'first seen',
  'code',
  'message',
  'frame',
  'tenants',
  'note',
] as const;

const LEAST_IMPORTANT = ['first seen', 'tenants', 'frame', 'note', 'last seen', 'message', 'code'] as const;

/** How to print groups. */
interface PrintOptions {
  readonly json?: true;
}

/** Prints groups: as a table on a terminal, else as lines as they come. */
export async function printFailures(
  groups: AsyncIterable<FailureGroup>,
  { json }: PrintOptions,
): Promise<void> {
  const rows: string[][] = [];
  for await (const group of groups) {
    if (json) await printJson(group);
    else if (isForPeople({ json })) rows.push(cellsOf(group, formatCount(group.count)));
    else await printCells(cellsOf(group, String(group.count)));
  }
  printRows(HEADER, rows, LEAST_IMPORTANT);
}

/** Prints one group: its facts below each other on a terminal, else one line. */
export async function printFailure(group: FailureGroup, { json }: PrintOptions): Promise<void> {
  if (json) return printJson(group);
  if (!isForPeople({ json })) return printCells(cellsOf(group, String(group.count)));
  const cells = cellsOf(group, formatCount(group.count));
  const facts = HEADER.flatMap((name, column) => (cells[column] ? [[name, printable(cells[column])]] : []));
  for (const line of formatTable(facts, [], outputWidth())) await print(line);
}

function cellsOf(
  { id, lastSeenAt, firstSeenAt, code, message, frame = '', tenants, note }: FailureGroup,
  count: string,
): string[] {
  return [id, count, lastSeenAt, firstSeenAt, code, message, frame, tenants.join(' '), note?.text ?? ''];
}
