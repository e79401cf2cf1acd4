import { html } from 'hono/html';
import type { ServiceAlarm } from '../../client/index.ts';
import type { Html } from './html.ts';
import { statusOf } from './status.ts';
import { tableOf } from './table.ts';
import { manyLines, oneLine } from './text.ts';
import { timeOf } from './time.ts';

const STATES = { alarm: 'raised', unknown: 'unknown', ok: 'quiet' } as const;

const ORDER = Object.keys(STATES);

/** Alarms: those that are raised first, with what to do about them. */
export function alarmsOf(alarms: readonly ServiceAlarm[], now: number): Html {
  const raised = alarms.filter(({ state }) => state === 'alarm');
  const health = (state: string, text: string) => html`<p class="health ${state}">${text}</p>`;
  const rows = alarms.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return html`${alarms.length > 0 && (raised.length === 0 ? health('good', 'No alarm is raised.') : health('bad', `Raised: ${raised.map(({ name }) => oneLine(name)).join(', ')}.`))}
${tableOf<ServiceAlarm>({
  caption: 'Alarms with their states, and what to do',
  rows,
  empty: 'The service has no alarms.',
  columns: [
    { title: 'Alarm', cell: ({ name }) => oneLine(name) },
    { title: 'State', cell: ({ state }) => statusOf(STATES[state]) },
    { title: 'Since', cell: ({ state, since }) => state !== 'ok' && timeOf(since, now), kind: 'less' },
    {
      title: 'About it',
      cell: ({ state, reason, description }) =>
        state === 'ok'
          ? manyLines(description)
          : html`${reason && html`<p>${manyLines(reason)}</p>`}<p>${manyLines(description)}</p>`,
      kind: 'wide',
    },
  ],
})}`;
}
