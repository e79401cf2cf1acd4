import { PROBLEM_TYPE } from '../base/media-type.ts';
import { formatClaimCheck } from '../model/claim-check.ts';
import type { Outcome } from '../model/outcome.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { ATTRIBUTES } from './attributes.ts';
import { encodePointer } from './extended-client.ts';
import { isMessageText, messageJson, utf8Text } from './message-text.ts';
import { type LabelledOutcome, labelsOf, textAttribute } from './outcome-labels.ts';

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
  return message(outcome, contentType, where, { [REFERENCE_ATTRIBUTE]: textAttribute(where) });
}

function message(
  outcome: Outcome,
  contentType: string,
  body: string,
  more: OutputMessage['attributes'] = {},
): OutputMessage {
  return { body, attributes: { ...outcomeAttributes(outcome, contentType), ...more } };
}

/** The part of an outcome that the attributes of its message describe. */
export type DescribedOutcome = LabelledOutcome & Pick<Outcome, 'traceparent' | 'tracestate'>;

/** Everything about an outcome besides its result, as message attributes. @param contentType of the body */
export function outcomeAttributes(
  outcome: DescribedOutcome,
  contentType: string,
): OutputMessage['attributes'] {
  const { request, traceparent, tracestate } = outcome;
  return {
    [ATTRIBUTES.requestId]: textAttribute(request.id),
    ...(request.source && { [ATTRIBUTES.requestSource]: textAttribute(request.source) }),
    ...labelsOf(outcome),
    ...(traceparent !== undefined && { [ATTRIBUTES.traceparent]: textAttribute(traceparent) }),
    ...(tracestate !== undefined && { [ATTRIBUTES.tracestate]: textAttribute(tracestate) }),
    [ATTRIBUTES.contentType]: textAttribute(contentType),
  };
}
