import type { Action, ActionRequestLine } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';

const HEADER = [
  'action',
  'kind',
  'state',
  'requests',
  'done',
  'skipped',
  'failed',
  'created',
  'by',
  'reason',
] as const;

const LEAST_IMPORTANT = ['created', 'by', 'reason', 'skipped', 'failed'] as const;

const REQUEST_HEADER = ['request', 'tenant', 'status', 'result', 'retried as', 'detail'] as const;

/** How to print. */
interface PrintOptions {
  readonly json?: true;
}

/** Prints actions as a table, as cells or as JSON. */
export async function printActions(actions: readonly Action[], { json }: PrintOptions): Promise<void> {
  if (isForPeople({ json })) {
    printRows(
      HEADER,
      actions.map((action) => cellsOf(action, formatCount)),
      LEAST_IMPORTANT,
    );
    for (const { stoppedBecause } of actions) if (stoppedBecause) note(`stopped: ${stoppedBecause}`);
    return;
  }
  for (const action of actions) await (json ? printJson(action) : printCells(cellsOf(action, String)));
}

/** Prints the requests of an action as a table, as cells or as JSON. */
export async function printActionRequests(
  requests: AsyncIterable<ActionRequestLine>,
  { json }: PrintOptions,
): Promise<void> {
  const onTerminal = isForPeople({ json });
  const rows: string[][] = [];
  for await (const request of requests) {
    if (onTerminal) rows.push(requestCells(request));
    else await (json ? printJson(request) : printCells(requestCells(request)));
  }
  if (onTerminal) printRows(REQUEST_HEADER, rows, ['retried as', 'tenant']);
}

function cellsOf(action: Action, format: (count: number) => string): string[] {
  const { id, state, count, progress, createdAt, createdBy = '', reason = '' } = action;
  const { done, skipped, failed } = progress;
  const figures = [count, done, skipped, failed].map(format);
  return [id, action.action, state, ...figures, createdAt, createdBy, reason];
}

function requestCells(request: ActionRequestLine): string[] {
  const { id, tenant = '', status, result = '', retriedAs = '', detail = '' } = request;
  return [id, tenant, status, result, retriedAs, detail];
}
