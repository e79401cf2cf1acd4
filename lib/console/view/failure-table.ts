import { html } from 'hono/html';
import { formatCount } from '../../terminal/format.ts';
import type { FailureGroup } from '../operator-resources.ts';
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
        cell: ({ id, code }) => html`<a href="/failures/${encodeURIComponent(id)}">${oneLine(code)}</a>`,
      },
      { title: 'Requests', cell: ({ count }) => formatCount(count), kind: 'number' },
      { title: 'Last seen', cell: ({ lastSeenAt }) => timeOf(lastSeenAt, now) },
      { title: 'First seen', cell: ({ firstSeenAt }) => timeOf(firstSeenAt, now), kind: 'less' },
      { title: 'Tenants', cell: ({ tenants = [] }) => oneLine(tenants.join(', ')), kind: 'less' },
      {
        title: 'Message',
        cell: ({ message, note }) =>
          html`${oneLine(message)}${note && html` <span class="note">${oneLine(note.text)}</span>`}`,
        kind: 'wide',
      },
    ],
  });
}
