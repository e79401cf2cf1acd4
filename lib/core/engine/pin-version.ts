import { assertAllowed, type ClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { PayloadStore } from '../ports/payload-store.ts';

/** A request whose claim check names no version. */
type UnversionedRequest = DecodedRequest & { readonly payload: ClaimCheck };

/** Whether a request refers to a stored payload without a version. */
export function namesNoVersion(request: DecodedRequest): request is UnversionedRequest {
  return 'key' in request.payload && request.payload.versionId === undefined;
}

/**
 * Adds the object's current version to the request, so that a later attempt doesn't run what the object was overwritten
 * with. Returns the request unchanged if the bucket has no versions, or if the version can't be read.
 */
export async function withVersion(
  request: UnversionedRequest,
  store: PayloadStore,
  claimCheckSources: readonly string[],
  signal: AbortSignal,
): Promise<DecodedRequest> {
  const { payload } = request;
  try {
    assertAllowed(payload, claimCheckSources);
    const versionId = await store.versionOf(payload, signal);
    return versionId === undefined ? request : { ...request, payload: { ...payload, versionId } };
  } catch {
    // Opening the payload will throw the error, after the request is claimed.
    return request;
  }
}
