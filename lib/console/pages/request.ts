import type { Hono } from 'hono';
import { html } from 'hono/html';
import {
  hasEnded,
  PayloadGone,
  PayloadUnavailable,
  type RequestContent,
  RequestNotSucceeded,
  RequestPending,
  type RequestResource,
  ResultGone,
} from '../../client/index.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { hasActions } from '../has-actions.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm } from '../view/action-form.ts';
import { beginningOf, SHOWN_BYTES } from '../view/beginning-of.ts';
import { commandsOf, type ShellCall } from '../view/commands.ts';
import { type Fact, factsOf } from '../view/facts.ts';
import { failureLink } from '../view/failure-table.ts';
import { type Content, type Html, NOTHING } from '../view/html.ts';
import { planForm } from '../view/plan-form.ts';
import { problemOf } from '../view/problem.ts';
import { requestHref, requestLink } from '../view/request-table.ts';
import { statusOf } from '../view/status.ts';
import { storyOf } from '../view/story.ts';
import { manyLines, oneLine } from '../view/text.ts';
import { rangeOf } from '../view/time.ts';

/** `/requests/ID`: the story of a request, and what can be done about it. */
export function addRequestPage(app: Hono, pages: Pages): void {
  app.get('/requests/:id', pages.show(requestView));
  app.get('/requests/:id/payload', pages.show(payloadView));
  app.get('/requests/:id/edit', pages.show(editView));
  app.get('/requests/:id/result', pages.show(resultView));
  app.post(
    '/requests/:id/cancel',
    pages.act(async (context) => {
      const address = addressOf(context);
      await context.parts.client.cancel(address.id, { ...address, signal: context.signal });
      return requestHref(address);
    }),
  );
  app.post(
    '/requests/:id/webhook',
    pages.act(async (context) => {
      const address = addressOf(context);
      await context.parts.client.repeatWebhook(address.id, { ...address, signal: context.signal });
      return requestHref(address);
    }),
  );
}

/** What names a request in a path of the console. */
type RequestAddress = Pick<RequestResource, 'id' | 'source' | 'tenant'>;

function addressOf({ c }: Pick<ViewContext, 'c'>): RequestAddress {
  return { id: c.req.param('id') ?? '', source: c.req.query('source'), tenant: c.req.query('tenant') };
}

async function requestView(context: ViewContext): Promise<View> {
  const { parts, now, signal } = context;
  const address = addressOf(context);
  const [request, canAct] = await Promise.all([
    parts.client.status(address.id, { ...address, signal }),
    hasActions(context),
  ]);
  return {
    title: `Request ${request.id}`,
    live:
      !hasEnded(request) || request.webhook?.status === 'pending' || request.webhook?.status === 'failing',
    main: html`<h1><span class="kind">Request</span> <span class="ticket">${oneLine(request.id)}</span></h1>
<section id="state" data-part>${stateOf(request, now)}</section>
<div class="columns"><section id="story" data-part><h2>History</h2>${storyOf(request, now)}</section>
<div><section id="facts" data-part><h2>Facts</h2>${factsOf(requestFacts(request))}</section>
<section id="result" data-part><h2>Payload and result</h2>${contentOf(request, parts.logPlace)}</section></div></div>
<section id="actions" data-part><h2>What you can do</h2>${actionsOf(request, canAct, context)}</section>`,
  };
}

/** A payload to send in place of the one that failed. */
function payloadInputs(text = '', contentType = 'application/json'): Html {
  // A parser drops a line end at the start.
  return html`<label class="text-input">Payload <textarea name="payload" rows="${Math.min(24, Math.max(6, text.split('\n').length))}" required spellcheck="false">
${text}</textarea></label>
<label>Media type <input name="contentType" value="${contentType}" autocomplete="off" size="20"></label>`;
}

/** The status, and why it is that. */
function stateOf(request: RequestResource, now: number): Html {
  const { status, why, startsAbout, endsAbout, problem, lastError } = request;
  const expected = startsAbout
    ? `Starts ${rangeOf(startsAbout, now)}.`
    : endsAbout && `Ends ${rangeOf(endsAbout, now)}.`;
  return html`<p class="state">${statusOf(status)} ${why && html`<span>${oneLine(why)}</span>`} ${expected}</p>
${problem && html`<div class="failure"><p class="code">${oneLine(problem.code)}</p><pre tabindex="0">${manyLines(problem.detail)}</pre></div>`}
${!hasEnded(request) && lastError && html`<div class="failure"><p class="code">Latest error: ${oneLine(lastError.code ?? lastError.name)}</p><pre tabindex="0">${manyLines(lastError.message)}</pre></div>`}`;
}

function requestFacts(request: RequestResource): Fact[] {
  const text = (value: string | undefined) => value && oneLine(value);
  return [
    ['Tenant', text(request.tenant)],
    ['Topic', text(request.topic)],
    ['Priority', request.priority],
    ['Source', text(request.source)],
    ...Object.entries(request.metadata ?? {}).map(
      ([name, value]): Fact => [`Metadata ${oneLine(name)}`, oneLine(value)],
    ),
    ['Attempts', formatCount(request.attempts)],
    ['Handler version', text(request.handlerVersion)],
    ['Oldest version that may run it', text(request.minVersion)],
    ['Checkpoints', request.checkpoints],
    ['Trace', text(request.traceparent)],
    ['Retry of', request.retryOf && requestLink({ ...request, id: request.retryOf, source: undefined })],
    ['Failure group', request.failureGroup && failureLink(request.failureGroup)],
  ];
}

/** What there is to look at, which isn't shown unasked. */
function contentOf(request: RequestResource, logPlace: string): Html {
  const { result } = request;
  return html`${
    result
      ? html`<p>Result: ${formatBytes(result.size)}, ${oneLine(result.contentType)}. <a href="${requestHref(request, '/result')}">Show the result</a></p>`
      : html`<p class="empty">No result${hasEnded(request) ? '' : ' yet'}.</p>`
  }<p>Payload: <a href="${requestHref(request, '/payload')}">Show the payload</a></p><p class="hint">Each view of a payload or a result is recorded in ${logPlace}.</p>`;
}

/** @param canAct whether the service has actions on many requests */
function actionsOf(request: RequestResource, canAct: boolean, { parts, mayAct }: ViewContext): Html {
  const { shell, access } = parts;
  const { id, source, tenant } = request;
  const ofTenant: Readonly<Record<string, string>> = tenant === undefined ? {} : { tenant };
  const owned = tenant === undefined ? [] : ['--tenant', tenant];
  const planned = (action: 'redrive' | 'retry', more = {}): ShellCall | undefined =>
    canAct
      ? { method: 'POST', path: '/v1/actions', json: { action, filter: { ids: [id], ...ofTenant }, ...more } }
      : undefined;
  const named = [id, ...(source === undefined ? [] : ['--source', source]), ...owned];
  const { self, result, cancel } = request.links;
  const webhook = self.replace(/(?=\?|$)/, '/webhook');
  const call = (method: ShellCall['method'], path: string): ShellCall => ({ method, path });
  const item = (title: string, text: string, commands: Html, form?: Content) =>
    html`<li><h3>${title}</h3><p>${text}</p>${form}${commands}</li>`;
  const ended = hasEnded(request);
  return html`<ul class="actions">
${
  !ended &&
  item(
    'Cancel',
    'A waiting request ends as cancelled at once, a running one when its handler stops.',
    commandsOf(shell, ['cancel', ...named], call('POST', cancel)),
    actionForm(mayAct, {
      action: requestHref(request, '/cancel'),
      button: 'Cancel this request',
      tone: 'danger',
    }),
  )
}
${
  request.status === 'failed' &&
  item(
    'Redrive',
    'Runs it again under its ticket, if it used up its attempts. Fix the cause first.',
    canAct
      ? commandsOf(shell, ['actions', 'plan', 'redrive', id, ...owned], planned('redrive'))
      : // It works on queues, which --api doesn't name.
        commandsOf(shell, ['dead-letters', 'redrive', id], undefined, shell.queueOptions),
    canAct && planForm(mayAct, { action: 'redrive', on: { ids: id, ...ofTenant }, button: 'Plan a redrive' }),
  )
}
${
  request.status === 'failed' &&
  canAct &&
  html`${item(
    'Retry',
    'Submits its payload again, as a new request, if it used up its attempts.',
    commandsOf(shell, ['actions', 'plan', 'retry', id, ...owned], planned('retry')),
    planForm(mayAct, { action: 'retry', on: { ids: id, ...ofTenant }, button: 'Plan a retry' }),
  )}${item(
    'Retry with another payload',
    'Submits a corrected payload for the same tenant and topic, as a new request.',
    commandsOf(shell, undefined, planned('retry', { payload: { json: {} } })),
    mayAct && html`<p><a href="${requestHref(request, '/edit')}">Edit its payload</a></p>`,
  )}`
}
${
  ended &&
  request.webhook &&
  item(
    'Send its webhooks again',
    'Whether or not they were delivered.',
    commandsOf(shell, ['webhooks', 'replay', ...named], call('POST', webhook)),
    actionForm(mayAct, { action: requestHref(request, '/webhook'), button: 'Send webhooks again' }),
  )
}
${item('See its status', 'As the API returns it.', commandsOf(shell, ['status', ...named, '--json'], call('GET', self)))}
${request.result && item('Save its result', 'Into a file.', commandsOf(shell, ['result', ...named, '-o', 'result'], call('GET', result)))}
</ul>${!mayAct && html`<p class="hint">This console is read-only. ${access.howToAct} The commands work with the rights of your own credentials.</p>`}`;
}

/** A form that plans a retry of a request with another payload. */
function editForm(mayAct: boolean, { id, tenant }: RequestAddress, inputs = payloadInputs()): Html {
  return planForm(mayAct, {
    action: 'retry',
    on: { ids: id, ...(tenant !== undefined && { tenant }) },
    button: 'Plan with this payload',
    inputs,
  });
}

function resultView(context: ViewContext): Promise<View> {
  return contentView(context, 'result');
}

function payloadView(context: ViewContext): Promise<View> {
  return contentView(context, 'payload');
}

/** Shows a payload or a result. Logs the look. */
async function contentView(context: ViewContext, kind: 'payload' | 'result'): Promise<View> {
  const address = addressOf(context);
  return answeredView(context, kind, async () => {
    const content = await open(context, kind);
    const { text, isCut } = await beginningOf(content.stream());
    return html`<p>${oneLine(content.contentType)}${content.size !== undefined && `, ${formatBytes(content.size)}`}${isCut && `: the first ${formatBytes(SHOWN_BYTES)}`}</p>
<pre class="content" tabindex="0">${manyLines(text, SHOWN_BYTES)}</pre>
${isCut && commandsOf(context.parts.shell, [kind, address.id, ...(address.source === undefined ? [] : ['--source', address.source]), ...(address.tenant === undefined ? [] : ['--tenant', address.tenant]), '-o', kind], undefined)}`;
  });
}

/** The form for another payload, which has the present one where that is a text that a form can hold. */
async function editView(context: ViewContext): Promise<View> {
  const { mayAct } = context;
  const address = addressOf(context);
  const form = (inputs?: Html) =>
    html`<p>The next page shows what would change. Nothing is sent before you apply that.</p>${editForm(mayAct, address, inputs)}`;
  const show = async () => {
    const content = await open(context, 'payload');
    const { text, isCut, isText } = await beginningOf(content.stream());
    if (!isCut && isText && !text.includes('\0')) return form(payloadInputs(text, content.contentType));
    return html`<p class="unavailable">Only a text of up to ${formatBytes(SHOWN_BYTES)} can be edited here. Write another payload, or send a file: coatcheck actions plan retry ${oneLine(address.id)} --payload FILE.</p>${form()}`;
  };
  return answeredView(context, 'payload', show, form());
}

/** A view of a content, or of why there is none. @param instead what there is without a content */
async function answeredView(
  context: ViewContext,
  kind: 'payload' | 'result',
  show: () => Promise<Html>,
  instead: Html = NOTHING,
): Promise<View> {
  const address = addressOf(context);
  const name = kind === 'payload' ? 'Payload' : 'Result';
  const title = `${name} of ${address.id}`;
  const back = html`<p><a href="${requestHref(address)}">Back to the request</a></p>`;
  try {
    return {
      title,
      main: html`<h1>${name} of <span class="ticket">${oneLine(address.id)}</span></h1>${back}
${await show()}`,
    };
  } catch (error) {
    if (!NO_CONTENT.some((Answer) => error instanceof Answer) || !(error instanceof Error)) throw error;
    return { title, status: 404, main: html`${problemOf(`No ${kind}`, error.message)}${instead}${back}` };
  }
}

/** Answers that say that there is none. */
const NO_CONTENT = [RequestPending, RequestNotSucceeded, ResultGone, PayloadGone, PayloadUnavailable];

function open(context: ViewContext, kind: 'payload' | 'result'): Promise<RequestContent> {
  const { parts, signal } = context;
  const address = addressOf(context);
  const { id, tenant } = address;
  parts.log(`looked at the ${kind} of ${oneLine(id)}${tenant === undefined ? '' : ` of ${oneLine(tenant)}`}`);
  return parts.client[kind](id, { ...address, signal });
}
