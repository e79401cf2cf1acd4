import { html } from 'hono/html';
import type { ActionKind, NewAction } from '../../client/index.ts';
import { ACTION_KINDS } from '../../core/model/action.ts';
import { filterIn } from './action-filter.ts';
import { actionForm, fieldOf, wholeNumber } from './action-form.ts';
import type { Content, Html } from './html.ts';
import { METADATA_FIELD } from './metadata-fields.ts';
import { FormInvalid } from './problem.ts';
import { oneLine } from './text.ts';

/** A form that plans an action. */
export interface PlanForm {
  readonly action: ActionKind;
  /** The fields of the filter for the requests that it is about, or the id of a `rehearsal`. */
  readonly on: Readonly<Record<string, string>>;
  readonly button: string;
  /** Whether its rate and a canary can be set. @default false */
  readonly isGradual?: boolean;
  /** Keys of metadata that its requests can be narrowed by. @default - none */
  readonly metadata?: readonly string[];
  /** More inputs, before those of every action. */
  readonly inputs?: Content;
}

/** The form; nothing for a caller that may not act. */
export function planForm(
  mayAct: boolean,
  { action, on, button, isGradual = false, metadata = [], inputs }: PlanForm,
): Html {
  const number = (label: string, name: string, hint: string) =>
    html`<label>${label} <input name="${name}" placeholder="${hint}" inputmode="numeric" autocomplete="off" size="8"></label>`;
  const gradual =
    isGradual &&
    html`${number('Requests per second', 'rate', '50')}${number('Try this share first, in %', 'percent', 'all at once')}${number('Stop if more of these fail, in %', 'stopAbove', '0')}`;
  const narrowing = metadata.map(
    (key) =>
      html`<label>Only metadata ${oneLine(key)} <input name="${METADATA_FIELD}${key}" autocomplete="off" spellcheck="false" size="10"></label>`,
  );
  return actionForm(mayAct, {
    action: '/operations',
    button,
    ...(action === 'purge' && { tone: 'danger' as const }),
    hidden: { action, ...on },
    inputs: html`${inputs}<div class="inputs">${narrowing}${gradual}<label>Reason <input name="reason" maxlength="500" autocomplete="off" size="24"></label></div>`,
  });
}

/** What a form plans. @param rehearsed the requests that it is about, if it is about a rehearsal. @throws FormInvalid */
export function plannedBy(form: FormData, rehearsed?: readonly string[]): NewAction {
  const action = ACTION_KINDS.find((each) => each === fieldOf(form, 'action'));
  if (!action) throw new FormInvalid(`action must be one of ${ACTION_KINDS.join(', ')}`);
  const [rate, percent] = [
    numberOf(form, 'Requests per second', 'rate'),
    numberOf(form, 'Try this share first', 'percent'),
  ];
  const stopAbovePercent = numberOf(form, 'Stop if more of these fail', 'stopAbove');
  if (percent === undefined && stopAbovePercent !== undefined) {
    throw new FormInvalid(
      'Fill in the share to try first, too: only the requests that are tried first can stop the others',
    );
  }
  return {
    action,
    filter: { ...filterIn(form), ...(rehearsed && { ids: rehearsed }) },
    rate,
    canary: percent === undefined ? undefined : { percent, stopAbovePercent: stopAbovePercent ?? 0 },
    reason: fieldOf(form, 'reason'),
    payload: payloadOf(form),
  };
}

/** @throws FormInvalid */
function numberOf(form: FormData, label: string, name: string): number | undefined {
  const text = fieldOf(form, name);
  return text === undefined ? undefined : wholeNumber(label, text);
}

/** The payload that was typed: forms send line ends as CR LF. */
function payloadOf(form: FormData): NewAction['payload'] {
  const text = form.get('payload');
  if (typeof text !== 'string') return undefined;
  return { text: text.replaceAll('\r\n', '\n'), contentType: fieldOf(form, 'contentType') };
}
