import type { Hono } from 'hono';
import { html } from 'hono/html';
import {
  type Activity,
  ApiError,
  type Ledger,
  type Load,
  type RequestResource,
  type ServiceStatus,
} from '../../client/index.ts';
import { formatDuration, threeDigits } from '../../terminal/figures.ts';
import { formatCount } from '../../terminal/format.ts';
import { firstOf } from '../first-of.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { activityCharts, activityTable } from '../view/activity.ts';
import { figuresOf } from '../view/facts.ts';
import { failureTable } from '../view/failure-table.ts';
import { type Html, NOTHING } from '../view/html.ts';
import { answerOf, ifPermitted } from '../view/problem.ts';
import { requestTable } from '../view/request-table.ts';
import { oneLine } from '../view/text.ts';
import { timeOf } from '../view/time.ts';

const NEWEST_REQUESTS = 8;
const LATEST_FAILURES = 5;

/** Hours of the charts. */
const HOURS = 6;

/** `/`: what is going on, and why. */
export function addNowPage(app: Hono, pages: Pages): void {
  app.get('/', pages.show(nowView));
}

async function nowView({ parts, now, signal }: ViewContext): Promise<View> {
  const { client } = parts;
  const [status, page, ledger, activity, failures, pausedUntil] = await Promise.all([
    client.serviceStatus({ signal }),
    client.listPage({ limit: NEWEST_REQUESTS, signal }),
    ifPermitted(() => client.ledger({ signal })),
    // The service as it is now is shown without them.
    ifPermitted(() => client.activity({ hours: HOURS, signal })).catch(answerOf),
    ifPermitted(() => firstOf(client.failures.list({ limit: LATEST_FAILURES, signal }), LATEST_FAILURES)),
    pauseEnd({ parts, signal }),
  ]);
  const waiting = page.requests.find(({ status, why }) => status === 'queued' && why !== undefined);
  return {
    title: 'Now',
    live: true,
    main: html`<h1>Now</h1>
<section id="health" data-part>${healthOf(status, ledger, pausedUntil, now)}${whyOf(status, waiting, now)}</section>
<section id="load" data-part aria-label="Load">${loadFigures(status.load)}</section>
${activity && activitySection(activity, now)}
${ledger && html`<section id="ledger" data-part aria-label="Requests by status">${ledgerFigures(ledger)}${auditOf(ledger, now)}</section>`}
${failures && failures.length > 0 && html`<section id="failures" data-part><h2>Latest failures</h2>${failureTable(failures, now)}</section>`}
<section id="newest" data-part><h2>Newest requests</h2>${requestTable(page.requests, now, 'No requests yet.')}
${page.requests.length > 0 && html`<p><a href="/requests">All requests</a></p>`}</section>`,
  };
}

/** The table stays open while the charts change. */
function activitySection(activity: Activity | ApiError, now: number): Html {
  if (activity instanceof ApiError) {
    return html`<section id="activity" data-part><p class="unavailable">The last ${HOURS} hours could not be read: ${oneLine(activity.message)}</p></section>`;
  }
  return html`<section id="activity" data-part aria-label="Last ${HOURS} hours">${activityCharts(activity, now)}</section>
<details class="counts"><summary>Counts of the last ${HOURS} hours</summary><div id="activity-counts" data-part>${activityTable(activity, now)}</div></details>`;
}

/** Until when all requests are paused, if there is a limit of all. */
async function pauseEnd({
  parts: { client },
  signal,
}: Pick<ViewContext, 'parts' | 'signal'>): Promise<string | undefined> {
  const limits = (await ifPermitted(() => client.limits.list({ signal }))) ?? [];
  if (!limits.some(({ key }) => key === 'all')) return undefined;
  return (await client.limits.get('all', undefined, { signal })).pausedUntil;
}

/** One line, the worst first. */
function healthOf(
  { accepting, load, pause }: ServiceStatus,
  ledger: Ledger | undefined,
  pausedUntil: string | undefined,
  now: number,
): Html {
  const { predictedWaitSeconds: wait, maxWaitSeconds: maxWait } = load;
  const line = (state: string, text: Html | string) => html`<p class="health ${state}">${text}</p>`;
  if (ledger?.drift) {
    return line(
      'bad',
      `${formatCount(ledger.drift)} accepted requests are in no status: see coatcheck audit.`,
    );
  }
  if (!accepting) {
    const reason =
      wait === undefined
        ? ''
        : `: a new one would take ${formatDuration(wait)}, the limit is ${formatDuration(maxWait)}`;
    return line('bad', `New requests are refused${reason}.`);
  }
  if (pause) {
    const reason = pause.reason === undefined ? '' : `: ${oneLine(pause.reason)}`;
    return line('warn', html`Paused: no request starts before ${timeOf(pause.until, now)}${reason}.`);
  }
  if (pausedUntil !== undefined && Date.parse(pausedUntil) > now) {
    return line(
      'warn',
      html`Paused: no request starts before ${timeOf(pausedUntil, now)} (<a href="/limits/all">limit of all</a>).`,
    );
  }
  if (wait !== undefined && wait > 0.8 * maxWait) {
    return line(
      'warn',
      `Almost full: a new request takes about ${formatDuration(wait)}, and above ${formatDuration(maxWait)} new ones are refused.`,
    );
  }
  const expected = wait === undefined ? '' : `; a new one is done in about ${formatDuration(wait)}`;
  const accounted = ledger?.drift === 0 && !ledger.audit ? ' Every accepted request is accounted for.' : '';
  return line('good', `Accepting requests${expected}.${accounted}`);
}

/** Since when requests wait, and why. */
function whyOf(
  { oldestWaitingSince }: ServiceStatus,
  waiting: RequestResource | undefined,
  now: number,
): Html {
  const oldest =
    oldestWaitingSince && html`The oldest waiting request was sent at ${timeOf(oldestWaitingSince, now)}. `;
  const newest = waiting?.why !== undefined && `Newest waiting request: ${oneLine(waiting.why)}.`;
  return oldest || newest ? html`<p class="why">${oldest}${newest}</p>` : NOTHING;
}

function loadFigures({ backlog, completionsPerSecond, predictedWaitSeconds, maxWaitSeconds }: Load): Html {
  const wait = predictedWaitSeconds;
  return figuresOf([
    { name: 'Waiting or running', value: backlog, href: '/requests' },
    {
      name: 'Done per second',
      value: completionsPerSecond === undefined ? undefined : threeDigits(completionsPerSecond),
    },
    {
      name: 'Predicted wait',
      value: wait === undefined ? undefined : formatDuration(wait),
      ...(wait !== undefined && wait > maxWaitSeconds && { state: 'bad' as const }),
    },
    { name: 'Maximum wait', value: formatDuration(maxWaitSeconds) },
  ]);
}

/** How old the figures are, if they aren't of this moment. */
function auditOf({ at, audit }: Ledger, now: number): Html {
  if (!audit) return NOTHING;
  return html`<p class="why">Counted by the audit of ${timeOf(at, now)}, which took ${formatDuration(audit.seconds)}.</p>`;
}

function ledgerFigures({ accepted, waiting, running, deadLettered, drift, ended }: Ledger): Html {
  const byStatus = (status: string) => `/requests?status=${status}`;
  return figuresOf([
    { name: 'Accepted', value: accepted },
    { name: 'Waiting', value: waiting, href: byStatus('queued') },
    { name: 'Running', value: running, href: byStatus('running') },
    { name: 'Succeeded', value: ended.succeeded, href: byStatus('succeeded') },
    {
      name: 'Failed',
      value: ended.failed,
      href: byStatus('failed'),
      ...(ended.failed > 0 && { state: 'warn' as const }),
    },
    { name: 'Cancelled', value: ended.cancelled, href: byStatus('cancelled') },
    { name: 'Expired', value: ended.expired, href: byStatus('expired') },
    { name: 'Dead-lettered', value: deadLettered },
    { name: 'Unaccounted for', value: drift, ...(drift ? { state: 'bad' as const } : {}) },
  ]);
}
