import { EnvelopeMalformed } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { readTraceContext, type TraceContext } from '../base/traceparent.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import { ENDPOINT_TEST_TYPE, eventTypeOf } from '../model/event-names.ts';
import { type Outcome, outcomeId } from '../model/outcome.ts';
import { digestOf, identityDigest, type RequestIdentity } from '../model/request-id.ts';
import { linksOf } from '../model/request-links.ts';
import type { Progress, RecordedRequest } from '../model/request-record.ts';
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { readRequiredText } from '../wire/fields.ts';
import { messageJson, withoutPlaceholders } from '../wire/message-text.ts';
import type { Recipient } from './recipient.ts';

/** The event a webhook reports, and the request it is about. */
export interface WebhookSubject {
  /** The CloudEvent type, such as `coatcheck.request.succeeded`. */
  readonly type: string;
  /** The request; the tenant and the id of the endpoint, if it tests one. */
  readonly request: RequestIdentity;
  /** When the event happened, in milliseconds since 1970. */
  readonly at: number;
}

/** A webhook delivery to make. */
export interface WebhookMessage extends TraceContext {
  readonly url: string;
  /** The id of the endpoint that it goes to, which belongs to the tenant of the request; absent for other URLs. */
  readonly endpoint?: string;
  /** The webhook id: the same for every attempt, different for every outcome and endpoint. */
  readonly id: string;
  /** The number of the next attempt, from 1. */
  readonly attempt: number;
  readonly subject: WebhookSubject;
  /** The body sent to the receiver, the same for every attempt. */
  readonly body: string;
}

/**
 * Most characters of a host that are used to group messages.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html
 */
const HOST_MAX_LENGTH = 128;

/** Progress and tests older than this are not delivered. */
const PASSING_AGE_MILLISECONDS = 60_000;

const ENVELOPE = 'webhook message';

const PROGRESS_TYPE = eventTypeOf({ status: 'progress' });

/** The service in the ids of webhooks: that of the API, which sends webhooks again. */
export function webhookService({
  frontServiceName,
  serviceName,
}: Pick<EngineSettings, 'frontServiceName' | 'serviceName'>): string {
  return frontServiceName || serviceName;
}

/** The first delivery attempt of an outcome. */
export function webhookOf(outcome: Outcome, recipient: Recipient, serviceName: string): WebhookMessage {
  const id = webhookId(recipient, serviceName, outcomeId(outcome));
  const { request, endedAt: at, traceparent, tracestate } = outcome;
  const subject = { type: eventTypeOf(outcome), request: identityOf(request), at };
  return { ...recipient, id, attempt: 1, traceparent, tracestate, subject, body: bodyOf(outcome) };
}

/** The first delivery attempt of a progress report. @param at milliseconds since 1970 */
export function progressWebhookOf(
  request: RecordedRequest,
  progress: Progress,
  at: number,
  recipient: Recipient,
  serviceName: string,
): WebhookMessage {
  const { traceparent, tracestate } = request;
  const id = webhookId(recipient, serviceName, identityDigest('progress', request), String(at));
  const subject = { type: PROGRESS_TYPE, request: identityOf(request), at };
  const body = JSON.stringify({
    type: PROGRESS_TYPE,
    timestamp: new Date(at).toISOString(),
    data: {
      ...aboutRequest(request, request),
      status: 'running',
      progress,
      links: { self: linksOf(request.id, request.source).self },
    },
  });
  return { ...recipient, id, attempt: 1, traceparent, tracestate, subject, body };
}

/** The first delivery attempt of a test of an endpoint. @param at milliseconds since 1970 */
export function testWebhookOf(
  { url, id: endpoint }: Pick<WebhookEndpoint, 'url' | 'id'>,
  tenant: string | undefined,
  at: number,
): WebhookMessage {
  const id = endpointWebhookId(endpoint, 'test', String(at));
  const request = identityOf({ id: endpoint, source: '', tenant });
  const body = JSON.stringify({
    type: ENDPOINT_TEST_TYPE,
    timestamp: new Date(at).toISOString(),
    data: { endpoint, tenant },
  });
  return { url, endpoint, id, attempt: 1, subject: { type: ENDPOINT_TEST_TYPE, request, at }, body };
}

/** Whether a webhook is no longer worth delivering. @param now milliseconds since 1970 */
export function isOutOfDate(subject: WebhookSubject, now: number): boolean {
  return isPassing(subject) && now - subject.at > PASSING_AGE_MILLISECONDS;
}

/** Whether a webhook is soon out of date: it reports progress or is a test, not an outcome. */
export function isPassing({ type }: Pick<WebhookSubject, 'type'>): boolean {
  return type === PROGRESS_TYPE || type === ENDPOINT_TEST_TYPE;
}

/** A delivery as a message of the webhook queue, grouped by host so that a slow receiver doesn't delay others. */
export function queuedWebhook(message: WebhookMessage): OutputMessage {
  return { body: encodeWebhook(message), attributes: {}, group: hostOf(message) };
}

/** Encodes a delivery as a message of a queue, or of EventBridge Scheduler. */
export function encodeWebhook(message: WebhookMessage): string {
  const { url, endpoint, id, attempt, traceparent, tracestate, subject, body } = message;
  const json = JSON.stringify({ url, endpoint, id, attempt, traceparent, tracestate, subject, body });
  return withoutPlaceholders(messageJson(json));
}

/**
 * Decodes what {@link encodeWebhook} wrote. EventBridge Scheduler dead-letters a message it couldn't send inside the
 * call it would have made, so that is decoded as well.
 * @throws EnvelopeMalformed
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
 */
export function decodeWebhook(text: string): WebhookMessage {
  const value = parseJson(text, 'The message', 4);
  if (isObject(value) && typeof value.MessageBody === 'string') return decodeWebhook(value.MessageBody);
  if (!isObject(value) || !Number.isSafeInteger(value.attempt)) {
    throw new EnvelopeMalformed(ENVELOPE, 'expected an object with an integer "attempt"');
  }
  return {
    url: readRequiredText(ENVELOPE, value, 'url'),
    ...(typeof value.endpoint === 'string' && { endpoint: value.endpoint }),
    id: readRequiredText(ENVELOPE, value, 'id'),
    attempt: Number(value.attempt),
    ...readTraceContext(value),
    subject: decodeSubject(value.subject),
    body: readRequiredText(ENVELOPE, value, 'body'),
  };
}

function decodeSubject(value: unknown): WebhookSubject {
  if (!isObject(value) || !isObject(value.request) || typeof value.at !== 'number') {
    throw new EnvelopeMalformed(ENVELOPE, 'expected a "subject" with a type, a request and a numeric "at"');
  }
  const { source, tenant } = value.request;
  return {
    type: readRequiredText(ENVELOPE, value, 'type'),
    request: {
      id: readRequiredText(ENVELOPE, value.request, 'id'),
      source: typeof source === 'string' ? source : '',
      ...(typeof tenant === 'string' && { tenant }),
    },
    at: value.at,
  };
}

/** The host and port of a delivery's URL, cut to what a message group takes. */
export function hostOf({ url }: Pick<WebhookMessage, 'url'>): string {
  // A malformed URL fails later, when it is called.
  return (URL.parse(url)?.host || 'unknown').slice(0, HOST_MAX_LENGTH);
}

/** The body is small whatever the result is: it links to the result and leaves out the details of a problem. */
function bodyOf(outcome: Outcome): string {
  const { request, status, endedAt } = outcome;
  const { self, result } = linksOf(request.id, request.source);
  return JSON.stringify({
    type: eventTypeOf(outcome),
    timestamp: new Date(endedAt).toISOString(),
    data: {
      ...aboutRequest(request, outcome),
      status,
      ...endOf(outcome),
      links: status === 'succeeded' ? { self, result } : { self },
    },
  });
}

/**
 * The service is part of the id: one receiver may serve several services, whose request ids may be equal. An endpoint belongs
 * to one service, and gets the outcomes of all its processors.
 */
function webhookId({ endpoint }: Recipient, serviceName: string, ...about: readonly string[]): string {
  if (endpoint === undefined) return digestOf('webhook', serviceName, ...about);
  return endpointWebhookId(endpoint, ...about);
}

function endpointWebhookId(endpoint: string, ...about: readonly string[]): string {
  return digestOf('endpoint webhook', endpoint, ...about);
}

/** The identity without what a record or an outcome adds to it. */
function identityOf({ id, source, tenant }: RequestIdentity): RequestIdentity {
  return { id, source, ...(tenant !== undefined && { tenant }) };
}

function aboutRequest(
  { id, source, tenant }: RequestIdentity,
  { topic, traceparent }: Pick<Outcome, 'topic' | 'traceparent'>,
) {
  return { id, source: source || undefined, tenant, topic, traceparent };
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
