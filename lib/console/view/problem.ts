import { html } from 'hono/html';
import { ApiError, CoatcheckError, ConnectionFailed, NotAuthorized } from '../../client/index.ts';
import type { View } from '../parts.ts';
import type { Html } from './html.ts';
import { manyLines } from './text.ts';

/** The view of an error of a call. @throws the error if it is no answer of the service */
export function problemView(error: unknown, remedy: (status: number) => string = () => ''): View {
  if (error instanceof ConnectionFailed) {
    const text = `${error.message}. This page tries again every few seconds.`;
    return {
      title: 'No answer',
      status: 503,
      live: true,
      main: problemOf('The service does not answer', text),
    };
  }
  if (error instanceof ApiError) {
    const { detail = '', code, status } = error.problem;
    const title = isUnavailable(error) ? 'Not available on this service' : error.problem.title;
    const help = error instanceof NotAuthorized ? remedy(status) : '';
    const main = problemOf(title, [detail, help].filter(Boolean).join('\n'), `${status} ${code}`);
    return { title, main, status: statusFor(status), live: status >= 429 };
  }
  if (error instanceof FormInvalid) {
    return {
      title: 'Nothing was changed',
      status: 422,
      main: problemOf('Nothing was changed', error.message),
    };
  }
  if (error instanceof CoatcheckError) {
    return {
      title: 'Unexpected answer',
      status: 502,
      main: problemOf('Unexpected answer', error.message, error.code),
    };
  }
  throw error;
}

/** A problem as a page shows it. */
export function problemOf(title: string, detail: string, code?: string): Html {
  return html`<section class="problem" data-problem><h1>${manyLines(title)}</h1>
<p class="text">${manyLines(detail)}</p>${code && html`<p class="code">${code}</p>`}</section>`;
}

/** What a page without a session shows: signing in is no problem. */
export function introOf(title: string, detail: string): Html {
  return html`<h1>${manyLines(title)}</h1>
<p class="text">${manyLines(detail)}</p>`;
}

/** A form that can't be used as it was filled in. */
export class FormInvalid extends CoatcheckError {
  override readonly name = 'FormInvalid';
  readonly code = 'form_invalid';
}

/** Whether a service lacks a resource: an older version, or a host without it. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  // API Gateway answers 404 in its own form to routes that aren't there.
  return ['path_unknown', 'http_404', 'webhook_endpoints_off', 'ledger_off'].includes(error.code);
}

/** Says that a service has no such resource. @param plural what, such as `Schedules` @param remedy how it gets them */
export function unavailable(plural: string, remedy = ''): Html {
  return html`<p class="unavailable">${plural} are not available on this service. ${remedy}</p>`;
}

/** Gets a resource; undefined if the service has no such resource. */
export async function ifAvailable<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** Gets what a page can do without; undefined also if the caller may not see it. */
export async function ifPermitted<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ifAvailable(call);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

/** Makes an error that is an answer of the service a value. @throws the error if it isn't */
export function answerOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}

function statusFor(status: number): View['status'] {
  if (status === 404) return 404;
  return status >= 500 || status === 429 ? 503 : 422;
}
