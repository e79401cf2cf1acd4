import type { Hono } from 'hono';
import { html } from 'hono/html';
import { formatCount } from '../../terminal/format.ts';
import { declaredMetadata } from '../declared-metadata.ts';
import { hasActions } from '../has-actions.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionChoices } from '../view/action-choices.ts';
import { actionForm, fieldOf } from '../view/action-form.ts';
import { factsOf } from '../view/facts.ts';
import { failureHref, failureTable } from '../view/failure-table.ts';
import { pagerOf } from '../view/pager.ts';
import { ifAvailable, unavailable } from '../view/problem.ts';
import { requestTable } from '../view/request-table.ts';
import { manyLines, oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const PAGE_GROUPS = 50;
const PAGE_REQUESTS = 50;

/** `/failures`: failures by their cause. `/failures/ID`: one cause, its requests, and what to do with all of them. */
export function addFailurePages(app: Hono, pages: Pages): void {
  app.get('/failures', pages.show(failuresView));
  app.get('/failures/:id', pages.show(failureView));
  app.post(
    '/failures/:id/note',
    pages.act(async ({ c, parts, signal }, form) => {
      const id = c.req.param('id') ?? '';
      await parts.client.failures.setNote(id, fieldOf(form, 'text') ?? '', { signal });
      return failureHref(id);
    }),
  );
}

async function failuresView({ c, parts, now, signal }: ViewContext): Promise<View> {
  const { failures } = parts.client;
  const { searchParams: query } = new URL(c.req.url);
  const cursor = query.get('cursor') ?? undefined;
  const page = await ifAvailable(() => failures.listPage({ limit: PAGE_GROUPS, cursor, signal }));
  return {
    title: 'Failures',
    live: page !== undefined && cursor === undefined,
    main: html`<h1>Failures</h1>
<section id="failures" data-part>${
      page
        ? html`${failureTable(page.groups, now)}${pagerOf('/failures', query, page.next)}`
        : html`${unavailable('Groups of failures')}<p><a href="/requests?status=failed">Failed requests</a></p>`
    }</section>`,
  };
}

async function failureView(context: ViewContext): Promise<View> {
  const { c, parts, now, signal, mayAct } = context;
  const { failures } = parts.client;
  const id = c.req.param('id') ?? '';
  const { searchParams: query } = new URL(c.req.url);
  const cursor = query.get('cursor') ?? undefined;
  const [group, page, canAct, declared] = await Promise.all([
    failures.get(id, { signal }),
    failures.requestsPage(id, { limit: PAGE_REQUESTS, cursor, signal }),
    hasActions(context),
    declaredMetadata(context),
  ]);
  const { code, message, frame, firstSeenAt, lastSeenAt, count, tenants, note } = group;
  return {
    title: `Failure ${oneLine(code)}`,
    main: html`<h1><span class="kind">Failure</span> <span class="ticket">${oneLine(code)}</span></h1>
<div class="failure"><pre tabindex="0">${manyLines(message)}</pre></div>
${factsOf([
  ['Requests', formatCount(count)],
  ['First seen', timeOf(firstSeenAt, now)],
  ['Last seen', timeOf(lastSeenAt, now)],
  ['Tenants', tenants.map(oneLine).join(', ')],
  ['At', frame && html`<code>${oneLine(frame)}</code>`],
  [
    'Note',
    note &&
      html`${oneLine(note.text)}<br><span class="note">${note.by && `${oneLine(note.by)}, `}${timeOf(note.at, now)}</span>`,
  ],
])}
<div class="row">${actionForm(mayAct, {
      action: failureHref(id, '/note'),
      button: 'Set note',
      inputs: html`<label>Note <input name="text" value="${note?.text}" maxlength="2000" size="60" autocomplete="off"></label>`,
    })}</div>
<h2>What you can do</h2>${canAct ? actionChoices({ failureGroup: id }, declared, context) : unavailable('Actions')}
<h2>Requests</h2><section id="requests">${requestTable(page.requests, now, 'No requests.')}${pagerOf(failureHref(id), query, page.next)}</section>`,
  };
}
