import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { WebhookEndpoint, WebhookStatus } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm, fieldOf } from '../view/action-form.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf } from '../view/facts.ts';
import { type Html, NOTHING } from '../view/html.ts';
import { FormInvalid, ifAvailable, unavailable } from '../view/problem.ts';
import { statusOf } from '../view/status.ts';
import { tableOf } from '../view/table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const TURN_ON =
  'Set webhooks: { endpoints: true } in the CDK, or COATCHECK_WEBHOOK_ENDPOINTS of coatcheck serve to on.';

/** `/webhooks`: the endpoints and their health. `/webhooks/ID`: one of them, with replay. */
export function addWebhookPages(app: Hono, pages: Pages): void {
  app.get('/webhooks', pages.show(endpointsView));
  app.get('/webhooks/:id', pages.show(endpointView));
  app.post(
    '/webhooks/:id/:what{replay|test|enable|disable}',
    pages.act(async ({ c, parts, signal, now }, form) => {
      const { id = '', what } = c.req.param();
      const { webhookEndpoints } = parts.client;
      if (what === 'replay') return replay(id, form, { parts, signal, now });
      if (what === 'test') await webhookEndpoints.test(id, { signal });
      else
        await webhookEndpoints.update(id, { status: what === 'enable' ? 'enabled' : 'disabled' }, { signal });
      return endpointHref(id, what === 'test' ? '?did=test' : '');
    }),
  );
}

async function endpointsView({ parts, now, signal }: ViewContext): Promise<View> {
  const endpoints = await ifAvailable(() => parts.client.webhookEndpoints.list({ signal }));
  return {
    title: 'Webhooks',
    live: endpoints !== undefined,
    main: html`<h1>Webhooks</h1>
<h2>Webhooks of requests</h2>
<p>Each request has the state of its own webhook on its page, where it can be sent again. Requests by their webhook: ${linkTo('dead_lettered', 'dead-lettered')}, ${linkTo('failing', 'failing and retried')}, ${linkTo('disabled', 'disabled by the receiver')}.</p>
${commandsOf(parts.shell, ['list', '--webhook', 'dead_lettered'], { method: 'GET', path: '/v1/requests?webhook=dead_lettered' })}
<h2>Endpoints</h2>
<p>They receive the outcomes of all requests.</p>
<section id="endpoints" data-part>${endpoints ? endpointsTable(endpoints, now) : unavailable('Webhook endpoints', TURN_ON)}</section>`,
  };
}

function linkTo(status: WebhookStatus, text: string): Html {
  return html`<a href="/requests?webhook=${status}">${text}</a>`;
}

function endpointsTable(endpoints: readonly WebhookEndpoint[], now: number): Html {
  return tableOf<WebhookEndpoint>({
    caption: 'Webhook endpoints, oldest first',
    rows: endpoints,
    empty: 'No endpoints: add one with coatcheck webhooks endpoints add.',
    columns: [
      {
        title: 'Endpoint',
        cell: ({ id, url }) => html`<a href="${endpointHref(id)}">${oneLine(url)}</a>`,
      },
      { title: 'Status', cell: healthOf },
      { title: 'Failing since', cell: ({ failingSince }) => timeOf(failingSince, now) },
      { title: 'Events', cell: ({ events }) => oneLine(events.join(', ')), kind: 'wide less' },
      { title: 'Topics', cell: ({ topics = ['all'] }) => oneLine(topics.join(', ')), kind: 'less' },
    ],
  });
}

function healthOf({ status, failingSince }: WebhookEndpoint): Html {
  return statusOf(status === 'enabled' && failingSince !== undefined ? 'failing' : status);
}

async function endpointView({ c, parts, now, signal, mayAct }: ViewContext): Promise<View> {
  const id = c.req.param('id') ?? '';
  const endpoint = await parts.client.webhookEndpoints.get(id, { signal });
  const { url, events, topics = ['all'], description, failingSince, lastError, createdAt } = endpoint;
  const form = (what: string) => `/webhooks/${encodeURIComponent(id)}/${what}`;
  const path = `/v1/webhook-endpoints/${encodeURIComponent(id)}`;
  return {
    title: 'Webhook endpoint',
    main: html`<h1><span class="kind">Endpoint</span> <span class="ticket">${oneLine(url)}</span></h1>
${didOf(c.req.query())}
<p class="state">${healthOf(endpoint)}</p>
${factsOf([
  ['Id', oneLine(id)],
  ['Description', description && oneLine(description)],
  ['Failing since', failingSince && timeOf(failingSince, now)],
  ['Why', lastError && oneLine(lastError)],
  ['Events', oneLine(events.join(', '))],
  ['Topics', oneLine(topics.join(', '))],
  ['Added', timeOf(createdAt, now)],
])}
<h2>What you can do</h2><ul class="actions">
<li><h3>Send outcomes again</h3><p>Those of requests that were submitted in a time window. Receivers that check the webhook id take each once.</p>
${actionForm(mayAct, { action: form('replay'), button: 'Replay', hidden: cursorOf(c.req.query()), inputs: windowInputs(c.req.query(), now) })}
${commandsOf(parts.shell, ['webhooks', 'endpoints', 'replay', id, '--since', daysAgo(now, 1)], { method: 'POST', path: `${path}/replay`, json: { from: daysAgo(now, 1) } })}</li>
<li><h3>Send a test</h3><p>A webhook that says it is one.</p>${actionForm(mayAct, { action: form('test'), button: 'Send a test' })}
${commandsOf(parts.shell, ['webhooks', 'endpoints', 'test', id], { method: 'POST', path: `${path}/test` })}</li>
<li><h3>${endpoint.status === 'enabled' ? 'Disable' : 'Enable'}</h3><p>Nothing is sent to a disabled endpoint.</p>
${
  endpoint.status === 'enabled'
    ? actionForm(mayAct, { action: form('disable'), button: 'Disable', tone: 'danger' })
    : actionForm(mayAct, { action: form('enable'), button: 'Enable' })
}
${commandsOf(parts.shell, ['webhooks', 'endpoints', 'update', id, endpoint.status === 'enabled' ? '--disable' : '--enable'], { method: 'PATCH', path, json: { status: endpoint.status === 'enabled' ? 'disabled' : 'enabled' } })}</li></ul>`,
  };
}

/** Sends outcomes of up to 100 requests; the page then offers to go on. */
async function replay(
  id: string,
  form: FormData,
  { parts, signal, now }: Pick<ViewContext, 'parts' | 'signal' | 'now'>,
): Promise<string> {
  const from = utcOf('From', fieldOf(form, 'from'));
  // Fixed, so that requests that are submitted meanwhile aren't sent twice.
  const to = utcOf('To', fieldOf(form, 'to')) ?? new Date(now);
  if (!from) throw new FormInvalid('From must be a time, such as 2026-01-31T12:00');
  const cursor = fieldOf(form, 'cursor');
  const { examined, sent, next } = await parts.client.webhookEndpoints.replay(id, {
    from,
    to,
    cursor,
    signal,
  });
  const query = new URLSearchParams({ did: 'replay', examined: String(examined), sent: String(sent) });
  if (next !== undefined) {
    query.set('cursor', next);
    query.set('from', from.toISOString());
    query.set('to', to.toISOString());
  }
  return endpointHref(id, `?${query}`);
}

function didOf({ did, examined, sent, cursor }: Readonly<Record<string, string>>): Html {
  if (did === 'test') return html`<p class="done" role="status">The test is on its way.</p>`;
  if (did !== 'replay') return NOTHING;
  const more = cursor === undefined ? 'The window is done.' : 'There are more: press Replay again to go on.';
  return html`<p class="done" role="status">${formatCount(Number(sent))} outcomes of ${formatCount(Number(examined))} requests were sent. ${more}</p>`;
}

function cursorOf({ cursor }: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return cursor === undefined ? {} : { cursor };
}

/** Without seconds, as `datetime-local` has it. */
function windowInputs({ from, to }: Readonly<Record<string, string>>, now: number): Html {
  const value = (time: string | undefined) => time?.slice(0, 16);
  return html`<div class="inputs"><label>From (UTC) <input type="datetime-local" name="from" required value="${value(from) ?? daysAgo(now, 1).slice(0, 16)}"></label>
<label>To (UTC) <input type="datetime-local" name="to" value="${value(to)}"></label></div>`;
}

/** @throws FormInvalid */
function utcOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(`${text}Z`);
  if (!Number.isNaN(time.getTime())) return time;
  throw new FormInvalid(`${name} must be a time, such as 2026-01-31T12:00, got ${text}`);
}

function daysAgo(now: number, days: number): string {
  return `${new Date(now - days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

function endpointHref(id: string, query = ''): string {
  return `/webhooks/${encodeURIComponent(id)}${query}`;
}
