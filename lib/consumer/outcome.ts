import { EnvelopeMalformed } from '../core/base/errors.ts';
import { memberTexts } from '../core/base/json.ts';
import { isObject, type JsonObject } from '../core/base/json-object.ts';
import { isJsonType } from '../core/base/media-type.ts';
import { quote } from '../core/base/quote.ts';
import { readTraceContext, type TraceContext } from '../core/base/traceparent.ts';
import { parseClaimCheck } from '../core/model/claim-check.ts';
import { CHUNK_EVENT_TYPE } from '../core/model/event-names.ts';
import type { Problem } from '../core/model/outcome.ts';
import { readOptionalText, readRequiredText } from '../core/wire/fields.ts';
import { OutcomeResult, type ResultObjects } from './outcome-result.ts';

/** The outcome of a request, from a message of the output queue. */
export type ReceivedOutcome = OutcomeFacts &
  (
    | { readonly status: 'succeeded'; readonly result: OutcomeResult }
    | { readonly status: 'failed' | 'cancelled' | 'expired'; readonly problem: Problem }
  );

/** Members of every outcome. */
export interface OutcomeFacts extends TraceContext {
  /** Stays the same if the outcome is published again. */
  readonly id: string;
  /** The ticket. */
  readonly requestId: string;
  /** Source of the request, if it came as a CloudEvent. */
  readonly source?: string;
  readonly tenant?: string;
  /** The topic of the request. */
  readonly topic?: string;
  /** The service that processed it: `source` of the outcome's event. */
  readonly service: string;
  /** When the request ended, in RFC 3339. */
  readonly time?: string;
}

const ENVELOPE = "an outcome's CloudEvent";

/**
 * Decodes an outcome from the body of its message.
 * @param objects store of results that aren't in the message
 * @throws EnvelopeMalformed for any other message
 */
export function readOutcome(body: string, objects: ResultObjects): ReceivedOutcome {
  const event = parsed(body);
  if (event.specversion !== '1.0') {
    throw new EnvelopeMalformed(ENVELOPE, `specversion must be "1.0", got ${quote(event.specversion)}`);
  }
  const facts: OutcomeFacts = {
    id: readRequiredText(ENVELOPE, event, 'id'),
    requestId: readRequiredText(ENVELOPE, event, 'subject'),
    source: readOptionalText(ENVELOPE, event, 'requestsource'),
    tenant: readOptionalText(ENVELOPE, event, 'tenant'),
    topic: readOptionalText(ENVELOPE, event, 'topic'),
    service: readRequiredText(ENVELOPE, event, 'source'),
    time: readOptionalText(ENVELOPE, event, 'time'),
    ...readTraceContext(event),
  };
  const type = readRequiredText(ENVELOPE, event, 'type');
  switch (type) {
    case 'coatcheck.request.succeeded':
      return { ...facts, status: 'succeeded', result: resultOf(event, body, objects) };
    case 'coatcheck.request.failed':
      return { ...facts, status: 'failed', problem: problemOf(event) };
    case 'coatcheck.request.cancelled':
      return { ...facts, status: 'cancelled', problem: problemOf(event) };
    case 'coatcheck.request.expired':
      return { ...facts, status: 'expired', problem: problemOf(event) };
    default:
      throw new EnvelopeMalformed(ENVELOPE, `type must be coatcheck.request.STATUS, got ${quote(type)}`);
  }
}

/**
 * Whether a message is a part of a result, which the format `cloudevents-stream` publishes before the outcome.
 * @throws EnvelopeMalformed
 */
export function isChunk(body: string): boolean {
  // Most outcomes needn't be parsed twice.
  return body.includes(CHUNK_EVENT_TYPE) && parsed(body).type === CHUNK_EVENT_TYPE;
}

function parsed(body: string): JsonObject {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    throw new EnvelopeMalformed(ENVELOPE, `it must be JSON, got ${quote(body)}`);
  }
  if (!isObject(event)) throw new EnvelopeMalformed(ENVELOPE, `it must be an object, got ${quote(event)}`);
  return event;
}

function resultOf(event: JsonObject, body: string, objects: ResultObjects): OutcomeResult {
  const contentType = readRequiredText(ENVELOPE, event, 'datacontenttype');
  const inline = (content: string | Uint8Array) =>
    new OutcomeResult(contentType, Buffer.from(content), objects);
  if (event.data !== undefined) {
    // JSON as it was written; parsing and serializing would round long numbers.
    const isText = typeof event.data === 'string' && !isJsonType(contentType);
    return inline(
      isText ? String(event.data) : (memberTexts(body).get('data') ?? JSON.stringify(event.data)),
    );
  }
  const base64 = readOptionalText(ENVELOPE, event, 'data_base64');
  if (base64 !== undefined) return inline(Buffer.from(base64, 'base64'));
  return new OutcomeResult(
    contentType,
    parseClaimCheck(readRequiredText(ENVELOPE, event, 'dataref')),
    objects,
  );
}

function problemOf({ data }: JsonObject): Problem {
  if (!isProblem(data)) throw new EnvelopeMalformed(ENVELOPE, `data must be a problem, got ${quote(data)}`);
  return data;
}

function isProblem(value: unknown): value is Problem {
  return isObject(value) && typeof value.code === 'string' && typeof value.detail === 'string';
}
