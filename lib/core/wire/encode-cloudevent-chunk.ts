import type { DecodedRequest } from '../model/decoded-request.ts';
import { CHUNK_EVENT_TYPE, sourceOf } from '../model/event-names.ts';
import { identityDigest } from '../model/request-id.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { messageJson } from './message-text.ts';
import { labelsOf } from './outcome-labels.ts';

/** A part of a result, published while the result is produced. */
export interface ResultChunk {
  /** Text if the result is text, so that no character is split. */
  readonly data: string | Uint8Array;
  /** The content type of the whole result. */
  readonly contentType: string;
  /** The number of the attempt that produces it, from 1. */
  readonly attempt: number;
  /** Its place in the result of that attempt, from 1. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Digits of a sequence number: consumers compare it as text. @see https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md */
const SEQUENCE_DIGITS = 10;

/** Writes a part of a result as a CloudEvent 1.0 in structured JSON. */
export function encodeCloudEventChunk(
  { data, contentType, attempt, sequence, time }: ResultChunk,
  request: DecodedRequest,
  serviceName: string,
): OutputMessage {
  const event = {
    specversion: '1.0',
    id: identityDigest(`chunk ${attempt} ${sequence}`, request),
    source: sourceOf(serviceName),
    type: CHUNK_EVENT_TYPE,
    subject: request.id,
    time: new Date(time).toISOString(),
    requestsource: request.source || undefined,
    tenant: request.tenant,
    topic: request.topic,
    traceparent: request.traceparent,
    tracestate: request.tracestate,
    attempt,
    sequence: String(sequence).padStart(SEQUENCE_DIGITS, '0'),
    datacontenttype: contentType,
    ...(typeof data === 'string' ? { data } : { data_base64: Buffer.from(data).toString('base64') }),
  };
  // Consumers of successes want the parts of a result, and consumers of failures don't.
  const labels = labelsOf({ request, status: 'succeeded', topic: request.topic });
  return { body: messageJson(JSON.stringify(event)), attributes: {}, labels };
}
