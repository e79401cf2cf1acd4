import type { SubmitRequest } from '../intake/submissions.ts';
import type { EditedPayload } from '../model/action.ts';
import type { RequestRecord } from '../model/request-record.ts';

/** The request that retries a failed one with another payload, under the terms that a retry keeps. */
export function editedRetryOf(
  { request }: RequestRecord,
  { base64, contentType, metadata = {} }: EditedPayload,
): SubmitRequest {
  const { id, tenant, topic, priority, callbackUrl, minVersion } = request;
  const terms = { tenant, topic, priority, callbackUrl, minVersion, retryOf: id };
  return { ...terms, payload: Buffer.from(base64, 'base64'), contentType, metadata };
}
