import { html } from 'hono/html';
import { hasEnded, type RequestResource } from '../../client/index.ts';
import { formatBytes } from '../../terminal/format.ts';
import type { Content, Html } from './html.ts';
import { oneLine } from './text.ts';
import { durationOf, timeOf } from './time.ts';

/** A step in the story of a request. */
interface Step {
  readonly title: string;
  readonly at?: string;
  readonly detail?: Content;
  readonly tone?: 'good' | 'bad' | 'busy';
}

/** What happened to a request, in order of time, and what is still to come. */
export function storyOf(request: RequestResource, now: number): Html {
  return html`<ol class="story">${stepsOf(request).map(
    ({ title, at, detail, tone = '' }) =>
      html`<li class="${tone}"><h3>${title}</h3>${at && html`<p class="when">${timeOf(at, now)}</p>`}${detail && html`<p>${detail}</p>`}</li>`,
  )}</ol>`;
}

function stepsOf(request: RequestResource): Step[] {
  const ended = hasEnded(request);
  return [
    {
      title: request.status === 'awaiting_upload' ? 'Announced, payload not uploaded yet' : 'Submitted',
      at: request.createdAt,
    },
    ...(request.notBefore ? [{ title: 'Starts no earlier than', at: request.notBefore }] : []),
    ...attemptSteps(request),
    ...waitSteps(request),
    ...(ended ? [endStep(request)] : deadlineSteps(request)),
    ...webhookSteps(request),
  ];
}

/** Whether an attempt is running. */
function isRunning({ status }: RequestResource): boolean {
  return status === 'running' || status === 'cancelling';
}

/** The API states the number of attempts and the latest error. */
function attemptSteps(request: RequestResource): Step[] {
  const { attempts, lastError, handlerVersion, progress, why } = request;
  if (attempts === 0) return [];
  const by = handlerVersion === undefined ? '' : `, version ${oneLine(handlerVersion)}`;
  const failed = (title: string): Step[] =>
    lastError
      ? [{ title, detail: oneLine(`${lastError.code ?? lastError.name}: ${lastError.message}`), tone: 'bad' }]
      : [];
  if (!isRunning(request)) {
    return lastError ? failed(`Attempt ${attempts} failed${by}`) : [{ title: `Attempt ${attempts}${by}` }];
  }
  const reached = progress && `${Math.floor(progress.fraction * 100)} % ${progress.note ?? ''}`.trimEnd();
  const detail = [reached, why].filter((text) => text !== undefined).join(', ');
  return [
    ...failed('The attempt before failed'),
    { title: `Attempt ${attempts} is running${by}`, detail: oneLine(detail), tone: 'busy' },
  ];
}

/** What comes next, while it waits. */
function waitSteps(request: RequestResource): Step[] {
  const { why } = request;
  if (hasEnded(request) || isRunning(request) || why === undefined) return [];
  return [{ title: 'Waits', detail: oneLine(why), tone: 'busy' }];
}

function endStep({ status, endedAt, createdAt, result, problem, lastError }: RequestResource): Step {
  const after = durationOf(createdAt, endedAt);
  // The step before has the error of the last attempt.
  const isExplained = problem?.code === 'attempts_exhausted' && lastError !== undefined;
  const outcome = result
    ? `${formatBytes(result.size)} ${oneLine(result.contentType)}`
    : problem && oneLine(isExplained ? problem.code : `${problem.code}: ${problem.detail}`);
  return {
    title: `${status.charAt(0).toUpperCase()}${status.slice(1)}${after === undefined ? '' : `, ${after} after it was submitted`}`,
    at: endedAt,
    detail: outcome,
    tone: status === 'succeeded' ? 'good' : 'bad',
  };
}

function deadlineSteps({ expiresAt }: RequestResource): Step[] {
  return expiresAt === undefined ? [] : [{ title: 'Expires unless it has started by then', at: expiresAt }];
}

function webhookSteps({ webhook }: RequestResource): Step[] {
  if (!webhook) return [];
  const { status, at, attempts, reason, nextAttemptAt } = webhook;
  const tone = status === 'delivered' ? 'good' : status === 'pending' ? 'busy' : 'bad';
  return [
    {
      title: `Webhook ${status.replaceAll('_', ' ')}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
      at,
      detail: reason === undefined ? undefined : oneLine(reason),
      tone,
    },
    ...(nextAttemptAt ? [{ title: 'Next attempt of the webhook', at: nextAttemptAt }] : []),
  ];
}
