import { html } from 'hono/html';
import type { ActionFilter, ActionKind } from '../../client/index.ts';
import { ACTION_RULES } from '../../core/model/action.ts';
import type { ViewContext } from '../parts.ts';
import { fieldsOf, filterOptionsOf } from './action-filter.ts';
import { commandsOf } from './commands.ts';
import type { Html } from './html.ts';
import { planForm } from './plan-form.ts';

/** An action as a page offers it. */
interface Choice {
  readonly action: ActionKind;
  readonly title: string;
  readonly button: string;
  readonly text: string;
}

const CHOICES: readonly Choice[] = [
  {
    action: 'rehearse',
    title: 'Rehearse',
    button: 'Plan a rehearsal',
    text: 'Runs them once on the current version and keeps nothing of it, to see which would succeed now. The handler’s own effects aren’t undone: it must skip them when request.isRehearsal is true.',
  },
  {
    action: 'redrive',
    title: 'Redrive all',
    button: 'Plan a redrive',
    text: 'Runs those that used up their attempts again, under their tickets. Fix the cause first.',
  },
  {
    action: 'retry',
    title: 'Retry all',
    button: 'Plan a retry',
    text: 'Submits their payloads again, as new requests.',
  },
  {
    action: 'cancel',
    title: 'Cancel all',
    button: 'Plan a cancellation',
    text: 'Cancels those that haven’t ended. Those that run end when their handlers have stopped.',
  },
  {
    action: 'purge',
    title: 'Purge all',
    button: 'Plan a purge',
    text: 'Deletes their dead letters, so that they can’t be redriven.',
  },
];

/**
 * What can be done with all requests of a filter.
 * @param metadata keys of metadata that the requests can be narrowed by
 */
export function actionChoices(
  filter: Omit<ActionFilter, 'ids'>,
  metadata: readonly string[],
  { parts: { shell }, mayAct }: ViewContext,
): Html {
  const status = filter.failureGroup === undefined ? filter.status : 'failed';
  const able = CHOICES.filter(
    ({ action }) => status === undefined || ACTION_RULES[action].statuses.includes(status),
  );
  return html`<p class="hint">The next page shows which requests it would change, and how many. Nothing changes before you apply that.</p>
<ul class="actions">${able.map(
    ({ action, title, button, text }) =>
      html`<li><h3>${title}</h3><p>${text}</p>
${planForm(mayAct, { action, on: fieldsOf(filter), button, metadata, isGradual: ACTION_RULES[action].runs })}
${commandsOf(shell, ['actions', 'plan', action, ...filterOptionsOf(filter)], { method: 'POST', path: '/v1/actions', json: { action, filter } })}</li>`,
  )}</ul>`;
}
