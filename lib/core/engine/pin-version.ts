import { assertAllowed, type ClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { PayloadStore } from '../ports/payload-store.ts';

/** A request whose payload is stored, in whichever version is the newest. */
type UnversionedRequest = DecodedRequest & { readonly payload: ClaimCheck };

/** Whether a request refers to an object without saying which version of it. */
export function namesNoVersion(request: DecodedRequest): request is UnversionedRequest {
  return 'key' in request.payload && request.payload.versionId === undefined;
}

/**
 * The request with the version its reference means now: a later attempt must not run what an object
 * was overwritten with. Left as it is when the store doesn't say, or its bucket has no versions.
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
    // Opening it says what is wrong, and does so under the request's lease.
    return request;
  }
}
