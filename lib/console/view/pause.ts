import { html } from 'hono/html';
import type { Pause } from '../../client/index.ts';
import type { ViewContext } from '../parts.ts';
import { actionForm } from './action-form.ts';
import { commandsOf } from './commands.ts';
import { factsOf } from './facts.ts';
import type { Html } from './html.ts';
import { oneLine } from './text.ts';
import { timeOf } from './time.ts';

/** Whether processing is paused, by whom and why. */
export function pauseFacts(pause: Pause | undefined, now: number): Html {
  if (!pause) return html`<p class="health good">Not paused.</p>`;
  const { until, reason, since, by = 'an operator' } = pause;
  return html`<p class="health warn">Paused: no request starts before ${timeOf(until, now)}.</p>${factsOf([
    ['Reason', reason && oneLine(reason)],
    ['Paused by', since === undefined ? 'the service itself' : oneLine(by)],
    ['Paused at', since && timeOf(since, now)],
  ])}`;
}

/** What pauses and resumes processing. @param path of the page */
export function pauseForms({ parts: { shell }, now, mayAct }: ViewContext, path: string): Html {
  const until = new Date(Math.ceil(now / MINUTE) * MINUTE + 30 * MINUTE).toISOString();
  const json = { until, reason: 'why' };
  return html`<p>While processing is paused, requests are accepted and wait, and running requests continue. A pause ends at its time by itself, and replaces an earlier one.</p>
<div class="row">${actionForm(mayAct, {
    action: `${path}/pause`,
    button: 'Pause',
    inputs: html`<div class="inputs"><label>Minutes <input name="minutes" value="30" inputmode="numeric" autocomplete="off" size="6" required></label><label>Reason <input name="reason" maxlength="200" autocomplete="off" size="24" required></label></div>`,
  })}${actionForm(mayAct, { action: `${path}/resume`, button: 'Resume' })}</div>
${commandsOf(shell, ['pause', '--for', '30min', '--reason', 'why'], { method: 'PUT', path: '/v1/pause', json })}${commandsOf(shell, ['resume'], { method: 'DELETE', path: '/v1/pause' })}`;
}

const MINUTE = 60_000;
