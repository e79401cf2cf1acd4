import type { RequestResource } from '../../client/index.ts';
import { printCells, printJson, printRows } from '../../terminal/output.ts';
import { formatOutcome } from '../request-rows.ts';
import type { Awaited } from './submitting.ts';

/** Prints a request for programs, with its file if it was submitted by one. @param ended whether it was waited for */
export function printAwaited(
  { shown, request, resultFile }: Awaited,
  { json, ended }: { readonly json?: true; readonly ended: boolean },
): Promise<void> {
  const file = fileOf(shown, request);
  if (json) return printJson({ file, resultFile, ...request });
  const outcome = ended ? [request.status, resultFile ?? formatOutcome(request, false)] : [];
  return printCells([request.id, ...(file === undefined ? [] : [file]), ...outcome]);
}

/** Prints requests for people, with the files they were submitted by. @param ended whether they were waited for */
export function printTableOf(all: readonly Awaited[], ended: boolean): void {
  const withFiles = all.some(({ shown, request }) => fileOf(shown, request) !== undefined);
  const rows = all.map(({ shown, request, resultFile }) => [
    ...(withFiles ? [shown] : []),
    request.id,
    request.status,
    ...(ended ? [resultFile ?? formatOutcome(request, true)] : []),
  ]);
  printRows([...(withFiles ? ['file'] : []), 'ticket', 'status', ...(ended ? ['outcome'] : [])], rows, [
    'file',
    'outcome',
  ]);
}

/** One that is only waited for is shown as its ticket. */
function fileOf(shown: string, { id }: RequestResource): string | undefined {
  return shown === id ? undefined : shown;
}
