import { html } from 'hono/html';
import type { Html } from './html.ts';

/** What each status of a request, a batch, a webhook, an endpoint, an action or an alarm means for an operator. */
const TONES: Readonly<Record<string, string>> = {
  succeeded: 'good',
  completed: 'good',
  delivered: 'good',
  enabled: 'good',
  done: 'good',
  quiet: 'good',
  failed: 'bad',
  failing: 'bad',
  dead_lettered: 'bad',
  stopped: 'bad',
  raised: 'bad',
  running: 'busy',
  cancelling: 'busy',
  planned: 'busy',
  open: 'busy',
  pending: 'busy',
};

/** A status, with a colour beside its name. */
export function statusOf(status: string): Html {
  return html`<span class="status ${TONES[status] ?? 'idle'}">${status.replaceAll('_', ' ')}</span>`;
}
