import { html } from 'hono/html';
import { type Attempt, hasEnded, type RequestResource } from '../../client/index.ts';
import { formatBytes } from '../../terminal/format.ts';
import type { Content, Html } from './html.ts';
import { oneLine } from './text.ts';
import { durationOf, timeOf } from './time.ts';

/** A step in the story of a request. */
interface Step {
  readonly title: string;
  readonly at?: string;
  /** About the step itself, in short, beside its time. */
  readonly notes?: readonly (string | undefined)[];
  readonly detail?: Content;
  readonly tone?: 'good' | 'bad' | 'busy';
}

/** What happened to a request, in order of time, and what is still to come. */
export function storyOf(request: RequestResource, now: number): Html {
  return html`<ol class="story">${stepsOf(request).map(({ title, at, notes = [], detail, tone = '' }) => {
    const moments = [at && timeOf(at, now), ...notes.filter(Boolean)].filter(Boolean);
    const when = moments.map((moment, index) => html`${index > 0 && ' · '}${moment}`);
    return html`<li class="${tone}"><h3>${title}</h3>${when.length > 0 && html`<p class="when">${when}</p>`}${detail && html`<p>${detail}</p>`}</li>`;
  })}</ol>`;
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

/** The attempts that are known; of a record of an earlier version, their number and the latest error. */
function attemptSteps(request: RequestResource): Step[] {
  const { attempts, attemptHistory = [] } = request;
  const [first] = attemptHistory;
  if (!first) return attempts === 0 ? [] : unlistedSteps(request);
  const before = first.number - 1;
  return [
    ...(before > 0 ? [{ title: `${before} ${before === 1 ? 'attempt' : 'attempts'} before` }] : []),
    ...attemptHistory.flatMap((attempt) => [
      ...(attempt.redrive === undefined ? [] : [{ title: 'Redriven', at: attempt.startedAt }]),
      attemptStep(attempt, request),
    ]),
  ];
}

function attemptStep(attempt: Attempt, request: RequestResource): Step {
  const { number, startedAt: at, endedAt, error, uncounted, traceparent } = attempt;
  const title = `Attempt ${number}`;
  const took = durationOf(at, endedAt);
  const notes = [
    took && `took ${took}`,
    versionOf(attempt),
    traceparent && `trace ${traceparent.split('-')[1]}`,
  ];
  if (endedAt === undefined && isRunning(request) && attempt === request.attemptHistory?.at(-1)) {
    return { title: `${title} is running`, at, notes, detail: progressOf(request), tone: 'busy' };
  }
  if (endedAt === undefined) {
    const detail = 'It ended without reporting: crash, out of memory or timeout';
    return { title: `${title} never reported its end`, at, notes, detail, tone: 'bad' };
  }
  return {
    title: `${title}${error ? ' failed' : ''}${uncounted ? ', not counted' : ''}`,
    at,
    notes,
    detail: error && oneLine(`${error.code}: ${error.message}`),
    ...(error && { tone: 'bad' as const }),
  };
}

function unlistedSteps(request: RequestResource): Step[] {
  const { attempts, lastError } = request;
  const title = `Attempt ${attempts}`;
  const notes = [versionOf(request)];
  const failed = (step: Step): Step[] =>
    lastError
      ? [
          {
            ...step,
            detail: oneLine(`${lastError.code ?? lastError.name}: ${lastError.message}`),
            tone: 'bad',
          },
        ]
      : [];
  if (!isRunning(request)) {
    return lastError ? failed({ title: `${title} failed`, notes }) : [{ title, notes }];
  }
  return [
    ...failed({ title: 'The attempt before failed' }),
    { title: `${title} is running`, notes, detail: progressOf(request), tone: 'busy' },
  ];
}

function progressOf({ progress }: RequestResource): string | undefined {
  return progress && oneLine(`${Math.floor(progress.fraction * 100)}% ${progress.note ?? ''}`.trimEnd());
}

function versionOf({ handlerVersion }: Pick<Attempt, 'handlerVersion'>): string | undefined {
  return handlerVersion === undefined ? undefined : `version ${oneLine(handlerVersion)}`;
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
