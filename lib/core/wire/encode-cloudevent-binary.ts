import { JSON_TYPE } from '../base/media-type.ts';
import { formatClaimCheck } from '../model/claim-check.ts';
import type { Outcome } from '../model/outcome.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { cloudEventAttributes } from './encode-cloudevent.ts';
import { utf8Text } from './message-text.ts';

/** Data of an event in binary mode. */
interface BinaryData {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** Where the data is, if it isn't here. */
  readonly reference?: string;
}

/**
 * Writes an outcome as a CloudEvent 1.0 in binary mode: the body is the result's bytes, whatever they are.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#message
 */
export function encodeBinaryCloudEvent(outcome: Outcome, serviceName: string): OutputMessage {
  const { bytes, contentType, reference } = dataOf(outcome);
  const body = utf8Text(bytes);
  const all = {
    ...cloudEventAttributes(outcome, serviceName),
    datacontenttype: contentType,
    dataref: reference,
  };
  const cloudEvent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { body: body ?? '', attributes: {}, cloudEvent, ...(body === undefined && { bytes }) };
}

/** A problem has the type that it has in structured mode, too. */
function dataOf(outcome: Outcome): BinaryData {
  if (outcome.status !== 'succeeded') {
    return { bytes: Buffer.from(JSON.stringify(outcome.problem)), contentType: JSON_TYPE };
  }
  const { result } = outcome;
  if (!('check' in result)) return { bytes: new Uint8Array(result.bytes), contentType: result.contentType };
  return {
    bytes: new Uint8Array(),
    contentType: result.contentType,
    reference: formatClaimCheck(result.check),
  };
}
