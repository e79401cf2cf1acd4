import type { DecodedRequest } from '../model/decoded-request.ts';
import { payloadDigest } from '../model/pinned-payload.ts';
import { identityDigest } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { RequestMessages } from '../ports/request-messages.ts';

/** The payload of a request, with what its message says about it. */
export type FoundPayload = Pick<
  DecodedRequest,
  'payload' | 'contentType' | 'contentEncoding' | 'contentLanguage'
>;

/**
 * Finds the payload of a request: that of its first attempt, if there was one.
 * @param messages absent where queues can't be read
 * @returns undefined if it isn't stored, and is in no message that can be read
 */
export async function findPayload(
  record: RequestRecord,
  messages: RequestMessages | undefined,
): Promise<FoundPayload | undefined> {
  const { request, payload: pinned } = record;
  if (pinned?.check) {
    const { check, contentType, contentEncoding } = pinned;
    return { payload: check, contentType, contentEncoding };
  }
  const key = identityDigest('record', request);
  return messages?.find(
    record,
    (each) => identityDigest('record', each) === key && (!pinned || payloadDigest(each) === pinned.digest),
  );
}
