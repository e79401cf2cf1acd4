import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Limit, LimitChange, LimitView } from '../../client/index.ts';
import { isRate } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm, fieldOf, wholeNumber } from '../view/action-form.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf } from '../view/facts.ts';
import type { Content, Html } from '../view/html.ts';
import { FormInvalid, ifAvailable, unavailable } from '../view/problem.ts';
import { tableOf } from '../view/table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

/** When a pause ended that is to end now. Clocks of the callers and the processors differ. */
const LONG_AGO = new Date(0);

/** `/limits`: the limits of tenants, topics and metadata. `/limits/KEY`: one value of a key, changed live. */
export function addLimitPages(app: Hono, pages: Pages): void {
  app.get('/limits', pages.show(limitsView));
  app.get('/open-limit', (c) =>
    c.redirect(limitHref(c.req.query('key') ?? 'all', c.req.query('value')), 303),
  );
  app.get('/limits/:key', pages.show(limitView));
  app.post(
    '/limits/:key',
    pages.act(async (context, form) => {
      const { key, value } = addressOf(context);
      const { limits } = context.parts.client;
      const { signal } = context;
      if (fieldOf(form, 'do') === 'reset') await limits.reset(key, value, { signal });
      else await limits.change(key, value, changeOf(form, context.now), { signal });
      return limitHref(key, value);
    }),
  );
}

async function limitsView({ parts, signal }: ViewContext): Promise<View> {
  const limits = await ifAvailable(() => parts.client.limits.list({ signal }));
  return {
    title: 'Tenants and limits',
    main: html`<h1>Tenants and limits</h1>
<p>How many requests that have a tenant, a topic or a value in their metadata in common may run, start and wait. A limit applies to each value by itself.</p>
${limits ? limitsTable(limits) : unavailable('Limits')}
${
  limits &&
  limits.length > 0 &&
  html`<h2>Look at one value</h2><form method="get" action="/open-limit" class="filters">
<label>Key <select name="key">${limits.map(({ key }) => html`<option>${key}</option>`)}</select></label>
<label>Value <input name="value" autocomplete="off" spellcheck="false" size="28" placeholder="such as the name of a tenant"></label>
<button>Look</button></form>`
}`,
  };
}

const NO_LIMIT = html`<span class="note">no limit</span>`;

function countOr(limit: number | undefined): Content {
  return limit === undefined ? NO_LIMIT : formatCount(limit);
}

function limitsTable(limits: readonly Limit[]): Html {
  return tableOf<Limit>({
    caption: 'Limits as configured',
    rows: limits,
    empty: 'No limits are configured: set the option limits, or COATCHECK_LIMITS.',
    columns: [
      {
        title: 'Key',
        cell: ({ key }) => (key === 'all' ? html`<a href="/limits/all">all</a>` : oneLine(key)),
      },
      {
        title: 'Run at a time',
        cell: ({ concurrency }) => countOr(concurrency),
        kind: 'number',
      },
      { title: 'Start', cell: ({ rate }) => rate ?? NO_LIMIT, kind: 'number' },
      {
        title: 'Wait at most',
        cell: ({ maxWaiting }) => countOr(maxWaiting),
        kind: 'number',
      },
      { title: 'Counted by', cell: ({ weight = 'requests' }) => oneLine(weight), kind: 'wide' },
    ],
  });
}

async function limitView(context: ViewContext): Promise<View> {
  const { parts, now, signal, mayAct } = context;
  const { key, value } = addressOf(context);
  const view = await parts.client.limits.get(key, value, { signal });
  const name = value === undefined ? key : `${key} ${value}`;
  return {
    title: `Limit of ${oneLine(name)}`,
    live: true,
    main: html`<h1>Limit of ${oneLine(name)}</h1>
<section id="limit" data-part>${limitFacts(view, now)}</section>
<section><h2>Change it</h2><p>Applies within 5 seconds, and until it is reset. Running requests continue.</p>
${limitForms(view, mayAct, limitHref(key, value))}${limitCommands(view, context)}</section>`,
  };
}

function limitFacts(
  { running, concurrency, rate, waiting, maxWaiting, pausedUntil, changed = {} }: LimitView,
  now: number,
): Html {
  const of = (count: number | undefined, most: number | undefined) =>
    count === undefined
      ? undefined
      : `${formatCount(count)}${most === undefined ? '' : ` of ${formatCount(most)}`}`;
  const isPaused = pausedUntil !== undefined && Date.parse(pausedUntil) > now;
  return factsOf([
    ['Running', of(running, concurrency)],
    ['Waiting', of(waiting, maxWaiting)],
    ['Start', rate ?? 'without a limit'],
    ['Paused until', isPaused ? timeOf(pausedUntil, now) : 'not paused'],
    ['Changed live', Object.keys(changed).join(', ') || 'nothing'],
  ]);
}

function limitForms({ concurrency, rate, maxWaiting }: LimitView, mayAct: boolean, action: string): Html {
  const field = (label: string, name: string, value: string | number | undefined, hint: string) =>
    html`<label>${label} <input name="${name}" value="${value}" placeholder="${hint}" autocomplete="off" size="12"></label>`;
  return html`${actionForm(mayAct, {
    action,
    button: 'Set',
    inputs: html`<div class="inputs">${field('Run at a time', 'concurrency', concurrency, '20')}${field('Start', 'rate', rate, '100/min')}${field('Wait at most', 'maxWaiting', maxWaiting, '1000')}</div>`,
  })}<div class="row">${actionForm(mayAct, {
    action,
    button: 'Pause',
    hidden: { do: 'pause' },
    inputs: field('Minutes', 'minutes', 10, '10'),
  })}${actionForm(mayAct, { action, button: 'Resume', hidden: { do: 'resume' } })}${actionForm(mayAct, {
    action,
    button: 'Reset to what is configured',
    hidden: { do: 'reset' },
  })}</div>`;
}

function limitCommands({ key, value }: LimitView, { parts: { shell } }: ViewContext): Html {
  const words = value === undefined ? [key] : [key, value];
  const path = `/v1/limits/${encodeURIComponent(key)}${value === undefined ? '' : `?value=${encodeURIComponent(value)}`}`;
  return html`${commandsOf(shell, ['limits', 'set', ...words, '--concurrency', '20'], { method: 'PUT', path, json: { concurrency: 20 } })}${commandsOf(shell, ['limits', 'reset', ...words], { method: 'DELETE', path })}`;
}

/** @throws FormInvalid */
function changeOf(form: FormData, now: number): LimitChange {
  const doing = fieldOf(form, 'do');
  if (doing === 'resume') return { pausedUntil: LONG_AGO };
  if (doing === 'pause') {
    return { pausedUntil: new Date(now + 60_000 * wholeNumber('Minutes', fieldOf(form, 'minutes') ?? '')) };
  }
  const [concurrency, maxWaiting] = (['concurrency', 'maxWaiting'] as const).map((name) => {
    const text = fieldOf(form, name);
    return text === undefined ? undefined : wholeNumber(name, text);
  });
  const rate = fieldOf(form, 'rate');
  if (rate !== undefined && !isRate(rate)) {
    throw new FormInvalid(`Start must be a whole number, then /s, /min or /h, such as 100/min, got ${rate}`);
  }
  return { concurrency, rate, maxWaiting };
}

function addressOf({ c }: ViewContext): { readonly key: string; readonly value?: string } {
  return { key: c.req.param('key') ?? '', value: c.req.query('value') || undefined };
}

function limitHref(key: string, value: string | undefined): string {
  const query = key === 'all' || !value ? '' : `?value=${encodeURIComponent(value)}`;
  return `/limits/${encodeURIComponent(key)}${query}`;
}
