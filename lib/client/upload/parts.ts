import { mapConcurrently } from '../../core/base/map-concurrently.ts';
import { readRequest } from '../answers.ts';
import type { Api, Call } from '../api.ts';
import { AnswerInvalid, ApiError, TransferRefused } from '../errors.ts';
import { readingPayload } from '../payload.ts';
import type { RequestResource } from '../request.ts';
import { isTransient } from '../retry.ts';
import { getRequest } from '../status.ts';
import { transfer } from '../transfer.ts';
import { callName } from '../url.ts';
import { PartUrlSource } from './part-urls.ts';
import type { PartsUpload } from './ticket.ts';

/** Parts sent concurrently. */
const MAX_PARTS_IN_FLIGHT = 4;

/** A part in the store. */
interface SentPart {
  readonly number: number;
  readonly etag: string;
}

/** Uploads a payload in parts, a few at a time, and retries each by itself. @param onSent called with the bytes sent so far */
export async function uploadParts(
  api: Api,
  request: RequestResource,
  plan: PartsUpload,
  blob: Blob,
  onSent: (sentBytes: number) => void,
  signal?: AbortSignal,
): Promise<RequestResource> {
  const stop = new AbortController();
  const eitherSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const urls = new PartUrlSource(api, request.id, plan, eitherSignal);
  const numbers = Array.from({ length: plan.partCount }, (_, index) => index + 1);
  let sentBytes = 0;
  // Waits for all parts in flight after a failure: one that arrives after the upload is aborted would stay in the store.
  const parts = await mapConcurrently(numbers, MAX_PARTS_IN_FLIGHT, async (number): Promise<SentPart> => {
    const part = blob.slice((number - 1) * plan.partSize, number * plan.partSize);
    try {
      const etag = await sendPart(api, urls, number, part, eitherSignal);
      sentBytes += part.size;
      onSent(sentBytes);
      return { number, etag };
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  return complete(api, request.id, plan.uploadName, parts, signal);
}

async function sendPart(
  api: Api,
  urls: PartUrlSource,
  number: number,
  part: Blob,
  signal: AbortSignal,
): Promise<string> {
  const send = async (attempt: number) => {
    const url = attempt === 1 ? await urls.urlOf(number) : await urls.freshUrlOf(number);
    const answer = await readingPayload(
      part,
      () => transfer(api.fetch, { method: 'PUT', url, body: part, signal }),
      signal,
    );
    await answer.body?.cancel();
    const etag = answer.headers.get('etag');
    if (etag === null) {
      const name = callName('PUT', new URL(url));
      throw new AnswerInvalid(
        name,
        "an ETag (a browser sees it only if the bucket's CORS rules expose it)",
        'none',
      );
    }
    return etag;
  };
  // 403 can mean an expired URL; the next try gets a new one.
  const isRetryable = (error: unknown) =>
    isTransient(error) || (error instanceof TransferRefused && error.status === 403);
  return api.retrier.run(send, signal, isRetryable);
}

/** Completes an upload. If the answer of a completion is lost, the next try gets `upload_unknown`: it was completed. */
function complete(
  api: Api,
  id: string,
  uploadName: string,
  parts: readonly SentPart[],
  signal?: AbortSignal,
): Promise<RequestResource> {
  const call: Call = {
    method: 'POST',
    path: `/v1/uploads/${id}/complete`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uploadName, parts }),
    signal,
  };
  return api.retrier.run(async (attempt) => {
    try {
      return readRequest(await api.jsonOnce(call));
    } catch (error) {
      const wasCompleted = attempt > 1 && error instanceof ApiError && error.code === 'upload_unknown';
      if (!wasCompleted) throw error;
      return (await getRequest(api, id, { signal })).request;
    }
  }, signal);
}
