import { html } from 'hono/html';
import { formatCount } from '../../terminal/format.ts';
import type { Content, Html } from './html.ts';

/** A name and what is known of it; what isn't known is left out. */
export type Fact = readonly [name: string, value: Content];

/** Facts, one a line. */
export function factsOf(facts: readonly Fact[]): Html {
  return html`<dl class="facts">${facts
    .filter(([, value]) => value !== undefined && value !== false && value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A large figure. */
export interface Figure {
  readonly name: string;
  /** Undefined if it isn't known. */
  readonly value: number | string | undefined;
  readonly state?: 'good' | 'warn' | 'bad';
  /** Where its parts are listed. */
  readonly href?: string;
}

/** More figures than this have two rows of about one length. */
const MAX_IN_ROW = 6;

/** Large figures in a row. Counts have all their digits. */
export function figuresOf(figures: readonly Figure[]): Html {
  return html`<dl class="figures${figures.length > MAX_IN_ROW && ' many'}">${figures.map(
    ({ name, value, state = '', href }) => {
      const shown = typeof value === 'number' ? formatCount(value) : (value ?? 'unknown');
      const content = href === undefined ? shown : html`<a href="${href}">${shown}</a>`;
      return html`<div class="${state}${value === undefined ? ' unknown' : ''}"><dt>${name}</dt><dd>${content}</dd></div>`;
    },
  )}</dl>`;
}
