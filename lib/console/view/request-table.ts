import { html } from 'hono/html';
import { formatBytes } from '../../terminal/format.ts';
import type { SeenRequest } from '../operator-resources.ts';
import type { Html } from './html.ts';
import { statusOf } from './status.ts';
import { tableOf } from './table.ts';
import { oneLine } from './text.ts';
import { timeOf } from './time.ts';

/** Requests, one a row. Columns that none of them has are left out. */
export function requestTable(requests: readonly SeenRequest[], now: number, empty: string): Html {
  const has = (name: keyof SeenRequest) => requests.some((request) => request[name] !== undefined);
  return tableOf<SeenRequest>({
    caption: 'Requests, newest first',
    rows: requests,
    empty,
    columns: [
      { title: 'Ticket', cell: (request) => requestLink(request) },
      { title: 'Status', cell: ({ status }) => statusOf(status) },
      ...(has('tenant')
        ? [{ title: 'Tenant', cell: ({ tenant }: SeenRequest) => tenant && oneLine(tenant) }]
        : []),
      ...(has('topic')
        ? [
            {
              title: 'Topic',
              cell: ({ topic }: SeenRequest) => topic && oneLine(topic),
              kind: 'less' as const,
            },
          ]
        : []),
      { title: 'Created', cell: ({ createdAt }) => timeOf(createdAt, now) },
      { title: 'Attempts', cell: ({ attempts }) => attempts, kind: 'number less' },
      { title: 'Outcome', cell: outcomeOf, kind: 'wide' },
    ],
  });
}

/** A link to the page of a request. */
export function requestLink(request: Pick<SeenRequest, 'id' | 'source'>): Html {
  return html`<a class="ticket" href="${requestHref(request)}">${oneLine(request.id)}</a>`;
}

/** The path of the page of a request. */
export function requestHref({ id, source }: Pick<SeenRequest, 'id' | 'source'>, more = ''): string {
  const query = source === undefined ? '' : `?source=${encodeURIComponent(source)}`;
  return `/requests/${encodeURIComponent(id)}${more}${query}`;
}

/** The outcome in short: its size and type, what went wrong, or how far it is. */
function outcomeOf({ result, problem, lastError, progress, why, status }: SeenRequest): string {
  if (result) return oneLine(`${formatBytes(result.size)} ${result.contentType}`);
  if (problem) return oneLine(`${problem.code}: ${problem.detail}`);
  if (status === 'running' && progress) {
    return oneLine(`${Math.floor(progress.fraction * 100)} % ${progress.note ?? ''}`.trimEnd());
  }
  if (lastError) return oneLine(`${lastError.code ?? lastError.name}: ${lastError.message}`);
  return why === undefined ? '' : oneLine(why);
}
