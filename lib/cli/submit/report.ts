import { printCells, printJson, printRows } from '../output.ts';
import { formatOutcome } from '../request-rows.ts';
import type { Submitted } from './submitting.ts';

/** Prints a request with its file for programs. @param ended whether it was waited for */
export function printSubmitted(
  { file, request, resultFile }: Submitted,
  { json, ended }: { readonly json?: true; readonly ended: boolean },
): Promise<void> {
  if (json) return printJson({ file: file.path, resultFile, ...request });
  const { id, status } = request;
  if (!ended) return printCells([id, file.path]);
  return printCells([id, file.path, status, resultFile ?? formatOutcome(request, false)]);
}

/** Prints requests with their files for people. @param ended whether they were waited for */
export function printTableOf(submitted: readonly Submitted[], ended: boolean): void {
  const rows = submitted.map(({ file, request, resultFile }) => [
    file.path,
    request.id,
    request.status,
    ...(ended ? [resultFile ?? formatOutcome(request, true)] : []),
  ]);
  printRows(['file', 'ticket', 'status', ...(ended ? ['outcome'] : [])], rows);
}
