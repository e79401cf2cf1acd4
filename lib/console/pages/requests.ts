import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { RequestStatus } from '../../client/index.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { pagerOf } from '../view/pager.ts';
import { requestHref, requestTable } from '../view/request-table.ts';

const PAGE_REQUESTS = 50;

const STATUSES = [
  'awaiting_upload',
  'scheduled',
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const satisfies readonly RequestStatus[];

/** `/requests`: the requests that match filters, newest first. `/open` leads to one by its ticket. */
export function addRequestsPage(app: Hono, pages: Pages): void {
  app.get('/requests', pages.show(requestsView));
  app.get('/open', (c) => {
    const id = c.req.query('ticket')?.trim();
    return c.redirect(id ? requestHref({ id }) : '/requests', 303);
  });
}

async function requestsView({ c, parts, now, signal }: ViewContext): Promise<View> {
  const { searchParams: query } = new URL(c.req.url);
  const status = STATUSES.find((each) => each === query.get('status'));
  const cursor = query.get('cursor') ?? undefined;
  const page = await parts.client.listPage({ status, cursor, limit: PAGE_REQUESTS, signal });
  const empty =
    page.next === undefined
      ? 'No requests match.'
      : 'None of the requests that were looked at match: go on with Older.';
  return {
    title: 'Requests',
    live: cursor === undefined,
    main: html`<h1>Requests</h1>
<div class="tools">
<form method="get" action="/requests" class="filters">
<label>Status <select name="status"><option value="">all</option>${STATUSES.map(
      (each) =>
        html`<option value="${each}"${each === status && html` selected`}>${each.replaceAll('_', ' ')}</option>`,
    )}</select></label>
<button>Filter</button></form>
<form method="get" action="/open" class="filters"><label>Ticket <input name="ticket" required autocomplete="off" spellcheck="false" size="36"></label>
<button>Open</button></form>
</div>
<section id="requests" data-part>${requestTable(page.requests, now, empty)}${pagerOf('/requests', query, page.next)}</section>`,
  };
}
