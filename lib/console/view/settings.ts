import { html } from 'hono/html';
import type { ServiceSetting } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Html } from './html.ts';
import { tableOf } from './table.ts';
import { oneLine } from './text.ts';

/** Settings in effect: those that were set first. */
export function settingsOf(settings: readonly ServiceSetting[]): Html {
  const rows = settings.toSorted((a, b) => Number(a.from === 'default') - Number(b.from === 'default'));
  return tableOf<ServiceSetting>({
    caption: 'Settings in effect, with where each came from',
    rows,
    empty: 'The service shows no settings.',
    columns: [
      { title: 'Setting', cell: ({ name }) => oneLine(name) },
      { title: 'Value', cell: shownValue },
      { title: 'Default', cell: ({ default: byDefault, unit }) => textOf(byDefault, unit), kind: 'less' },
      { title: 'Set by', cell: ({ setBy }) => setBy && oneLine(setBy), kind: 'names less', isOptional: true },
      { title: 'From', cell: ({ from }) => oneLine(from), kind: 'names' },
    ],
  });
}

function shownValue({ value, unit, from }: ServiceSetting) {
  if (value === undefined) return from === 'default' ? 'not set' : html`<em>not shown</em>`;
  if (value === '') return 'not set';
  return textOf(value, unit);
}

/** Only amounts have a unit: a port isn't one. Lists break between their entries. */
function textOf(value: unknown, unit?: string): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return unit ? amountOf(value, unit) : String(value);
  if (Array.isArray(value)) return value.map((entry) => textOf(entry)).join(', ') || 'none';
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}

function amountOf(value: number, unit: string): string {
  return `${formatCount(value)} ${value === 1 ? unit.replace(/s$/, '') : unit}`;
}
