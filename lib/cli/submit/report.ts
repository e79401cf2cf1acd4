import type { RequestResource } from '../../client/index.ts';
import { printCells, printJson, printRows } from '../../terminal/output.ts';
import { formatOutcome } from '../request-rows.ts';
import type { TrackedRequest } from './submit-all.ts';

/** Prints a request as a line, with its file if it was submitted from one. @param ended whether the program waited for it */
export function printTrackedRequest(
  { label, request, resultFile }: TrackedRequest,
  { json, ended }: { readonly json?: true; readonly ended: boolean },
): Promise<void> {
  const file = fileOf(label, request);
  if (json) return printJson({ file, resultFile, ...request });
  const outcome = ended ? [request.status, resultFile ?? formatOutcome(request, false)] : [];
  return printCells([request.id, ...(file === undefined ? [] : [file]), ...outcome]);
}

/** Prints requests as a table, with the files they were submitted from. @param ended whether the program waited for them */
export function printTrackedTable(all: readonly TrackedRequest[], ended: boolean): void {
  const withFiles = all.some(({ label, request }) => fileOf(label, request) !== undefined);
  const rows = all.map(({ label, request, resultFile }) => [
    ...(withFiles ? [label] : []),
    request.id,
    request.status,
    ...(ended ? [resultFile ?? formatOutcome(request, true)] : []),
  ]);
  printRows([...(withFiles ? ['file'] : []), 'ticket', 'status', ...(ended ? ['outcome'] : [])], rows, [
    'file',
    'outcome',
  ]);
}

/** A request that wasn't submitted from a file has its ticket as label. */
function fileOf(label: string, { id }: RequestResource): string | undefined {
  return label === id ? undefined : label;
}
