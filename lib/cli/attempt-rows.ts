import type { Attempt, RequestResource } from '../client/index.ts';
import { formatDuration } from '../terminal/figures.ts';
import { isForPeople, printRows } from '../terminal/output.ts';

const HEADER = ['ticket', 'attempt', 'started', 'took', 'version', 'end'] as const;

const LEAST_IMPORTANT = ['ticket', 'version', 'started', 'end'] as const;

/** Prints the attempts of requests as a table, on a terminal. */
export function printAttempts(
  requests: readonly RequestResource[],
  options: { readonly json?: true } = {},
): void {
  if (!isForPeople(options)) return;
  const rows = requests.flatMap((request) =>
    (request.attemptHistory ?? []).map((attempt, index, all) => {
      const isLast = index === all.length - 1;
      return [request.id, ...cellsOf(attempt, isLast && isRunning(request))];
    }),
  );
  if (rows.length > 0) console.log();
  printRows(HEADER, rows, LEAST_IMPORTANT);
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
