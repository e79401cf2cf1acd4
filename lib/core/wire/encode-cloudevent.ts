import { isJson } from '../base/json.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import { formatClaimCheck } from '../model/claim-check.ts';
import { eventTypeOf, sourceOf } from '../model/event-names.ts';
import { type Outcome, outcomeId } from '../model/outcome.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { type DataMember, inlineMember } from './cloudevent-data.ts';
import { messageJson } from './message-text.ts';
import { labelsOf } from './outcome-labels.ts';

/** The media type of an event in structured JSON. The bindings want it beside the body, where there is a place. */
const STRUCTURED_TYPE = 'application/cloudevents+json';

/**
 * Writes an outcome as a CloudEvent 1.0 in structured JSON.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function encodeCloudEvent(outcome: Outcome, serviceName: string): OutputMessage {
  const [datacontenttype, [name, json]] = dataOf(outcome);
  const attributes = JSON.stringify({ ...cloudEventAttributes(outcome, serviceName), datacontenttype });
  // The result's JSON is inserted unchanged: parsing it would round long numbers.
  const body = messageJson(`${attributes.slice(0, -1)},"${name}":${json}}`);
  return { body, attributes: {}, labels: labelsOf(outcome), mediaType: STRUCTURED_TYPE };
}

/** The attributes of an outcome's event that don't depend on its data; undefined where the request has none. */
export function cloudEventAttributes(
  outcome: Outcome,
  serviceName: string,
): Readonly<Record<string, string | undefined>> {
  return {
    specversion: '1.0',
    id: outcomeId(outcome),
    source: sourceOf(serviceName),
    type: eventTypeOf(outcome),
    subject: outcome.request.id,
    time: new Date(outcome.endedAt).toISOString(),
    requestsource: outcome.request.source || undefined,
    tenant: outcome.request.tenant,
    topic: outcome.topic,
    traceparent: outcome.traceparent,
    tracestate: outcome.tracestate,
  };
}

function dataOf(outcome: Outcome): readonly [contentType: string, member: DataMember] {
  // Not application/problem+json: the SDK for Go reads an object as data only if the type is application/json.
  if (outcome.status !== 'succeeded') return [JSON_TYPE, ['data', JSON.stringify(outcome.problem)]];
  const { result } = outcome;
  if ('check' in result) {
    return [result.contentType, ['dataref', JSON.stringify(formatClaimCheck(result.check))]];
  }
  return [result.contentType, inlineMember(result, isJson)];
}
