import type { Hono } from 'hono';
import { html } from 'hono/html';
import { formatDuration } from '../../terminal/figures.ts';
import type { Pages } from '../pages.ts';
import type { View, ViewContext } from '../parts.ts';
import { commandsOf } from '../view/commands.ts';
import { factsOf } from '../view/facts.ts';
import { oneLine } from '../view/text.ts';

/** `/service`: what the API says about the service itself. */
export function addServicePage(app: Hono, pages: Pages): void {
  app.get('/service', pages.show(serviceView));
}

async function serviceView({ parts, signal, mayAct }: ViewContext): Promise<View> {
  const { client, shell, version } = parts;
  const [{ accepting, load }, newest] = await Promise.all([
    client.serviceStatus({ signal }),
    client.listPage({ limit: 20, signal }),
  ]);
  const versions = new Set(newest.requests.flatMap(({ handlerVersion = [] }) => handlerVersion));
  return {
    title: 'Service',
    main: html`<h1>Service</h1>
${factsOf([
  ['API', oneLine(shell.url)],
  ['New requests', accepting ? 'accepted' : 'refused'],
  ['Refuses above a wait of', formatDuration(load.maxWaitSeconds)],
  [
    'Versions that ran the newest 20 requests',
    [...versions].map(oneLine).join(', ') || 'unknown: set COATCHECK_VERSION',
  ],
  ['Console', `version ${version}, ${mayAct ? 'actions allowed' : 'read-only'}`],
])}
<p class="hint">The API shows no other settings. coatcheck serve logs them when it starts; on AWS they are in the environment of the functions.</p>
<h2>From a shell</h2>${commandsOf(shell, undefined, { method: 'GET', path: '/v1/status' })}${commandsOf(shell, undefined, { method: 'GET', path: '/v1/openapi.json' })}`,
  };
}
