import { html } from 'hono/html';
import type { FailureGroup } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Html } from './html.ts';
import { tableOf } from './table.ts';
import { oneLine } from './text.ts';
import { timeOf } from './time.ts';

/** Groups of failures, one a row. */
export function failureTable(groups: readonly FailureGroup[], now: number): Html {
  return tableOf<FailureGroup>({
    caption: 'Failures with one cause, latest first',
    rows: groups,
    empty: 'No failures.',
    columns: [
      {
        title: 'Code',
        cell: ({ id, code }) => failureLink(id, code),
      },
      { title: 'Requests', cell: ({ count }) => formatCount(count), kind: 'number' },
      { title: 'Last seen', cell: ({ lastSeenAt }) => timeOf(lastSeenAt, now) },
      { title: 'First seen', cell: ({ firstSeenAt }) => timeOf(firstSeenAt, now), kind: 'less' },
      {
        title: 'Tenants',
        cell: ({ tenants }) => oneLine(tenants.join(', ')),
        kind: 'names less',
        isOptional: true,
      },
      {
        title: 'Message',
        cell: ({ message, note }) =>
          html`${oneLine(message)}${note && html`<p class="note">${oneLine(note.text)}</p>`}`,
        kind: 'wide',
      },
    ],
  });
}

/** A link to the page of a group. */
export function failureLink(id: string, text = id): Html {
  return html`<a href="${failureHref(id)}">${oneLine(text)}</a>`;
}

/** The path of the page of a group. */
export function failureHref(id: string, more = ''): string {
  return `/failures/${encodeURIComponent(id)}${more}`;
}
