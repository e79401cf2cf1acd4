import { readTraceContext } from '../../core/base/traceparent.ts';
import { requestPath } from '../../core/model/request-links.ts';
import type { Api } from '../api.ts';
import type { Payload } from '../payload.ts';
import { wasRefusedForNow } from '../retry.ts';
import { type SubmissionOptions, timeOf } from '../submission.ts';
import type { RequestResource } from '../types.ts';
import { uploadForm } from './form.ts';
import { uploadParts } from './parts.ts';
import { ticketOf, type UploadTicket } from './ticket.ts';

/** Above, a payload goes in parts, so that one that breaks off isn't sent again from its beginning. */
const PARTS_FROM_BYTES = 104_857_600;

/** What giving up an upload may take. */
const ABANDON_TIMEOUT_MILLISECONDS = 5_000;

/** Takes a ticket and uploads the payload to the store; if that fails for good, the request is cancelled. */
export async function upload(
  api: Api,
  payload: Payload,
  options: SubmissionOptions,
): Promise<RequestResource> {
  const ticket = await takeTicket(api, payload, options);
  try {
    return await send(api, payload.blob, ticket, options);
  } catch (error) {
    await abandon(api, ticket);
    throw error;
  }
}

/** A ticket whose answer got lost is never used, and expires. */
async function takeTicket(
  api: Api,
  { blob, contentType }: Payload,
  {
    callbackUrl,
    contentEncoding,
    contentLanguage,
    expiresAt,
    metadata,
    sha256,
    traceparent,
    tracestate,
    signal,
  }: SubmissionOptions,
): Promise<UploadTicket> {
  const wanted = {
    size: blob.size,
    contentType,
    contentEncoding,
    contentLanguage,
    sha256,
    expiresAt: timeOf(expiresAt),
    callbackUrl,
    metadata,
    // Of what comes in parts the store can't check it.
    multipart: sha256 === undefined && blob.size > PARTS_FROM_BYTES,
  };
  const headers = { 'content-type': 'application/json', ...readTraceContext({ traceparent, tracestate }) };
  const body = JSON.stringify(wanted);
  return ticketOf(
    await api.json({ method: 'POST', path: '/v1/uploads', headers, body, signal }, wasRefusedForNow),
  );
}

async function send(
  api: Api,
  blob: Blob,
  { request, upload: way }: UploadTicket,
  { onProgress, signal }: SubmissionOptions,
): Promise<RequestResource> {
  const onSent = (sentBytes: number) => onProgress?.({ sentBytes, totalBytes: blob.size });
  if (way.method === 'PUT_PARTS') return uploadParts(api, request, way, blob, onSent, signal);
  await uploadForm(api, way, blob, signal);
  onSent(blob.size);
  return request;
}

/** As well as it goes: the caller is to hear of what went wrong with the upload. */
async function abandon(api: Api, { request, upload: way }: UploadTicket): Promise<void> {
  const signal = AbortSignal.timeout(ABANDON_TIMEOUT_MILLISECONDS);
  const call =
    way.method === 'PUT_PARTS'
      ? {
          path: `/v1/uploads/${request.id}/abort`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ uploadName: way.uploadName }),
        }
      : { path: requestPath(request.id, '/cancel') };
  await api.json({ method: 'POST', ...call, signal }).catch(() => {});
}
