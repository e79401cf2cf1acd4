import type { Attempt, RequestResource } from '../client/index.ts';
import { formatDuration } from '../terminal/figures.ts';
import { isForPeople, printable, printRows } from '../terminal/output.ts';

const HEADER = ['attempt', 'started', 'took', 'version', 'end'] as const;

/** Prints the attempts of each request as a table, with their errors in full, on a terminal. */
export function printAttempts(
  requests: readonly RequestResource[],
  options: { readonly json?: true } = {},
): void {
  if (!isForPeople(options)) return;
  for (const request of requests) {
    const { id, attemptHistory = [] } = request;
    if (attemptHistory.length === 0) continue;
    console.log();
    if (requests.length > 1) console.log(`${printable(id)}:`);
    const rows = attemptHistory.map((attempt, index) =>
      cellsOf(attempt, index === attemptHistory.length - 1 && isRunning(request)),
    );
    printRows(HEADER, rows, ['version'], { wrapsLast: true });
  }
}

function isRunning({ status }: RequestResource): boolean {
  return status === 'running' || status === 'cancelling';
}

function cellsOf(attempt: Attempt, isRunning: boolean): string[] {
  const { number, startedAt, endedAt, handlerVersion = '', redrive } = attempt;
  const took =
    endedAt === undefined ? '' : formatDuration((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
  const label = redrive === undefined ? String(number) : `${number} (redrive ${redrive})`;
  return [label, startedAt, took, handlerVersion, isRunning ? 'runs' : endOf(attempt)];
}

/** How an attempt ended: `ETIMEDOUT: connect ETIMEDOUT`. */
function endOf({ endedAt, error, uncounted }: Attempt): string {
  if (endedAt === undefined) return 'never reported: crash, out of memory or timeout';
  const reason = error ? `${error.code}: ${error.message}` : 'no error';
  return uncounted ? `${reason} (not counted)` : reason;
}
