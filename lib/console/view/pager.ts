import { html } from 'hono/html';
import { type Html, NOTHING } from './html.ts';

/** What the links are called. */
interface PagerNames {
  readonly first: string;
  readonly next: string;
}

/** The names for lists in the order of time. */
const BY_TIME: PagerNames = { first: 'Newest', next: 'Older' };

/** Links to the first page and the next one. Pages are found by their cursor, so each costs the same. */
export function pagerOf(
  path: string,
  query: URLSearchParams,
  next: string | undefined,
  names = BY_TIME,
): Html {
  const isFirst = !query.has('cursor');
  if (isFirst && next === undefined) return NOTHING;
  const withCursor = (cursor: string | undefined) => {
    const other = new URLSearchParams(query);
    other.delete('cursor');
    if (cursor !== undefined) other.set('cursor', cursor);
    return other.size === 0 ? path : `${path}?${other}`;
  };
  return html`<nav class="pager" aria-label="Pages of the list">${!isFirst && html`<a href="${withCursor(undefined)}">${names.first}</a>`}${
    next !== undefined && html`<a rel="next" href="${withCursor(next)}">${names.next}</a>`
  }</nav>`;
}
