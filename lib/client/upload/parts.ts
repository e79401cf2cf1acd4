import { requestOf } from '../answers.ts';
import type { Api, Call } from '../api.ts';
import { AnswerInvalid, ApiError, TransferRefused } from '../errors.ts';
import { isTransient } from '../retry.ts';
import { askStatus } from '../status.ts';
import { transfer } from '../transfer.ts';
import type { RequestResource } from '../types.ts';
import { callName } from '../url.ts';
import { PartUrls } from './part-urls.ts';
import type { PartsUpload } from './ticket.ts';

/** Parts sent at a time. */
const PARTS_AT_ONCE = 4;

/** A part that was sent. */
interface SentPart {
  readonly number: number;
  readonly etag: string;
}

/** Uploads a payload in parts, a few at a time, each tried again by itself. @param onSent told the bytes that arrived */
export async function uploadParts(
  api: Api,
  request: RequestResource,
  way: PartsUpload,
  blob: Blob,
  onSent: (sentBytes: number) => void,
  signal?: AbortSignal,
): Promise<RequestResource> {
  const stop = new AbortController();
  const eitherSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const urls = new PartUrls(api, request.id, way, eitherSignal);
  const parts: SentPart[] = [];
  let nextNumber = 1;
  let sentBytes = 0;
  const sendInTurn = async () => {
    while (nextNumber <= way.partCount) {
      const number = nextNumber++;
      const part = blob.slice((number - 1) * way.partSize, number * way.partSize);
      const etag = await sendPart(api, urls, number, part, eitherSignal);
      parts.push({ number, etag });
      sentBytes += part.size;
      onSent(sentBytes);
    }
  };
  const senders = Array.from({ length: PARTS_AT_ONCE }, sendInTurn);
  try {
    await Promise.all(senders);
  } catch (error) {
    // A part that arrives after the upload was aborted would stay in the store.
    stop.abort(error);
    await Promise.allSettled(senders);
    throw error;
  }
  parts.sort((a, b) => a.number - b.number);
  return complete(api, request.id, way.uploadName, parts, signal);
}

async function sendPart(
  api: Api,
  urls: PartUrls,
  number: number,
  part: Blob,
  signal: AbortSignal,
): Promise<string> {
  const send = async (attempt: number) => {
    const url = attempt === 1 ? await urls.urlOf(number) : await urls.freshUrlOf(number);
    const answer = await transfer(api.fetch, { method: 'PUT', url, body: part, size: part.size, signal });
    await answer.body?.cancel();
    const etag = answer.headers.get('etag');
    if (etag === null) {
      const name = callName('PUT', new URL(url));
      throw new AnswerInvalid(name, "an ETag (a browser sees it when the bucket's CORS exposes it)", 'none');
    }
    return etag;
  };
  // A URL's time may be over: the next try has a new one.
  const mayPass = (error: unknown) =>
    isTransient(error) || (error instanceof TransferRefused && error.status === 403);
  return api.retrier.run(send, signal, mayPass);
}

/** When the answer of a completion got lost, the next one finds no upload any more: it was completed. */
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
      return requestOf(await api.jsonOnce(call));
    } catch (error) {
      const wasCompleted = attempt > 1 && error instanceof ApiError && error.code === 'upload_unknown';
      if (!wasCompleted) throw error;
      return (await askStatus(api, id, { signal })).request;
    }
  }, signal);
}
