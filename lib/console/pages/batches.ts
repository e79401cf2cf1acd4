import type { Hono } from 'hono';
import { html } from 'hono/html';
import { type Batch, hasBatchEnded } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm } from '../view/action-form.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf, figuresOf } from '../view/facts.ts';
import type { Html } from '../view/html.ts';
import { pagerOf } from '../view/pager.ts';
import { ifAvailable, unavailable } from '../view/problem.ts';
import { statusOf } from '../view/status.ts';
import { tableOf } from '../view/table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const PAGE_BATCHES = 50;

/** `/batches`: the newest batches. `/batches/ID`: one of them. */
export function addBatchPages(app: Hono, pages: Pages): void {
  app.get('/batches', pages.show(batchesView));
  app.get('/batches/:id', pages.show(batchView));
  app.post(
    '/batches/:id/seal',
    pages.act(async ({ c, parts, signal }) => {
      const id = c.req.param('id') ?? '';
      await parts.client.batches.seal(id, { signal });
      return batchHref(id);
    }),
  );
  app.post(
    '/batches/:id/cancel',
    pages.act(async ({ c, parts, signal }) => {
      const id = c.req.param('id') ?? '';
      await parts.client.batches.cancel(id, { signal });
      return batchHref(id);
    }),
  );
}

async function batchesView({ c, parts, now, signal }: ViewContext): Promise<View> {
  const { searchParams: query } = new URL(c.req.url);
  const cursor = query.get('cursor') ?? undefined;
  const page = await ifAvailable(() =>
    parts.client.batches.listPage({ limit: PAGE_BATCHES, cursor, signal }),
  );
  return {
    title: 'Batches',
    live: page !== undefined && cursor === undefined,
    main: html`<h1>Batches</h1><section id="batches" data-part>${page ? html`${batchesTable(page.batches, now)}${pagerOf('/batches', query, page.next)}` : unavailable('Batches')}</section>`,
  };
}

function batchesTable(batches: readonly Batch[], now: number): Html {
  return tableOf<Batch>({
    caption: 'Batches, newest first',
    rows: batches,
    empty: 'No batches: submit one with npx coatcheck batches submit.',
    columns: [
      {
        title: 'Batch',
        cell: ({ id }) => html`<a class="ticket" href="${batchHref(id)}">${oneLine(id)}</a>`,
      },
      { title: 'Status', cell: ({ status }) => statusOf(status) },
      { title: 'Created', cell: ({ createdAt }) => timeOf(createdAt, now) },
      { title: 'Items', cell: ({ counts }) => formatCount(counts.total), kind: 'number' },
      { title: 'Failed', cell: ({ counts }) => formatCount(counts.failed), kind: 'number' },
      { title: 'Done', cell: ({ progress }) => percent(progress), kind: 'number' },
      { title: 'Ends', cell: ({ endedAt, estimatedEndAt }) => timeOf(endedAt ?? estimatedEndAt, now) },
    ],
  });
}

async function batchView({ c, parts, now, signal, mayAct }: ViewContext): Promise<View> {
  const batch = await parts.client.batches.get(c.req.param('id') ?? '', { signal });
  const {
    id,
    status,
    topic,
    createdAt,
    sealsAt,
    sealedAt,
    endedAt,
    estimatedEndAt,
    expiresAt,
    counts,
    progress,
    links,
  } = batch;
  const { total, queued, running, succeeded, failed, cancelled, expired } = counts;
  return {
    title: `Batch ${id}`,
    live: !hasBatchEnded(batch),
    main: html`<h1><span class="kind">Batch</span> <span class="ticket">${oneLine(id)}</span></h1>
<section id="batch" data-part><p class="state">${statusOf(status)} <progress max="1" value="${progress}" aria-label="Items that have ended"></progress> ${percent(progress)}</p>
${figuresOf([
  { name: 'Items', value: total },
  { name: 'Waiting', value: queued },
  { name: 'Running', value: running },
  { name: 'Succeeded', value: succeeded },
  { name: 'Failed', value: failed, ...(failed > 0 && { state: 'warn' as const }) },
  { name: 'Cancelled', value: cancelled },
  { name: 'Expired', value: expired },
])}
${factsOf([
  ['Topic', topic && oneLine(topic)],
  ['Created', timeOf(createdAt, now)],
  ['Open until', sealsAt && timeOf(sealsAt, now)],
  ['Sealed', sealedAt && timeOf(sealedAt, now)],
  ['Expires', expiresAt && timeOf(expiresAt, now)],
  ['Ends about', endedAt === undefined && estimatedEndAt && timeOf(estimatedEndAt, now)],
  ['Ended', endedAt && timeOf(endedAt, now)],
])}</section>
<section><h2>What you can do</h2><ul class="actions">
${
  sealsAt !== undefined &&
  html`<li><h3>Seal</h3><p>It takes no more items, and ends when all its items have ended: at once if it has none.</p>
${actionForm(mayAct, { action: batchHref(id, '/seal'), button: 'Seal this batch' })}
${commandsOf(parts.shell, ['batches', 'seal', id], { method: 'POST', path: links.seal })}</li>`
}
${
  !hasBatchEnded(batch) &&
  html`<li><h3>Cancel</h3><p>Items that wait end as cancelled at once, those that run when their handlers stop.</p>
${actionForm(mayAct, { action: batchHref(id, '/cancel'), button: 'Cancel this batch', tone: 'danger' })}
${commandsOf(parts.shell, ['batches', 'cancel', id], { method: 'POST', path: links.cancel })}</li>`
}
<li><h3>Get the results</h3><p>A line for each item.</p>${commandsOf(parts.shell, ['batches', 'results', id], { method: 'GET', path: links.results })}</li></ul></section>`,
  };
}

/** Rounded down: 100% is all of them. */
function percent(part: number): string {
  return `${Math.floor(part * 100)}\u00a0%`;
}

function batchHref(id: string, more = ''): string {
  return `/batches/${encodeURIComponent(id)}${more}`;
}
