import type { Hono } from 'hono';
import { html } from 'hono/html';
import { formatCount } from '../../terminal/format.ts';
import { firstOf } from '../first-of.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm, fieldOf } from '../view/action-form.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf } from '../view/facts.ts';
import { failureTable } from '../view/failure-table.ts';
import { FormInvalid, ifAvailable, unavailable } from '../view/problem.ts';
import { requestTable } from '../view/request-table.ts';
import { manyLines, oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const SHOWN_GROUPS = 50;
const SHOWN_REQUESTS = 50;

/** `/failures`: failures by their cause. `/failures/ID`: one cause, its requests, and what to do with all of them. */
export function addFailurePages(app: Hono, pages: Pages): void {
  app.get('/failures', pages.show(failuresView));
  app.get('/failures/:id', pages.show(failureView));
  app.post(
    '/failures/:id/note',
    pages.act(async ({ c, parts, signal }, form) => {
      const id = c.req.param('id') ?? '';
      const { failures } = parts.client;
      if (!failures) throw new FormInvalid('Failures are not available on this service');
      await failures.setNote(id, fieldOf(form, 'text') ?? '', { signal });
      return failureHref(id);
    }),
  );
}

async function failuresView({ parts, now, signal }: ViewContext): Promise<View> {
  const { failures } = parts.client;
  const groups = await ifAvailable(
    async () => failures && firstOf(failures.list({ limit: SHOWN_GROUPS, signal }), SHOWN_GROUPS),
  );
  return {
    title: 'Failures',
    live: groups !== undefined,
    main: html`<h1>Failures</h1>
<section id="failures" data-part>${
      groups
        ? html`${failureTable(groups, now)}${groups.length === SHOWN_GROUPS && html`<p class="hint">The ${SHOWN_GROUPS} that were seen last.</p>`}`
        : html`${unavailable('Groups of failures')}<p><a href="/requests?status=failed">Failed requests</a></p>`
    }</section>`,
  };
}

async function failureView({ c, parts, now, signal, mayAct }: ViewContext): Promise<View> {
  const { client, shell } = parts;
  const { failures, actions } = client;
  const id = c.req.param('id') ?? '';
  const title = `Failure ${oneLine(id)}`;
  if (!failures) return { title, main: html`<h1>${title}</h1>${unavailable('Groups of failures')}` };
  const [group, requests] = await Promise.all([
    failures.get(id, { signal }),
    firstOf(failures.requests(id, { limit: SHOWN_REQUESTS, signal }), SHOWN_REQUESTS),
  ]);
  const { code, message, frame, firstSeenAt, lastSeenAt, count, tenants = [], note } = group;
  const act = (
    action: 'redrive' | 'purge',
    text: string,
    button: string,
  ) => html`<li><h3>${button}</h3><p>${text}</p>
${actions && actionForm(mayAct, { action: '/operations', button: `Plan: ${button.toLowerCase()}`, hidden: { action, failureGroup: id } })}
${commandsOf(shell, actions && ['actions', 'plan', action, '--failure-group', id], { method: 'POST', path: '/v1/actions', json: { action, filter: { failureGroup: id } } })}</li>`;
  return {
    title,
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
${actionForm(mayAct, {
  action: failureHref(id, '/note'),
  button: 'Set note',
  inputs: html`<label>Note <input name="text" value="${note?.text}" maxlength="2000" size="40" autocomplete="off"></label>`,
})}
<h2>What you can do</h2>${actions === undefined && unavailable('Actions')}<ul class="actions">
${act('redrive', 'Runs these requests again. Fix the cause first. The next page shows what would happen.', 'Redrive all')}
${act('purge', 'Deletes their dead letters, so that they can’t be redriven. The next page shows what would happen.', 'Purge all')}</ul>
<h2>Requests</h2>${requestTable(requests, now, 'No requests.')}${requests.length === SHOWN_REQUESTS && html`<p class="hint">The ${SHOWN_REQUESTS} that failed last.</p>`}`,
  };
}

function failureHref(id: string, more = ''): string {
  return `/failures/${encodeURIComponent(id)}${more}`;
}
