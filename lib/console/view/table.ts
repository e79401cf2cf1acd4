import { html } from 'hono/html';
import type { Content, Html } from './html.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Content;
  /**
   * `number` aligns to the right, `wide` has the most room, `clamped` at most three lines, `names` keeps some room, `less` is left out
   * where there is little.
   */
  readonly kind?:
    | 'number'
    | 'wide'
    | 'wide clamped'
    | 'wide less'
    | 'less'
    | 'names'
    | 'number less'
    | 'names less';
  /** Left out if no row has any content in it. @default false */
  readonly isOptional?: boolean;
}

/** A table, and what is said if it is empty. */
export interface Table<Row> {
  /** For screen readers. */
  readonly caption: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly empty: string;
}

/** A table whose rows become cards on a narrow screen. With its roles, because browsers drop those of tables in other layouts. */
export function tableOf<Row>({ caption, columns, rows, empty }: Table<Row>): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const shown = columns.filter(({ isOptional, cell }) => !isOptional || rows.some((row) => cell(row)));
  return html`<table role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${shown.map(
    ({ title, kind }) => html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map(
    (row) => html`<tr role="row">${shown.map((column, index) => cellOf(column, row, index))}</tr>
`,
  )}</tbody></table>`;
}

function cellOf<Row>({ title, cell, kind }: Column<Row>, row: Row, index: number): Html {
  const content = html`<div class="cell">${cell(row)}</div>`;
  return index === 0
    ? html`<th role="rowheader" scope="row" class="${kind}">${content}</th>`
    : html`<td role="cell" class="${kind}" data-title="${title}">${content}</td>`;
}
