import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { PageOptions, WebhookStatus } from '../../client/index.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import { declaredMetadata } from '../declared-metadata.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { fieldsOf } from '../view/action-filter.ts';
import type { Html } from '../view/html.ts';
import { METADATA_FIELD, metadataIn } from '../view/metadata-fields.ts';
import { pagerOf } from '../view/pager.ts';
import { requestHref, requestTable } from '../view/request-table.ts';
import { oneLine } from '../view/text.ts';

const PAGE_REQUESTS = 50;

const WEBHOOKS = [
  'pending',
  'delivered',
  'failing',
  'disabled',
  'dead_lettered',
] as const satisfies readonly WebhookStatus[];

/** `/requests`: the requests that match filters, newest first. `/open` leads to one by its ticket. */
export function addRequestsPage(app: Hono, pages: Pages): void {
  app.get('/requests', pages.show(requestsView));
  app.get('/open', (c) => {
    const [id, tenant] = [c.req.query('ticket')?.trim(), c.req.query('tenant') || undefined];
    return c.redirect(id ? requestHref({ id, tenant }) : '/requests', 303);
  });
}

/** What requests are filtered by besides their status, where the service can do that. */
const FILTERS = [
  ['tenant', 'Tenant'],
  ['topic', 'Topic'],
  ['code', 'Code'],
  ['handlerVersion', 'Handler version'],
] as const;

/** Their times are in UTC, without seconds, as `datetime-local` has it. */
const TIMES = [
  ['since', 'Created since'],
  ['until', 'Created before'],
] as const;

async function requestsView(context: ViewContext): Promise<View> {
  const { c, parts, now, signal } = context;
  const { searchParams: query } = new URL(c.req.url);
  const cursor = query.get('cursor') ?? undefined;
  const selection = { ...selectionIn(query), limit: PAGE_REQUESTS, signal };
  const [page, declared] = await Promise.all([parts.client.listPage(selection), declaredMetadata(context)]);
  const noneMatch =
    page.next === undefined
      ? 'No requests match.'
      : 'None of these requests match. Older ones may: choose “Older”.';
  const empty = hasFilters(query) || cursor !== undefined ? noneMatch : 'No requests yet.';
  return {
    title: 'Requests',
    live: cursor === undefined,
    main: html`<h1>Requests</h1>
<div class="tools">
<form method="get" action="/requests" class="filters">
${choiceOf('status', 'Status', REQUEST_STATUSES, selection.status)}
${moreFilters(query)}
${choiceOf('webhook', 'Webhook', WEBHOOKS, selection.webhook)}
${declared.map((key) => textFilter(query, `${METADATA_FIELD}${key}`, `Metadata ${oneLine(key)}`))}
<button>Filter</button>${hasFilters(query) && html`<a class="all" href="/requests">All requests</a>`}</form>
<form method="get" action="/open" class="filters"><label>Ticket <input name="ticket" required autocomplete="off" spellcheck="false" size="36"></label>
<label>Its tenant <input name="tenant" autocomplete="off" spellcheck="false" size="12"></label>
<button>Open</button></form>
</div>
${hasFilters(query) && actLink(selection)}
<section id="requests" data-part>${requestTable(page.requests, now, empty)}${pagerOf('/requests', query, page.next)}</section>`,
  };
}

function hasFilters(query: URLSearchParams): boolean {
  return [...query].some(([name, value]) => name !== 'cursor' && value.trim() !== '');
}

/** Leads to the actions on the requests that match the same filters. */
function actLink({ status, tenant = '', topic, code, handlerVersion, webhook, ...more }: PageOptions): Html {
  if (webhook)
    return html`<p class="hint">Actions can’t select requests by the status of their webhooks.</p>`;
  const { metadata, since: createdSince, until: createdUntil } = more;
  const filter = { status, tenant, topic, code, handlerVersion, metadata, createdSince, createdUntil };
  return html`<p><a href="/operations/new?${String(new URLSearchParams(fieldsOf(filter)))}">Act on these requests</a></p>`;
}

function choiceOf(name: string, label: string, choices: readonly string[], chosen: string | undefined): Html {
  return html`<label>${label} <select name="${name}"><option value="">all</option>${choices.map(
    (each) =>
      html`<option value="${each}"${each === chosen && html` selected`}>${each.replaceAll('_', ' ')}</option>`,
  )}</select></label>`;
}

function textFilter(query: URLSearchParams, name: string, label: string): Html {
  return html`<label>${label} <input name="${name}" value="${query.get(name) ?? ''}" autocomplete="off" spellcheck="false" size="10"></label>`;
}

function moreFilters(query: URLSearchParams): Html {
  return html`${FILTERS.map(([name, label]) => textFilter(query, name, label))}${TIMES.map(
    ([name, label]) =>
      html`<label>${label} <input type="datetime-local" name="${name}" value="${query.get(name) ?? ''}"></label>`,
  )}`;
}

/** Empty fields of the form filter nothing. */
function selectionIn(query: URLSearchParams): PageOptions {
  const text = (name: string) => query.get(name)?.trim() || undefined;
  const time = (name: string) => {
    const given = text(name);
    return given === undefined ? undefined : `${given}:00Z`;
  };
  return {
    status: REQUEST_STATUSES.find((each) => each === query.get('status')),
    cursor: text('cursor'),
    tenant: text('tenant'),
    topic: text('topic'),
    code: text('code'),
    handlerVersion: text('handlerVersion'),
    webhook: WEBHOOKS.find((each) => each === query.get('webhook')),
    metadata: metadataIn(query),
    since: time('since'),
    until: time('until'),
  };
}
