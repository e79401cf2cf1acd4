import type { Hono } from 'hono';
import { html } from 'hono/html';
import {
  type Action,
  type ActionRequestLine,
  type CoatcheckClient,
  PayloadGone,
  PayloadUnavailable,
  type RequestOptions,
  type SeenPlan,
} from '../../client/index.ts';
import { MAX_FILTER_IDS } from '../../core/model/action.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { hasActions } from '../has-actions.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { succeedingRequests } from '../succeeding-requests.ts';
import { actionChoices } from '../view/action-choices.ts';
import { filterIn, filterTextOf } from '../view/action-filter.ts';
import { actionForm, fieldOf } from '../view/action-form.ts';
import { type Beginning, beginningOf, SHOWN_BYTES } from '../view/beginning-of.ts';
import { commandsOf, type Shell } from '../view/commands.ts';
import { factsOf, figuresOf } from '../view/facts.ts';
import type { Content, Html } from '../view/html.ts';
import { lineDiffOf } from '../view/line-diff.ts';
import { pagerOf } from '../view/pager.ts';
import { planForm, plannedBy } from '../view/plan-form.ts';
import { FormInvalid, ifAvailable, unavailable } from '../view/problem.ts';
import { requestLink } from '../view/request-table.ts';
import { statusOf } from '../view/status.ts';
import { tableOf } from '../view/table.ts';
import { manyLines, oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const PAGE_ACTIONS = 50;

const PAGE_REQUESTS = 50;

/** The query of the page of an action that shows its payload. */
const SHOWING_PAYLOAD = '?payload=shown';

/** `/operations`: the log of actions. `/operations/new`: what can be done with the requests of a filter. `/operations/ID`: one of them: its plan, applying and aborting it. */
export function addOperationPages(app: Hono, pages: Pages): void {
  app.get('/operations', pages.show(operationsView));
  app.get('/operations/new', pages.show(newOperationView));
  app.get('/operations/:id', pages.show(operationView));
  app.post(
    '/operations',
    pages.act(async (context, form) => {
      const { parts, signal } = context;
      const rehearsal = fieldOf(form, 'rehearsal');
      const rehearsed = rehearsal === undefined ? undefined : await succeedingRequests(rehearsal, context);
      const { id, payload } = await parts.client.actions.plan(plannedBy(form, rehearsed), { signal });
      // Who has just written a payload sees what it changes.
      return operationHref(id, payload && SHOWING_PAYLOAD);
    }),
  );
  app.post(
    '/operations/:id/apply',
    pages.act(async ({ c, parts, signal }, form) => {
      const id = c.req.param('id') ?? '';
      await parts.client.actions.apply(id, confirmedBy(form), { signal });
      return operationHref(id);
    }),
  );
  app.post(
    '/operations/:id/abort',
    pages.act(async ({ c, parts, signal }) => {
      const id = c.req.param('id') ?? '';
      await parts.client.actions.abort(id, { signal });
      return operationHref(id);
    }),
  );
}

/** @throws FormInvalid if the count that was typed isn't that of the plan */
function confirmedBy(form: FormData): SeenPlan {
  const count = Number(fieldOf(form, 'count'));
  const typed = fieldOf(form, 'typed');
  if (form.has('typed') && typed?.replaceAll(',', '') !== String(count)) {
    throw new FormInvalid(
      `Type ${formatCount(count)}, the number of requests, to confirm, got ${typed ?? 'nothing'}`,
    );
  }
  return { hash: fieldOf(form, 'hash') ?? '', count };
}

async function operationsView({ c, parts, now, signal }: ViewContext): Promise<View> {
  const { searchParams: query } = new URL(c.req.url);
  const cursor = query.get('cursor') ?? undefined;
  const page = await ifAvailable(() =>
    parts.client.actions.listPage({ limit: PAGE_ACTIONS, cursor, signal }),
  );
  return {
    title: 'Operations log',
    live: page !== undefined && cursor === undefined,
    main: html`<h1>Operations log</h1><section id="operations" data-part>${page ? html`${operationsTable(page.actions, now)}${pagerOf('/operations', query, page.next)}` : unavailable('Actions')}</section>`,
  };
}

function operationsTable(actions: readonly Action[], now: number): Html {
  return tableOf<Action>({
    caption: 'Actions, newest first',
    rows: actions,
    empty: 'No actions yet. They start at a failure, at a request, or at a list of requests.',
    columns: [
      {
        title: 'Action',
        cell: ({ id, action }) => html`<a href="${operationHref(id)}">${nameOf(action)}</a>`,
      },
      { title: 'State', cell: ({ state }) => statusOf(state) },
      { title: 'Requests', cell: ({ count }) => formatCount(count), kind: 'number' },
      {
        title: 'Handled',
        cell: ({ state, progress }) => state !== 'planned' && formatCount(progress.handled),
        kind: 'number',
      },
      {
        // Of a rehearsal, which succeeds anyway, those that would fail.
        title: 'Failed',
        cell: ({ progress }) => progress.failed > 0 && formatCount(progress.failed),
        kind: 'number',
        isOptional: true,
      },
      { title: 'Planned', cell: ({ createdAt }) => timeOf(createdAt, now) },
      { title: 'By', cell: ({ createdBy }) => createdBy && oneLine(createdBy), kind: 'names less' },
      { title: 'On', cell: ({ filter }) => filterTextOf(filter) },
      { title: 'Reason', cell: ({ reason }) => reason && oneLine(reason), kind: 'wide' },
    ],
  });
}

/** Offers actions on the requests of the filter in the query. */
async function newOperationView(context: ViewContext): Promise<View> {
  const { ids: _ids, ...filter } = filterIn(new URL(context.c.req.url).searchParams);
  if (Object.keys(filter).length === 0) {
    throw new FormInvalid(
      'An action needs a filter: filter the page Requests, and choose “Act on these requests”',
    );
  }
  return {
    title: 'Act on requests',
    main: html`<h1>Act on requests</h1>${factsOf([['On', filterTextOf(filter)]])}
<h2>What you can do</h2>${(await hasActions(context)) ? actionChoices(filter, [], context) : unavailable('Actions')}`,
  };
}

async function operationView(context: ViewContext): Promise<View> {
  const { c, parts, now, signal, mayAct } = context;
  const { client, shell } = parts;
  const id = c.req.param('id') ?? '';
  const action = await client.actions.get(id, { signal });
  const { state, count, sample } = action;
  const cursor = c.req.query('cursor');
  const page = await client.actions.requestsPage(id, { limit: PAGE_REQUESTS, cursor, signal });
  const isGone = count > 0 && page.requests.length === 0 && cursor === undefined;
  const name = `${nameOf(action.action)} ${requestsText(count)}`;
  const showsPayload = c.req.query('payload') !== undefined;
  return {
    title: name,
    // A page that follows changes would look at the payload each time.
    live: state === 'running' && !showsPayload && cursor === undefined,
    main: html`<h1>${name}</h1>
<section id="action" data-part>${progressOf(action)}${operationFacts(action, now)}</section>
${action.payload && html`<section id="payload" data-part><h2>Payload</h2>${showsPayload ? await payloadChange(action, context) : payloadHint(action, parts.logPlace)}</section>`}
<section id="actions" data-part><h2>What you can do</h2>${operationForms(action, mayAct, shell)}</section>
<section id="requests" data-part><h2>${state === 'planned' ? (action.action === 'rehearse' ? 'It would run' : 'It would change') : 'Its requests'}</h2>${linesTable(isGone ? sample : page.requests)}${
      isGone
        ? html`<p class="hint">The first ${sample.length} of ${formatCount(count)}: the list of a plan that was not applied in time is gone.</p>`
        : requestsPager(id, cursor, page.next)
    }</section>`,
  };
}

/** Leads to pages without the payload, which would be looked at again. */
function requestsPager(id: string, cursor: string | undefined, next: string | undefined): Html {
  const query = new URLSearchParams(cursor === undefined ? {} : { cursor });
  return pagerOf(operationHref(id), query, next, { first: 'First', next: 'Next' });
}

/** What there is to look at, which isn't shown unasked. */
function payloadHint({ id, payload }: Action, logPlace: string): Html {
  return html`<p>${payload && `${formatBytes(payload.size)}, ${oneLine(payload.contentType)}.`} <a href="${operationHref(id, SHOWING_PAYLOAD)}">Show what it changes</a></p><p class="hint">Each view of a payload is recorded in ${logPlace}.</p>`;
}

/** What the payload of a retry changes. Logs the look. */
async function payloadChange({ id, filter }: Action, { parts, signal }: ViewContext): Promise<Html> {
  const { client, log } = parts;
  const [request = ''] = filter.ids ?? [];
  log(`looked at the payload of ${oneLine(request)} and of the action ${oneLine(id)}`);
  const { tenant } = filter;
  const [before, after] = await Promise.all([
    presentPayload(client, request, { tenant, signal }),
    client.actions.payload(id, { signal }).then((content) => beginningOf(content.stream())),
  ]);
  if ('missing' in before) {
    return html`<p class="unavailable">${oneLine(before.missing)}</p><p>The new payload:</p><pre class="content" tabindex="0">${manyLines(after.text, SHOWN_BYTES)}</pre>`;
  }
  if ([before, after].some(({ isText, isCut }) => !isText || isCut)) {
    return html`<p class="unavailable">Only texts of up to ${formatBytes(SHOWN_BYTES)} are compared.</p>`;
  }
  return lineDiffOf(before.text, after.text);
}

/** The payload that a request has, or why it can't be had. */
async function presentPayload(
  client: CoatcheckClient,
  id: string,
  options: RequestOptions,
): Promise<Beginning | { readonly missing: string }> {
  try {
    return await beginningOf((await client.payload(id, options)).stream());
  } catch (error) {
    if (error instanceof PayloadGone || error instanceof PayloadUnavailable)
      return { missing: error.message };
    throw error;
  }
}

/** The state, and how far it is. */
function progressOf({ action, state, count, progress, stoppedBecause }: Action): Html {
  const { handled, done, skipped, failed } = progress;
  const names =
    action === 'rehearse'
      ? ({ done: 'Would succeed', skipped: 'Undecided', failed: 'Would fail' } as const)
      : ({ done: 'Done', skipped: 'Skipped', failed: 'Failed' } as const);
  return html`<p class="state">${statusOf(state)} ${stoppedBecause && html`<span>${oneLine(stoppedBecause)}</span>`}
${state === 'running' && html`<progress max="${count}" value="${handled}" aria-label="Requests handled"></progress> <span>${formatCount(handled)} of ${formatCount(count)}</span>`}</p>
${
  state !== 'planned' &&
  figuresOf([
    { name: 'Handled', value: handled },
    { name: names.done, value: done },
    { name: names.skipped, value: skipped },
    { name: names.failed, value: failed, ...(failed > 0 && { state: 'bad' as const }) },
  ])
}`;
}

function operationFacts(action: Action, now: number): Html {
  const { state, filter, reason, rate, canary, createdBy, createdAt, appliedAt, endedAt, expiresAt } = action;
  return factsOf([
    ['On', filterTextOf(filter)],
    ['Reason', reason && oneLine(reason)],
    ['Rate', `at most ${formatCount(rate)} a second`],
    [
      'Tried first',
      canary &&
        `${canary.percent}% of the requests; stops if more than ${canary.stopAbovePercent}% of them fail again`,
    ],
    ['Planned', timeOf(createdAt, now)],
    ['By', createdBy && oneLine(createdBy)],
    ['Applied', appliedAt && timeOf(appliedAt, now)],
    ['Ended', endedAt && timeOf(endedAt, now)],
    ['Plan expires', state === 'planned' && timeOf(expiresAt, now)],
  ]);
}

function operationForms(
  { id, action, state, count, hash, progress: { done } }: Action,
  mayAct: boolean,
  shell: Shell,
): Html {
  const path = `/v1/actions/${encodeURIComponent(id)}`;
  return html`<ul class="actions">
${
  state === 'planned' &&
  html`<li><h3>Apply the plan</h3><p>Nothing has changed yet. Each request is checked again; those that have changed are skipped.</p>
${actionForm(mayAct, {
  action: operationHref(id, '/apply'),
  button: `${nameOf(action)} ${requestsText(count)}`,
  hidden: { hash, count: String(count) },
  ...(action === 'purge' && {
    tone: 'danger' as const,
    inputs: html`<label>Type ${formatCount(count)} to confirm <input name="typed" required autocomplete="off" inputmode="numeric" size="12"></label>`,
  }),
})}
${commandsOf(shell, ['actions', 'apply', id], { method: 'POST', path: `${path}/apply`, json: { hash, count } })}</li>`
}
${
  (state === 'planned' || state === 'running') &&
  html`<li><h3>${state === 'planned' ? 'Drop the plan' : 'Abort'}</h3><p>${state === 'planned' ? 'A dropped plan can’t be applied.' : 'Requests that were handled stay as they are.'}</p>
${actionForm(mayAct, { action: operationHref(id, '/abort'), button: state === 'planned' ? 'Drop the plan' : 'Abort', tone: 'danger' })}
${commandsOf(shell, ['actions', 'abort', id], { method: 'POST', path: `${path}/abort` })}</li>`
}
${
  action === 'rehearse' &&
  state !== 'planned' &&
  state !== 'running' &&
  done > 0 &&
  html`<li><h3>Redrive</h3><p>Puts back those that would succeed${done > MAX_FILTER_IDS && `, the first ${formatCount(MAX_FILTER_IDS)} of ${formatCount(done)}`}.</p>
${planForm(mayAct, { action: 'redrive', on: { rehearsal: id }, button: `Plan a redrive of the ${formatCount(Math.min(done, MAX_FILTER_IDS))} that would succeed`, isGradual: true })}</li>`
}
<li><h3>See all its requests</h3><p>With the result of each.</p>${commandsOf(shell, ['actions', 'show', id, '--requests'], { method: 'GET', path: `${path}/requests` })}</li></ul>`;
}

function linesTable(lines: readonly ActionRequestLine[]): Html {
  const isHandled = lines.some(({ result }) => result !== undefined);
  return tableOf<ActionRequestLine>({
    caption: 'Requests of the action',
    rows: lines,
    empty: 'No requests match.',
    columns: [
      { title: 'Ticket', cell: requestLink },
      { title: 'Status when planned', cell: ({ status }) => statusOf(status) },
      {
        title: 'Tenant',
        cell: ({ tenant }) => tenant && oneLine(tenant),
        kind: isHandled ? 'names' : 'wide',
        isOptional: isHandled,
      },
      ...(isHandled
        ? [
            { title: 'Result', cell: ({ result }: ActionRequestLine) => result && statusOf(result) },
            { title: 'Detail', cell: detailOf, kind: 'wide' as const },
          ]
        : []),
    ],
  });
}

/** What became of a request. */
function detailOf({ result, retriedAs, detail, tenant }: ActionRequestLine): Content {
  if (retriedAs === undefined) return detail && oneLine(detail);
  const what = result === 'skipped' ? 'Retried before, as' : 'New request:';
  return html`${what} ${requestLink({ id: retriedAs, tenant })}`;
}

function requestsText(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'request' : 'requests'}`;
}

/** `Redrive`. */
function nameOf(action: string): string {
  return oneLine(`${action.charAt(0).toUpperCase()}${action.slice(1)}`);
}

function operationHref(id: string, more = ''): string {
  return `/operations/${encodeURIComponent(id)}${more}`;
}
