import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Schedule } from '../../client/index.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import type { Html } from '../view/html.ts';
import { ifAvailable, unavailable } from '../view/problem.ts';
import { requestLink } from '../view/request-table.ts';
import { tableOf } from '../view/table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

/** `/schedules`: the schedules, with their latest and next runs. */
export function addSchedulesPage(app: Hono, pages: Pages): void {
  app.get('/schedules', pages.show(schedulesView));
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
      { title: 'Name', cell: ({ name }) => oneLine(name) },
      { title: 'When', cell: ruleOf },
      {
        title: 'Latest run',
        cell: ({ lastRun }) =>
          lastRun && html`${timeOf(lastRun.at, now)} ${requestLink({ id: lastRun.requestId })}`,
        kind: 'wide',
      },
      { title: 'Next run', cell: ({ nextRuns }) => timeOf(nextRuns[0], now) },
      { title: 'Topic', cell: ({ topic }) => topic && oneLine(topic), kind: 'less' },
      { title: 'If one still runs', cell: ({ overlap }) => overlap, kind: 'less' },
    ],
  });
}

function ruleOf({ cron, timeZone, everyMinutes }: Schedule): Html {
  if (cron === undefined) return html`every ${everyMinutes} min`;
  return html`<code>${oneLine(cron)}</code> ${oneLine(timeZone ?? 'UTC')}`;
}
