import type { Context } from 'hono';
import { contentEncodingOf } from '../core/base/content-coding.ts';
import { ClaimCheckRefused, PayloadDenied, PayloadMissing } from '../core/base/errors.ts';
import { BINARY_TYPE, contentTypeProblem } from '../core/base/media-type.ts';
import { type FoundPayload, findPayload } from '../core/intake/find-payload.ts';
import { assertAllowed, type ClaimCheck, formatClaimCheck } from '../core/model/claim-check.ts';
import { deadLetterOf, type RequestRecord } from '../core/model/request-record.ts';
import type { ApiParts } from './context.ts';
import { INERT } from './inert.ts';
import { ProblemError } from './problem.ts';
import { redirectTo } from './result-answer.ts';

/** The response for a request's payload, as it was sent: its bytes, a redirect to them, or why they can't be had. */
export async function answerPayload(c: Context, record: RequestRecord, parts: ApiParts): Promise<Response> {
  const found = await findPayload(record, parts.messages);
  if (!found) throw noPayload(record, parts);
  const { payload } = found;
  if ('unreadable' in payload) throw unavailable(`can't be read: ${payload.unreadable.message}`, record);
  if ('inline' in payload) {
    const bytes = new Uint8Array(Buffer.from(payload.inline));
    return c.body(bytes, 200, { ...INERT, ...representationOf(found) });
  }
  return answerStored(c, found, payload, record, parts);
}

/** Looks whether it is there, at the cost of one read: a link to what isn't explains nothing. */
async function answerStored(
  c: Context,
  found: FoundPayload,
  check: ClaimCheck,
  record: RequestRecord,
  parts: ApiParts,
): Promise<Response> {
  try {
    assertAllowed(check, parts.payloadSources);
    const opened = await parts.store.open(check, c.req.raw.signal);
    opened.discard();
    const contentType = found.contentType ?? opened.contentType ?? BINARY_TYPE;
    const contentEncoding = encodingOf(found.contentEncoding ?? opened.contentEncoding);
    return redirectTo(c, { check, contentType, contentEncoding }, parts);
  } catch (error) {
    if (error instanceof PayloadMissing) {
      throw gone(`is no longer stored: ${formatClaimCheck(check)} was deleted`, record);
    }
    if (error instanceof ClaimCheckRefused || error instanceof PayloadDenied) {
      throw unavailable(
        `is ${formatClaimCheck(check)}, which this API may not read: get it from there`,
        record,
      );
    }
    throw error;
  }
}

/** Senders of messages choose these texts. One that is no header is left out. */
function representationOf({ contentType, contentEncoding, contentLanguage }: FoundPayload) {
  const encoding = encodingOf(contentEncoding);
  return {
    'Content-Type': isHeader(contentType) ? contentType : BINARY_TYPE,
    ...(encoding !== undefined && { 'Content-Encoding': encoding }),
    ...(isHeader(contentLanguage) && { 'Content-Language': contentLanguage }),
  };
}

/** Undefined if there is none, or if it is no header: a store couldn't answer with it. */
function encodingOf(text: string | undefined): string | undefined {
  const encoding = contentEncodingOf(text);
  return isHeader(encoding) ? encoding : undefined;
}

function isHeader(text: string | undefined): text is string {
  return text !== undefined && !contentTypeProblem(text);
}

/** Why there is none. */
function noPayload(record: RequestRecord, { messages }: ApiParts): ProblemError {
  const { id } = record.request;
  if (record.status === 'awaiting_upload') return unavailable('has not been uploaded yet', record);
  if (!record.outcome) {
    const why = messages
      ? 'was not found in the queues of this service'
      : 'is in its message, which the queue gives to processors only; stored payloads can be read from the first attempt on';
    return unavailable(why, record);
  }
  if (!messages && deadLetterOf(record) !== 'no') {
    return unavailable(`is in its dead letter only: run npx coatcheck dead-letters show ${id}`, record);
  }
  return gone('was in its message, which is deleted when the request ends', record);
}

/** It exists, or may exist, but not for this API. */
function unavailable(why: string, { request: { id } }: RequestRecord): ProblemError {
  const detail = `The payload of the request ${id} ${why}`;
  return new ProblemError({ status: 409, code: 'payload_unavailable', detail });
}

function gone(why: string, { request: { id } }: RequestRecord): ProblemError {
  const detail = `The payload of the request ${id} ${why}: look for it where the request was submitted`;
  return new ProblemError({ status: 410, code: 'payload_gone', detail });
}
