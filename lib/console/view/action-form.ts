import { html } from 'hono/html';
import type { Content, Html } from './html.ts';
import { NOTHING } from './html.ts';
import { FormInvalid } from './problem.ts';

/** A form that changes something. */
export interface ActionForm {
  /** Path that the form is sent to. */
  readonly action: string;
  readonly button: string;
  readonly tone?: 'danger';
  /** Inputs above the button. */
  readonly inputs?: Content;
  readonly hidden?: Readonly<Record<string, string>>;
}

/** A form with one button; nothing for a caller that may not act. */
export function actionForm(
  mayAct: boolean,
  { action, button, tone = undefined, inputs, hidden = {} }: ActionForm,
): Html {
  if (!mayAct) return NOTHING;
  return html`<form method="post" action="${action}" class="action">${Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}${inputs}<button class="${tone ?? ''}">${button}</button></form>`;
}

/** A text of a form or a query, without spaces around it; undefined if it is empty or absent. */
export function fieldOf(form: FormData | URLSearchParams, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** The number that was typed. @param name of its field @throws FormInvalid */
export function wholeNumber(name: string, text: string): number {
  const digits = text.replaceAll(',', '');
  if (/^\d{1,9}$/.test(digits)) return Number(digits);
  throw new FormInvalid(`${name} must be a whole number, such as 20, got ${text}`);
}
