import type { Hono } from 'hono';
import { html } from 'hono/html';
import { formatCount } from '../../terminal/format.ts';
import { firstOf } from '../first-of.ts';
import type { Action, ActionFilter, NewAction, OperatorResources, SeenPlan } from '../operator-resources.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm, fieldOf } from '../view/action-form.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf, figuresOf } from '../view/facts.ts';
import type { Html } from '../view/html.ts';
import { FormInvalid, ifAvailable, unavailable } from '../view/problem.ts';
import { requestLink } from '../view/request-table.ts';
import { statusOf } from '../view/status.ts';
import { tableOf } from '../view/table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const SHOWN_ACTIONS = 50;

const ACTIONS = ['redrive', 'purge', 'cancel', 'retry'] as const satisfies readonly NewAction['action'][];

/** `/operations`: the log of actions. `/operations/ID`: one of them: its plan, applying and aborting it. */
export function addOperationPages(app: Hono, pages: Pages): void {
  app.get('/operations', pages.show(operationsView));
  app.get('/operations/:id', pages.show(operationView));
  app.post(
    '/operations',
    pages.act(async ({ parts, signal }, form) => {
      const { id } = await actionsOf(parts).plan(plannedBy(form), { signal });
      return operationHref(id);
    }),
  );
  app.post(
    '/operations/:id/apply',
    pages.act(async ({ c, parts, signal }, form) => {
      const id = c.req.param('id') ?? '';
      await actionsOf(parts).apply(id, confirmedBy(form), { signal });
      return operationHref(id);
    }),
  );
  app.post(
    '/operations/:id/abort',
    pages.act(async ({ c, parts, signal }) => {
      const id = c.req.param('id') ?? '';
      await actionsOf(parts).abort(id, { signal });
      return operationHref(id);
    }),
  );
}

/** @throws FormInvalid if there are none */
function actionsOf({ client }: ViewContext['parts']): OperatorResources['actions'] {
  if (client.actions) return client.actions;
  throw new FormInvalid('Actions are not available on this service');
}

/** @throws FormInvalid */
function plannedBy(form: FormData): NewAction {
  const action = ACTIONS.find((each) => each === fieldOf(form, 'action'));
  if (!action) throw new FormInvalid(`action must be one of ${ACTIONS.join(', ')}`);
  const [id, failureGroup] = [fieldOf(form, 'ids'), fieldOf(form, 'failureGroup')];
  const filter: ActionFilter = {
    ...(id !== undefined && { ids: [id] }),
    ...(failureGroup !== undefined && { failureGroup }),
  };
  return { action, filter };
}

/** @throws FormInvalid if the count that was typed isn't that of the plan */
function confirmedBy(form: FormData): SeenPlan {
  const count = Number(fieldOf(form, 'count'));
  const typed = fieldOf(form, 'typed');
  if (form.has('typed') && typed?.replaceAll(',', '') !== String(count)) {
    throw new FormInvalid(
      `Type ${formatCount(count)}, the number of requests, to confirm. Nothing was changed; got ${typed ?? 'nothing'}`,
    );
  }
  return { hash: fieldOf(form, 'hash') ?? '', count };
}

async function operationsView({ parts, now, signal }: ViewContext): Promise<View> {
  const { actions } = parts.client;
  const shown = await ifAvailable(
    async () => actions && firstOf(actions.list({ limit: SHOWN_ACTIONS, signal }), SHOWN_ACTIONS),
  );
  return {
    title: 'Operations log',
    live: shown !== undefined,
    main: html`<h1>Operations log</h1><section id="operations" data-part>${shown ? operationsTable(shown, now) : unavailable('Actions')}
${shown?.length === SHOWN_ACTIONS && html`<p class="hint">The newest ${SHOWN_ACTIONS}.</p>`}</section>`,
  };
}

function operationsTable(actions: readonly Action[], now: number): Html {
  return tableOf<Action>({
    caption: 'Actions, newest first',
    rows: actions,
    empty: 'No actions yet.',
    columns: [
      {
        title: 'Action',
        cell: ({ id, action }) => html`<a href="${operationHref(id)}">${oneLine(action)}</a>`,
      },
      { title: 'State', cell: ({ state }) => statusOf(state) },
      { title: 'Requests', cell: ({ count }) => formatCount(count), kind: 'number' },
      { title: 'Done', cell: ({ progress }) => progress && formatCount(progress.done), kind: 'number' },
      { title: 'Planned', cell: ({ createdAt }) => timeOf(createdAt, now) },
      { title: 'By', cell: ({ createdBy }) => createdBy && oneLine(createdBy), kind: 'less' },
      {
        title: 'On',
        cell: ({ filter, reason }) =>
          html`${filterText(filter)}${reason && html` <span class="note">${oneLine(reason)}</span>`}`,
        kind: 'wide',
      },
    ],
  });
}

async function operationView({ c, parts, now, signal, mayAct }: ViewContext): Promise<View> {
  const { client, shell } = parts;
  const id = c.req.param('id') ?? '';
  if (!client.actions) {
    return { title: 'Action', main: html`<h1>Action</h1>${unavailable('Actions')}` };
  }
  const planned = await client.actions.get(id, { signal });
  const { action, state, count, hash, filter, progress, sample = [] } = planned;
  const path = `/v1/actions/${encodeURIComponent(id)}`;
  return {
    title: `${oneLine(action)} of ${formatCount(count)} requests`,
    live: state === 'running',
    main: html`<h1><span class="kind">${oneLine(action)}</span> ${formatCount(count)} ${count === 1 ? 'request' : 'requests'}</h1>
<section id="action" data-part><p class="state">${statusOf(state)} ${planned.stoppedBecause && html`<span>${oneLine(planned.stoppedBecause)}</span>`}</p>
${
  progress &&
  state !== 'planned' &&
  figuresOf([
    { name: 'Handled', value: progress.handled },
    { name: 'Done', value: progress.done },
    { name: 'Skipped', value: progress.skipped },
    { name: 'Failed', value: progress.failed, ...(progress.failed > 0 && { state: 'bad' as const }) },
  ])
}
${factsOf([
  ['On', filterText(filter)],
  ['Reason', planned.reason && oneLine(planned.reason)],
  ['Planned', timeOf(planned.createdAt, now)],
  ['By', planned.createdBy && oneLine(planned.createdBy)],
  ['Applied', planned.appliedAt && timeOf(planned.appliedAt, now)],
  ['Ended', planned.endedAt && timeOf(planned.endedAt, now)],
  ['Plan expires', state === 'planned' && planned.expiresAt && timeOf(planned.expiresAt, now)],
])}</section>
<section><h2>What you can do</h2><ul class="actions">
${
  state === 'planned' &&
  html`<li><h3>Apply the plan</h3><p>Nothing has changed yet. Each request is checked again; those that have changed are skipped.</p>
${actionForm(mayAct, {
  action: operationHref(id, '/apply'),
  button: `${action.charAt(0).toUpperCase()}${action.slice(1)} ${formatCount(count)} requests`,
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
  html`<li><h3>Abort</h3><p>Requests that were handled stay as they are.</p>
${actionForm(mayAct, { action: operationHref(id, '/abort'), button: 'Abort', tone: 'danger' })}
${commandsOf(shell, ['actions', 'abort', id], { method: 'POST', path: `${path}/abort` })}</li>`
}
<li><h3>Look at it</h3><p>As the API gives it.</p>${commandsOf(shell, ['actions', 'show', id], { method: 'GET', path })}</li></ul></section>
${
  sample.length > 0 &&
  html`<h2>Some of the requests</h2>${tableOf<NonNullable<Action['sample']>[number]>({
    caption: 'Some of the requests of the plan',
    rows: sample,
    empty: '',
    columns: [
      { title: 'Ticket', cell: requestLink },
      { title: 'Status', cell: (request) => statusOf(request.status) },
      { title: 'Tenant', cell: ({ tenant }) => tenant && oneLine(tenant), kind: 'wide' },
    ],
  })}`
}`,
  };
}

/** `failureGroup 0123456789abcdef, tenant acme`. */
function filterText(filter: ActionFilter): string {
  return oneLine(
    Object.entries(filter)
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : value}`)
      .join(', '),
  );
}

function operationHref(id: string, more = ''): string {
  return `/operations/${encodeURIComponent(id)}${more}`;
}
