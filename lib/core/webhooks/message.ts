import { EnvelopeMalformed } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { readTraceContext, type TraceContext } from '../base/traceparent.ts';
import { eventTypeOf } from '../model/event-names.ts';
import { type Outcome, outcomeId } from '../model/outcome.ts';
import { digestOf, identityDigest, type RequestIdentity } from '../model/request-id.ts';
import { linksOf } from '../model/request-links.ts';
import type { Progress, RecordedRequest } from '../model/request-record.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { requiredText } from '../wire/fields.ts';
import { messageJson } from '../wire/message-text.ts';

/** A delivery that is to be made. */
export interface WebhookMessage extends TraceContext {
  readonly url: string;
  /** The same for every attempt, another for every other outcome. */
  readonly id: string;
  /** Which attempt is next, from 1. */
  readonly attempt: number;
  /** What is sent, the same for every attempt. */
  readonly body: string;
}

/**
 * Longest host that is told apart, in characters.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html
 */
const HOST_MAX_LENGTH = 128;

/** What comes after it says more. */
const PROGRESS_AGE_MILLISECONDS = 60_000;

const ENVELOPE = 'webhook message';

/** The first attempt at telling an outcome. */
export function webhookOf(outcome: Outcome, url: string, serviceName: string): WebhookMessage {
  // A receiver may serve several services, and those know nothing of each other's requests.
  const id = digestOf('webhook', serviceName, outcomeId(outcome));
  const { traceparent, tracestate } = outcome;
  return { url, id, attempt: 1, traceparent, tracestate, body: bodyOf(outcome) };
}

/** The first attempt at telling how far a request is. @param at milliseconds since 1970 */
export function progressWebhookOf(
  request: RecordedRequest,
  progress: Progress,
  at: number,
  url: string,
  serviceName: string,
): WebhookMessage {
  const { traceparent, tracestate } = request;
  const id = digestOf('webhook', serviceName, identityDigest('progress', request), String(at));
  const body = JSON.stringify({
    type: eventTypeOf({ status: 'progress' }),
    timestamp: new Date(at).toISOString(),
    data: {
      ...aboutRequest(request, traceparent),
      status: 'running',
      progress,
      links: { self: linksOf(request.id, request.source).self },
    },
  });
  return { url, id, attempt: 1, traceparent, tracestate, body };
}

/** Whether nobody wants to be told of it any more: progress that is a minute old. @param at milliseconds since 1970 */
export function isOutOfDate({ type, at: happenedAt }: Told, at: number): boolean {
  return isProgress({ type }) && at - happenedAt > PROGRESS_AGE_MILLISECONDS;
}

/** Whether it tells of no outcome. */
export function isProgress({ type }: Pick<Told, 'type'>): boolean {
  return type === eventTypeOf({ status: 'progress' });
}

/** A delivery as the engine's queue of them takes it: a receiver that takes its time is to hold up no other. */
export function queuedWebhook(message: WebhookMessage): OutputMessage {
  return { body: encodeWebhook(message), attributes: {}, group: hostOf(message) };
}

/**
 * A delivery as a message of its queue. It holds no `<`: EventBridge Scheduler puts the ARN of the schedule in place of
 * `<aws.scheduler.schedule-arn>`, whoever wrote that.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function encodeWebhook({ url, id, attempt, traceparent, tracestate, body }: WebhookMessage): string {
  const json = messageJson(JSON.stringify({ url, id, attempt, traceparent, tracestate, body }));
  return json.replaceAll('<', '\\u003c');
}

/**
 * Reads what {@link encodeWebhook} wrote, also as EventBridge Scheduler leaves it where it couldn't send it: in the call
 * it would have made.
 * @throws EnvelopeMalformed
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
 */
export function decodeWebhook(text: string): WebhookMessage {
  const value = parseJson(text, 'The message', 2);
  if (isObject(value) && typeof value.MessageBody === 'string') return decodeWebhook(value.MessageBody);
  if (!isObject(value) || !Number.isSafeInteger(value.attempt)) {
    throw new EnvelopeMalformed(ENVELOPE, 'it must be an object with a whole number as attempt');
  }
  return {
    url: requiredText(ENVELOPE, value, 'url'),
    id: requiredText(ENVELOPE, value, 'id'),
    attempt: Number(value.attempt),
    ...readTraceContext(value),
    body: requiredText(ENVELOPE, value, 'body'),
  };
}

/** Whom a delivery is for: the host and port of its URL, as far as a queue tells them apart. */
export function hostOf({ url }: Pick<WebhookMessage, 'url'>): string {
  // Whoever gets a message with a URL that is none fails to call it.
  return (URL.parse(url)?.host || 'unknown').slice(0, HOST_MAX_LENGTH);
}

/** What a delivery tells of, and of whom. */
export interface Told {
  /** `coatcheck.request.succeeded` */
  readonly type: string;
  readonly request: RequestIdentity;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Reads from a delivery's body what it tells of.
 * @throws EnvelopeMalformed
 */
export function subjectOf({ body }: Pick<WebhookMessage, 'body'>): Told {
  const value = parseJson(body, 'The body', 16);
  const data = isObject(value) ? value.data : undefined;
  if (!isObject(value) || !isObject(data)) throw new EnvelopeMalformed(ENVELOPE, 'its body must have data');
  const { source, tenant } = data;
  return {
    type: requiredText(ENVELOPE, value, 'type'),
    request: {
      id: requiredText(ENVELOPE, data, 'id'),
      source: typeof source === 'string' ? source : '',
      tenant: typeof tenant === 'string' ? tenant : undefined,
    },
    at: Date.parse(requiredText(ENVELOPE, value, 'timestamp')),
  };
}

/** Small, whatever the result is: that is referred to, and so is what a handler added to its problem. */
function bodyOf(outcome: Outcome): string {
  const { request, status, endedAt } = outcome;
  const { self, result } = linksOf(request.id, request.source);
  return JSON.stringify({
    type: eventTypeOf(outcome),
    timestamp: new Date(endedAt).toISOString(),
    data: {
      ...aboutRequest(request, outcome.traceparent),
      status,
      ...endOf(outcome),
      links: status === 'succeeded' ? { self, result } : { self },
    },
  });
}

function aboutRequest({ id, source, tenant }: RequestIdentity, traceparent: string | undefined) {
  return { id, source: source || undefined, tenant, traceparent };
}

function endOf(outcome: Outcome) {
  if (outcome.status !== 'succeeded') {
    const { details: _, ...problem } = outcome.problem;
    return { problem };
  }
  const { result } = outcome;
  const size = 'check' in result ? result.size : result.bytes.byteLength;
  return { result: { size, contentType: result.contentType } };
}
