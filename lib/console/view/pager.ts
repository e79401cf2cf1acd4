import { html } from 'hono/html';
import { type Html, NOTHING } from './html.ts';

/** Links to the first page and the next one. Pages are found by their cursor, so each costs the same. */
export function pagerOf(path: string, query: URLSearchParams, next: string | undefined): Html {
  const isFirst = !query.has('cursor');
  if (isFirst && next === undefined) return NOTHING;
  const withCursor = (cursor: string | undefined) => {
    const other = new URLSearchParams(query);
    other.delete('cursor');
    if (cursor !== undefined) other.set('cursor', cursor);
    return other.size === 0 ? path : `${path}?${other}`;
  };
  return html`<nav class="pager" aria-label="Pages of the list">${!isFirst && html`<a href="${withCursor(undefined)}">Newest</a>`}${
    next !== undefined && html`<a rel="next" href="${withCursor(next)}">Older</a>`
  }</nav>`;
}
