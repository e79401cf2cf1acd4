import type { Hono } from 'hono';
import { html } from 'hono/html';
import { latestRun, type Schedule, type ScheduleRun } from '../../client/index.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { actionForm, fieldOf } from '../view/action-form.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf } from '../view/facts.ts';
import type { Html } from '../view/html.ts';
import { FormInvalid, ifAvailable, unavailable } from '../view/problem.ts';
import { requestHref, requestLink, topicOf } from '../view/request-table.ts';
import { statusOf } from '../view/status.ts';
import { tableOf } from '../view/table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

/** What happens at a run whose predecessor hasn't ended. */
const OVERLAP: Readonly<Record<Schedule['overlap'], string>> = {
  queue: 'the next run is submitted too (queue)',
  skip: 'the next run is left out (skip)',
  cancel: 'it is cancelled, and the next run is submitted (cancel)',
};

/** What happens to runs that couldn't be submitted in time. */
const MISSED: Readonly<Record<Schedule['missed'], string>> = {
  last: 'the last of them is submitted late (last)',
  skip: 'none of them is submitted (skip)',
};

/** `/schedules`: the schedules, with their latest and next runs. `/schedules/NAME`: one of them, to run, pause, resume or remove it. */
export function addSchedulePages(app: Hono, pages: Pages): void {
  app.get('/schedules', pages.show(schedulesView));
  app.get('/schedules/:name', pages.show(scheduleView));
  app.post(
    '/schedules/:name/run',
    pages.act(async ({ c, parts, signal }, form) => {
      const { name = '' } = c.req.param();
      const idempotencyKey = fieldOf(form, 'key');
      return requestHref(await parts.client.schedules.run(name, { idempotencyKey, signal }));
    }),
  );
  app.post(
    '/schedules/:name/:what{pause|resume|remove}',
    pages.act(async ({ c, parts, signal }, form) => {
      const { name = '', what } = c.req.param();
      const { schedules } = parts.client;
      if (what === 'remove') {
        const typed = fieldOf(form, 'typed');
        if (typed !== name)
          throw new FormInvalid(
            `Type ${name}, the name of the schedule, to confirm, got ${typed ?? 'nothing'}`,
          );
        await schedules.remove(name, { signal });
      } else await schedules[what === 'pause' ? 'pause' : 'resume'](name, { signal });
      return what === 'remove' ? '/schedules' : scheduleHref(name);
    }),
  );
}

async function schedulesView({ parts, now, signal }: ViewContext): Promise<View> {
  const schedules = await ifAvailable(() => parts.client.schedules.list({ signal }));
  return {
    title: 'Schedules',
    live: schedules !== undefined,
    main: html`<h1>Schedules</h1><section id="schedules" data-part>${schedules ? schedulesTable(schedules, now) : unavailable('Schedules')}</section>`,
  };
}

function schedulesTable(schedules: readonly Schedule[], now: number): Html {
  return tableOf<Schedule>({
    caption: 'Schedules by name',
    rows: schedules,
    empty: 'No schedules: add one with coatcheck schedules add.',
    columns: [
      { title: 'Name', cell: ({ name }) => html`<a href="${scheduleHref(name)}">${oneLine(name)}</a>` },
      { title: 'When', cell: ruleOf },
      { title: 'Latest run', cell: (schedule) => runOf(latestRun(schedule), now) },
      {
        title: 'Next run',
        cell: ({ nextRuns, pausedAt }) =>
          pausedAt === undefined
            ? timeOf(nextRuns[0], now)
            : html`${statusOf('paused')} ${timeOf(pausedAt, now)}`,
      },
      {
        title: 'Topic',
        cell: ({ topic }) => topic && topicOf(topic),
        kind: 'less',
        isOptional: true,
      },
    ],
  });
}

async function scheduleView({ c, parts, now, signal, mayAct }: ViewContext): Promise<View> {
  const name = c.req.param('name') ?? '';
  const schedule = await parts.client.schedules.get(name, { signal });
  const { pausedAt, lastRun, lastManualRun, nextRuns, topic, overlap, missed, startAt, endAt, createdAt } =
    schedule;
  const [what, button] = pausedAt === undefined ? ['pause', 'Pause'] : ['resume', 'Resume'];
  const path = `/v1/schedules/${encodeURIComponent(name)}`;
  return {
    title: `Schedule ${oneLine(name)}`,
    main: html`<h1><span class="kind">Schedule</span> <span class="ticket">${oneLine(name)}</span></h1>
${factsOf([
  ['When', ruleOf(schedule)],
  ['Paused', pausedAt && timeOf(pausedAt, now)],
  ['Latest run', runOf(lastRun, now)],
  ['Latest “run now”', runOf(lastManualRun, now)],
  ['Next runs', nextRuns.length > 0 && html`${nextRuns.map((run) => html`<div>${timeOf(run, now)}</div>`)}`],
  ['Topic', topic && oneLine(topic)],
  ['If one still runs', OVERLAP[overlap]],
  ['Missed runs', MISSED[missed]],
  ['Starts', startAt && timeOf(startAt, now)],
  ['Ends', endAt && timeOf(endAt, now)],
  ['Added', timeOf(createdAt, now)],
])}
<h2>What you can do</h2><ul class="actions">
<li><h3>Run now</h3><p>Submits its request at once, even while it is paused. Its pause and its next runs don’t change.</p>
${actionForm(mayAct, { action: scheduleHref(name, '/run'), button: 'Run this schedule now', hidden: { key: crypto.randomUUID() } })}
${commandsOf(parts.shell, ['schedules', 'run', name], { method: 'POST', path: `${path}/run` })}</li>
<li><h3>${button}</h3><p>${pausedAt === undefined ? 'It has no runs until it is resumed. A run that has begun is submitted.' : 'Its next run is the next one from now on. Those of the pause are left out.'}</p>
${actionForm(mayAct, { action: scheduleHref(name, `/${what}`), button: `${button} this schedule` })}
${commandsOf(parts.shell, ['schedules', what, name], { method: 'POST', path: `${path}/${what}` })}</li>
<li><h3>Remove</h3><p>Requests that it has already submitted continue. It can’t be undone.</p>
${actionForm(mayAct, { action: scheduleHref(name, '/remove'), button: 'Remove this schedule', tone: 'danger', inputs: html`<label>Type ${oneLine(name)} to confirm <input name="typed" required autocomplete="off" spellcheck="false" size="24"></label>` })}
${commandsOf(parts.shell, ['schedules', 'remove', name], { method: 'DELETE', path })}</li></ul>`,
  };
}

function runOf(run: ScheduleRun | undefined, now: number): Html | undefined {
  return run && html`${timeOf(run.at, now)} ${requestLink({ id: run.requestId })}`;
}

function ruleOf({ cron, timeZone, everyMinutes }: Schedule): Html {
  if (cron === undefined) return html`every ${everyMinutes} min`;
  return html`<code>${oneLine(cron)}</code> ${oneLine(timeZone ?? 'UTC')}`;
}

function scheduleHref(name: string, more = ''): string {
  return `/schedules/${encodeURIComponent(name)}${more}`;
}
