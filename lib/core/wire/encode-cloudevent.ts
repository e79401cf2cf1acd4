import { isJson } from '../base/json.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import { formatClaimCheck } from '../model/claim-check.ts';
import { eventTypeOf, sourceOf } from '../model/event-names.ts';
import { type Outcome, outcomeId } from '../model/outcome.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { type DataMember, inlineMember } from './cloudevent-data.ts';
import { messageJson } from './message-text.ts';

/**
 * Writes an outcome as a CloudEvent 1.0 in structured JSON.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function encodeCloudEvent(outcome: Outcome, serviceName: string): OutputMessage {
  const [datacontenttype, [name, json]] = dataOf(outcome);
  const attributes = JSON.stringify({
    specversion: '1.0',
    id: outcomeId(outcome),
    source: sourceOf(serviceName),
    type: eventTypeOf(outcome),
    subject: outcome.request.id,
    time: new Date(outcome.endedAt).toISOString(),
    requestsource: outcome.request.source || undefined,
    tenant: outcome.request.tenant,
    traceparent: outcome.traceparent,
    tracestate: outcome.tracestate,
    datacontenttype,
  });
  // The result's JSON is put in as it is: parsing it would round long numbers.
  return { body: messageJson(`${attributes.slice(0, -1)},"${name}":${json}}`), attributes: {} };
}

function dataOf(outcome: Outcome): readonly [contentType: string, member: DataMember] {
  // A problem has a type of its own, and the SDK for Go reads an object as data only of application/json.
  if (outcome.status !== 'succeeded') return [JSON_TYPE, ['data', JSON.stringify(outcome.problem)]];
  const { result } = outcome;
  if ('check' in result) {
    return [result.contentType, ['dataref', JSON.stringify(formatClaimCheck(result.check))]];
  }
  return [result.contentType, inlineMember(result, isJson)];
}
