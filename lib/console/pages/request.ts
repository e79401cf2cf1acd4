import type { Hono } from 'hono';
import { html } from 'hono/html';
import {
  hasEnded,
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
import { commandsOf, type ShellCall } from '../view/commands.ts';
import { type Fact, factsOf } from '../view/facts.ts';
import { failureLink } from '../view/failure-table.ts';
import type { Content, Html } from '../view/html.ts';
import { planForm } from '../view/plan-form.ts';
import { problemOf } from '../view/problem.ts';
import { requestHref, requestLink } from '../view/request-table.ts';
import { statusOf } from '../view/status.ts';
import { storyOf } from '../view/story.ts';
import { manyLines, oneLine } from '../view/text.ts';
import { rangeOf } from '../view/time.ts';

/** Most bytes of a result that are read and shown. */
const SHOWN_BYTES = 65_536;

/** `/requests/ID`: the story of a request, and what can be done about it. */
export function addRequestPage(app: Hono, pages: Pages): void {
  app.get('/requests/:id', pages.show(requestView));
  app.get('/requests/:id/result', pages.show(resultView));
  app.post(
    '/requests/:id/cancel',
    pages.act(async (context) => {
      const { id, source } = addressOf(context);
      await context.parts.client.cancel(id, { source, signal: context.signal });
      return requestHref({ id, source });
    }),
  );
  app.post(
    '/requests/:id/webhook',
    pages.act(async (context) => {
      const { id, source } = addressOf(context);
      await context.parts.client.repeatWebhook(id, { source, signal: context.signal });
      return requestHref({ id, source });
    }),
  );
}

function addressOf({ c }: Pick<ViewContext, 'c'>): { readonly id: string; readonly source?: string } {
  return { id: c.req.param('id') ?? '', source: c.req.query('source') };
}

async function requestView(context: ViewContext): Promise<View> {
  const { parts, now, signal } = context;
  const { id, source } = addressOf(context);
  const [request, canAct] = await Promise.all([
    parts.client.status(id, { source, signal }),
    hasActions(context),
  ]);
  return {
    title: `Request ${request.id}`,
    live:
      !hasEnded(request) || request.webhook?.status === 'pending' || request.webhook?.status === 'failing',
    main: html`<h1><span class="kind">Request</span> <span class="ticket">${oneLine(request.id)}</span></h1>
<section id="state" data-part>${stateOf(request, now)}</section>
<section id="story" data-part><h2>Story</h2>${storyOf(request, now)}</section>
<section id="facts" data-part><h2>Facts</h2>${factsOf(requestFacts(request))}</section>
<section id="result" data-part><h2>Payload and result</h2>${contentOf(request)}</section>
<section id="actions" data-part><h2>What you can do</h2>${actionsOf(request, canAct, context)}</section>`,
  };
}

/** A payload to send in place of the one that failed. */
const PAYLOAD_INPUTS = html`<label class="text-input">Payload <textarea name="payload" rows="6" required spellcheck="false"></textarea></label>
<label>Media type <input name="contentType" value="application/json" autocomplete="off" size="20"></label>`;

/** The status, and why it is that. */
function stateOf(request: RequestResource, now: number): Html {
  const { status, why, startsAbout, endsAbout, problem, lastError } = request;
  const expected = startsAbout
    ? `Starts ${rangeOf(startsAbout, now)}.`
    : endsAbout && `Ends ${rangeOf(endsAbout, now)}.`;
  return html`<p class="state">${statusOf(status)} ${why && html`<span>${oneLine(why)}</span>`} ${expected}</p>
${problem && html`<div class="failure"><p class="code">${oneLine(problem.code)}</p><pre tabindex="0">${manyLines(problem.detail)}</pre></div>`}
${!problem && lastError && html`<div class="failure"><p class="code">Latest error: ${oneLine(lastError.code ?? lastError.name)}</p><pre tabindex="0">${manyLines(lastError.message)}</pre></div>`}`;
}

function requestFacts(request: RequestResource): Fact[] {
  const text = (value: string | undefined) => value && oneLine(value);
  return [
    ['Tenant', text(request.tenant)],
    ['Topic', text(request.topic)],
    ['Priority', request.priority],
    ['Source', text(request.source)],
    ['Attempts', formatCount(request.attempts)],
    ['Handler version', text(request.handlerVersion)],
    ['Oldest version that may run it', text(request.minVersion)],
    ['Checkpoints', request.checkpoints],
    ['Trace', text(request.traceparent)],
    ['Retry of', request.retryOf && requestLink({ id: request.retryOf })],
    ['Failure group', request.failureGroup && failureLink(request.failureGroup)],
  ];
}

/** What there is to look at, which isn't shown unasked. */
function contentOf(request: RequestResource): Html {
  const { result } = request;
  return html`${
    result
      ? html`<p>Result: ${formatBytes(result.size)}, ${oneLine(result.contentType)}. <a href="${requestHref(request, '/result')}">Show it</a></p><p class="hint">The console prints each look at a result.</p>`
      : html`<p class="empty">No result${hasEnded(request) ? '' : ' yet'}.</p>`
  }<p class="unavailable">The API does not give payloads out: look at them where they were submitted, or in the bucket.</p>`;
}

/** @param canAct whether the service has actions on many requests */
function actionsOf(request: RequestResource, canAct: boolean, { parts, mayAct }: ViewContext): Html {
  const { shell } = parts;
  const { id, source } = request;
  const planned = (action: 'redrive' | 'retry', more = {}): ShellCall | undefined =>
    canAct
      ? { method: 'POST', path: '/v1/actions', json: { action, filter: { ids: [id] }, ...more } }
      : undefined;
  const named = source === undefined ? [id] : [id, '--source', source];
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
    commandsOf(shell, ['dead-letters', 'redrive', id], planned('redrive'), shell.queueOptions),
    canAct && planForm(mayAct, { action: 'redrive', on: { ids: id }, button: 'Plan a redrive' }),
  )
}
${
  request.status === 'failed' &&
  canAct &&
  html`${item(
    'Retry',
    'Submits its payload again, as a new request, if it used up its attempts.',
    commandsOf(shell, ['actions', 'plan', 'retry', id], planned('retry')),
    planForm(mayAct, { action: 'retry', on: { ids: id }, button: 'Plan a retry' }),
  )}${item(
    'Retry with another payload',
    'Submits a corrected payload for the same tenant and topic, as a new request.',
    commandsOf(shell, undefined, planned('retry', { payload: { json: {} } })),
    planForm(mayAct, {
      action: 'retry',
      on: { ids: id },
      button: 'Plan with this payload',
      inputs: PAYLOAD_INPUTS,
    }),
  )}`
}
${
  ended &&
  request.webhook &&
  item(
    'Send its webhooks again',
    'Whether or not they were delivered.',
    commandsOf(shell, ['webhooks', 'replay', id], call('POST', webhook)),
    actionForm(mayAct, { action: requestHref(request, '/webhook'), button: 'Send webhooks again' }),
  )
}
${item('Look at it', 'Its status, as the API gives it.', commandsOf(shell, ['status', ...named, '--json'], call('GET', self)))}
${request.result && item('Save its result', 'Into a file.', commandsOf(shell, ['result', ...named, '-o', 'result'], call('GET', result)))}
</ul>${!mayAct && html`<p class="hint">This console is read-only: it was started without --allow-actions. The commands work with the rights of your own credentials.</p>`}`;
}

async function resultView(context: ViewContext): Promise<View> {
  const { parts, signal } = context;
  const { id, source } = addressOf(context);
  parts.log(`looked at the result of ${oneLine(id)}`);
  const title = `Result of ${id}`;
  const back = html`<p><a href="${requestHref({ id, source })}">Back to the request</a></p>`;
  try {
    const result = await parts.client.result(id, { source, signal });
    const { text, isCut } = await beginningOf(result.stream());
    return {
      title,
      main: html`<h1>Result of <span class="ticket">${oneLine(id)}</span></h1>${back}
<p>${oneLine(result.contentType)}${result.size !== undefined && `, ${formatBytes(result.size)}`}${isCut && `: the first ${formatBytes(SHOWN_BYTES)}`}</p>
<pre class="content" tabindex="0">${manyLines(text, SHOWN_BYTES)}</pre>`,
    };
  } catch (error) {
    const isAnswer =
      error instanceof RequestPending || error instanceof RequestNotSucceeded || error instanceof ResultGone;
    if (!isAnswer) throw error;
    return { title, status: 404, main: html`${problemOf('No result', error.message)}${back}` };
  }
}

/** Reads no more than is shown. Bytes that aren't UTF-8 become replacement characters. */
async function beginningOf(
  stream: ReadableStream<Uint8Array>,
): Promise<{ readonly text: string; readonly isCut: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of stream) {
    const left = SHOWN_BYTES - size;
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    size += chunk.byteLength;
    if (size > SHOWN_BYTES) return { text, isCut: true };
  }
  return { text: text + decoder.decode(), isCut: false };
}
