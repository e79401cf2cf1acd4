import { ATTRIBUTES } from '../envelopes/attributes.ts';
import { POINTER_CLASS } from '../envelopes/extended-client.ts';
import { PROBLEM_TYPE } from '../media-type.ts';
import type { Outcome } from '../outcome.ts';
import type { OutputAttribute, OutputMessage, StoredResult } from '../ports.ts';
import { isMessageText, messageJson, utf8Text } from './text.ts';

/**
 * Writes an outcome as the result's bytes, with the rest as message attributes; a stored result as a pointer of the
 * Amazon SQS Extended Client Library, which its consumers read as if it were inline. Undefined when the bytes can't be
 * a message's body.
 */
export function encodeRaw(outcome: Outcome): OutputMessage | undefined {
  if (outcome.status !== 'succeeded') {
    return message(outcome, PROBLEM_TYPE, messageJson(JSON.stringify(outcome.problem)));
  }
  const { result } = outcome;
  if ('check' in result)
    return message(outcome, result.contentType, pointerTo(result), sizeAttribute(result));
  const text = utf8Text(result.bytes);
  return text !== undefined && isMessageText(text) ? message(outcome, result.contentType, text) : undefined;
}

function message(
  { request, status, traceparent }: Outcome,
  contentType: string,
  body: string,
  more: OutputMessage['attributes'] = {},
): OutputMessage {
  const attributes = {
    [ATTRIBUTES.requestId]: text(request.id),
    ...(request.issuer && { [ATTRIBUTES.requestSource]: text(request.issuer) }),
    ...(request.tenant !== undefined && { [ATTRIBUTES.tenant]: text(request.tenant) }),
    ...(traceparent !== undefined && { [ATTRIBUTES.traceparent]: text(traceparent) }),
    [ATTRIBUTES.status]: text(status),
    [ATTRIBUTES.contentType]: text(contentType),
    ...more,
  };
  return { body, attributes };
}

function text(value: string): OutputAttribute {
  return { type: 'String', value };
}

/** Written without spaces: some readers compare the beginning of the body. */
function pointerTo({ check }: StoredResult): string {
  return JSON.stringify([POINTER_CLASS, { s3BucketName: check.bucket, s3Key: check.key }]);
}

function sizeAttribute({ size }: StoredResult): OutputMessage['attributes'] {
  return { [ATTRIBUTES.extendedPayloadSize]: { type: 'Number', value: String(size) } };
}
