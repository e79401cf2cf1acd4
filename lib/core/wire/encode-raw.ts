import { PROBLEM_TYPE } from '../base/media-type.ts';
import { formatClaimCheck } from '../model/claim-check.ts';
import type { Outcome } from '../model/outcome.ts';
import type { MessageAttribute } from '../model/received-message.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { ATTRIBUTES } from './attributes.ts';
import { encodePointer } from './extended-client.ts';
import { isMessageText, messageJson, utf8Text } from './message-text.ts';

/** The location of a stored result that isn't text. The body holds it, too. */
const REFERENCE_ATTRIBUTE = 'DataRef';

/**
 * Encodes an outcome as the result's bytes, with everything else in message attributes. A stored result becomes a pointer
 * of the Amazon SQS Extended Client Library, whose consumers read it as if it were inline. If it isn't known to be text,
 * it becomes a reference instead: the library for Java would change other bytes, and the one for Python would fail for
 * all messages of the receive.
 * @returns undefined if the bytes of an inline result can't be a message body
 */
export function encodeRaw(outcome: Outcome): OutputMessage | undefined {
  if (outcome.status !== 'succeeded') {
    return message(outcome, PROBLEM_TYPE, messageJson(JSON.stringify(outcome.problem)));
  }
  const { result } = outcome;
  if ('check' in result) return result.isText ? pointer(outcome, result) : reference(outcome, result);
  const text = utf8Text(result.bytes);
  return text !== undefined && isMessageText(text) ? message(outcome, result.contentType, text) : undefined;
}

function pointer(outcome: Outcome, { check, size, contentType }: StoredResult): OutputMessage {
  const { body, attributes } = encodePointer(check, size);
  return message(outcome, contentType, body, attributes);
}

function reference(outcome: Outcome, { check, contentType }: StoredResult): OutputMessage {
  const where = formatClaimCheck(check);
  return message(outcome, contentType, where, { [REFERENCE_ATTRIBUTE]: text(where) });
}

function message(
  outcome: Outcome,
  contentType: string,
  body: string,
  more: OutputMessage['attributes'] = {},
): OutputMessage {
  return { body, attributes: { ...outcomeAttributes(outcome, contentType), ...more } };
}

/** What the attributes of an outcome's message are about. */
export type DescribedOutcome = Pick<Outcome, 'request' | 'status' | 'topic' | 'traceparent' | 'tracestate'>;

/** Everything about an outcome besides its result, as message attributes. @param contentType of the body */
export function outcomeAttributes(
  { request, status, topic, traceparent, tracestate }: DescribedOutcome,
  contentType: string,
): OutputMessage['attributes'] {
  return {
    [ATTRIBUTES.requestId]: text(request.id),
    ...(request.source && { [ATTRIBUTES.requestSource]: text(request.source) }),
    ...(request.tenant !== undefined && { [ATTRIBUTES.tenant]: text(request.tenant) }),
    ...(topic !== undefined && { [ATTRIBUTES.topic]: text(topic) }),
    ...(traceparent !== undefined && { [ATTRIBUTES.traceparent]: text(traceparent) }),
    ...(tracestate !== undefined && { [ATTRIBUTES.tracestate]: text(tracestate) }),
    [ATTRIBUTES.status]: text(status),
    [ATTRIBUTES.contentType]: text(contentType),
  };
}

function text(value: string): MessageAttribute {
  return { type: 'String', value };
}
