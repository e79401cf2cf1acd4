import { PROBLEM_TYPE } from '../base/media-type.ts';
import { formatClaimCheck } from '../model/claim-check.ts';
import type { Outcome } from '../model/outcome.ts';
import type { MessageAttribute } from '../model/received-message.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { ATTRIBUTES } from './attributes.ts';
import { POINTER_CLASS } from './extended-client.ts';
import { isMessageText, messageJson, utf8Text } from './message-text.ts';

/** Where a result is that no message and no extended client can hold; the body says the same. */
const REFERENCE_ATTRIBUTE = 'DataRef';

/**
 * Writes an outcome as the result's bytes, with the rest as message attributes. A stored result is a pointer of the
 * Amazon SQS Extended Client Library, whose consumers read it as if it were inline; but one that isn't known to be text
 * is a reference: of other bytes the library for Java makes other text, and the one for Python fails, for all messages
 * of the receive. Undefined when an inline result's bytes can't be a message's body.
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

/** Written without spaces: some readers compare the beginning of the body. */
function pointer(outcome: Outcome, { check, size, contentType }: StoredResult): OutputMessage {
  const body = JSON.stringify([POINTER_CLASS, { s3BucketName: check.bucket, s3Key: check.key }]);
  const sizeAttribute: MessageAttribute = { type: 'Number', value: String(size) };
  return message(outcome, contentType, body, { [ATTRIBUTES.extendedPayloadSize]: sizeAttribute });
}

function reference(outcome: Outcome, { check, contentType }: StoredResult): OutputMessage {
  const where = formatClaimCheck(check);
  return message(outcome, contentType, where, { [REFERENCE_ATTRIBUTE]: text(where) });
}

function message(
  { request, status, traceparent, tracestate }: Outcome,
  contentType: string,
  body: string,
  more: OutputMessage['attributes'] = {},
): OutputMessage {
  const attributes = {
    [ATTRIBUTES.requestId]: text(request.id),
    ...(request.source && { [ATTRIBUTES.requestSource]: text(request.source) }),
    ...(request.tenant !== undefined && { [ATTRIBUTES.tenant]: text(request.tenant) }),
    ...(traceparent !== undefined && { [ATTRIBUTES.traceparent]: text(traceparent) }),
    ...(tracestate !== undefined && { [ATTRIBUTES.tracestate]: text(tracestate) }),
    [ATTRIBUTES.status]: text(status),
    [ATTRIBUTES.contentType]: text(contentType),
    ...more,
  };
  return { body, attributes };
}

function text(value: string): MessageAttribute {
  return { type: 'String', value };
}
