import { html } from 'hono/html';
import type { RequestResource } from '../../client/index.ts';
import { formatBytes } from '../../terminal/format.ts';
import type { Html } from './html.ts';
import { statusOf } from './status.ts';
import { tableOf } from './table.ts';
import { oneLine } from './text.ts';
import { timeOf } from './time.ts';

/** Requests, one a row. */
export function requestTable(requests: readonly RequestResource[], now: number, empty: string): Html {
  return tableOf<RequestResource>({
    caption: 'Requests, newest first',
    rows: requests,
    empty,
    columns: [
      { title: 'Ticket', cell: (request) => requestLink(request) },
      { title: 'Status', cell: ({ status }) => statusOf(status) },
      {
        title: 'Tenant',
        cell: ({ tenant }) => tenant && oneLine(tenant),
        kind: 'names',
        isOptional: true,
      },
      {
        title: 'Topic',
        cell: ({ topic }) => topic && topicOf(topic),
        kind: 'less',
        isOptional: true,
      },
      { title: 'Created', cell: ({ createdAt }) => timeOf(createdAt, now) },
      { title: 'Attempts', cell: ({ attempts }) => attempts, kind: 'number less' },
      { title: 'Outcome', cell: outcomeOf, kind: 'wide clamped' },
    ],
  });
}

/** A topic, which breaks behind its dots. */
export function topicOf(topic: string): Html {
  const [first = '', ...more] = oneLine(topic).split('.');
  return html`<span class="topic">${first}${more.map((part) => html`.<wbr>${part}`)}</span>`;
}

/** A link to the page of a request. */
export function requestLink(request: Pick<RequestResource, 'id' | 'source' | 'tenant'>): Html {
  return html`<a class="ticket" href="${requestHref(request)}">${oneLine(request.id)}</a>`;
}

/** The path of the page of a request. */
export function requestHref(
  { id, source, tenant }: Pick<RequestResource, 'id' | 'source' | 'tenant'>,
  more = '',
): string {
  const query = Object.entries({ source, tenant }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `/requests/${encodeURIComponent(id)}${more}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** The outcome in short: its size and type, what went wrong, or how far it is. */
function outcomeOf({ result, problem, lastError, progress, why, status }: RequestResource): string {
  // The problem only says that all attempts failed.
  if (problem?.code === 'attempts_exhausted' && lastError) {
    return oneLine(`${lastError.code ?? lastError.name}: ${lastError.message}`);
  }
  if (result) return oneLine(`${formatBytes(result.size)} ${result.contentType}`);
  if (problem) return oneLine(`${problem.code}: ${problem.detail}`);
  if (status === 'running' && progress) {
    return oneLine(`${Math.floor(progress.fraction * 100)}% ${progress.note ?? ''}`.trimEnd());
  }
  if (lastError) return oneLine(`${lastError.code ?? lastError.name}: ${lastError.message}`);
  return why === undefined ? '' : oneLine(why);
}
