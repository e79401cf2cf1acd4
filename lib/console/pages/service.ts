import type { Hono } from 'hono';
import { html } from 'hono/html';
import { ApiError, type ServiceStatus } from '../../client/index.ts';
import { trafficOf } from '../../planner/traffic.ts';
import { formatDuration } from '../../terminal/figures.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { fieldOf, wholeNumber } from '../view/action-form.ts';
import { alarmsOf } from '../view/alarms.ts';
import { capacityOf } from '../view/capacity.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf } from '../view/facts.ts';
import { pauseFacts, pauseForms } from '../view/pause.ts';
import { answerOf, FormInvalid, ifPermitted, unavailable } from '../view/problem.ts';
import { settingsOf } from '../view/settings.ts';
import { oneLine } from '../view/text.ts';

const PATH = '/service';

/** Hours of the traffic that is planned for. */
const HOURS = 24;

/** `/service`: the service itself: what runs, its capacity, its alarms, its settings, and a pause of all processing. */
export function addServicePage(app: Hono, pages: Pages): void {
  app.get(PATH, pages.show(serviceView));
  app.post(
    `${PATH}/pause`,
    pages.act(async ({ parts: { client }, now, signal }, form) => {
      const minutes = wholeNumber('Minutes', fieldOf(form, 'minutes') ?? '');
      const reason = fieldOf(form, 'reason');
      if (reason === undefined)
        throw new FormInvalid('A pause needs a reason: callers who wait for a request see it');
      await client.pause({ until: new Date(now + 60_000 * minutes), reason }, { signal });
      return PATH;
    }),
  );
  app.post(
    `${PATH}/resume`,
    pages.act(async ({ parts: { client }, signal }) => {
      await client.resume({ signal });
      return PATH;
    }),
  );
}

async function serviceView(context: ViewContext): Promise<View> {
  const { parts, now, signal } = context;
  const { client, shell } = parts;
  const [status, newest, activity, alarms, settings] = await Promise.all([
    client.serviceStatus({ signal }),
    client.listPage({ limit: 20, signal }),
    ifPermitted(() => client.activity({ hours: HOURS, signal })).catch(answerOf),
    ifPermitted(() => client.alarms({ signal })),
    ifPermitted(() => client.settings({ signal })),
  ]);
  const versions = new Set(newest.requests.flatMap(({ handlerVersion = [] }) => handlerVersion));
  return {
    title: 'Service',
    live: true,
    main: html`<h1>Service</h1>
<section id="service" data-part>${serviceFacts(status, [...versions], context)}</section>
<section id="alarms" data-part><h2>Alarms</h2>${alarms ? alarmsOf(alarms, now) : unavailable('Alarms')}</section>
<section id="capacity" data-part><h2>Capacity</h2>${
      activity instanceof ApiError
        ? html`<p class="unavailable">The last ${HOURS} hours could not be read: ${oneLine(activity.message)}</p>`
        : capacityOf(trafficOf(activity, status.work), settings, now)
    }</section>
${commandsOf(shell, ['plan', '--from-service', '--payload', '300KB'], { method: 'GET', path: `/v1/activity?hours=${HOURS}` })}
<section><h2>Processing</h2><div id="pause" data-part>${pauseFacts(status.pause, now)}</div>${pauseForms(context, PATH)}</section>
<section id="settings" data-part><h2>Settings</h2>${settings ? settingsOf(settings) : unavailable('Settings')}</section>
<h2>From a shell</h2>${commandsOf(shell, ['alarms'], { method: 'GET', path: '/v1/alarms' })}${commandsOf(shell, ['settings'], { method: 'GET', path: '/v1/settings' })}${commandsOf(shell, undefined, { method: 'GET', path: '/v1/status' })}${commandsOf(shell, undefined, { method: 'GET', path: '/v1/openapi.json' })}`,
  };
}

function serviceFacts(
  { accepting, load }: ServiceStatus,
  versions: readonly string[],
  { parts: { shell, version }, mayAct }: ViewContext,
) {
  return factsOf([
    ['API', oneLine(shell.url)],
    ['New requests', accepting ? 'accepted' : 'refused'],
    ['Refused above a wait of', formatDuration(load.maxWaitSeconds)],
    [
      'Versions that ran the newest 20 requests',
      versions.map(oneLine).join(', ') || 'unknown: set the version of the service, or COATCHECK_VERSION',
    ],
    ['Console', `version ${version}, ${mayAct ? 'actions allowed' : 'read-only'}`],
  ]);
}
