import { readTraceContext } from '../../core/base/traceparent.ts';
import { requestPath } from '../../core/model/request-links.ts';
import type { Api } from '../api.ts';
import type { TypedBlob } from '../payload.ts';
import type { SubmittedRequest } from '../request.ts';
import { isSafeToRepeat } from '../retry.ts';
import { type SubmissionOptions, toRfc3339 } from '../submission.ts';
import { uploadForm } from './form.ts';
import { uploadParts } from './parts.ts';
import { readTicket, type UploadTicket } from './ticket.ts';

/** Larger payloads are sent in parts, so that a failure doesn't restart the whole upload. */
const PARTS_FROM_BYTES = 104_857_600;

/** Timeout for abandoning an upload. */
const ABANDON_TIMEOUT_MILLISECONDS = 5_000;

/** Gets a ticket and uploads the payload to the store. If that fails permanently, cancels the request. */
export async function upload(
  api: Api,
  payload: TypedBlob,
  options: SubmissionOptions,
): Promise<SubmittedRequest> {
  const ticket = await createTicket(api, payload, options);
  try {
    return await send(api, payload.blob, ticket, options);
  } catch (error) {
    await abandon(api, ticket);
    throw error;
  }
}

/** If the answer is lost, its ticket stays unused and expires. */
async function createTicket(
  api: Api,
  { blob, contentType }: TypedBlob,
  {
    callbackUrl,
    contentEncoding,
    contentLanguage,
    expiresAt,
    metadata,
    minVersion,
    notBefore,
    orderingKey,
    priority,
    sha256,
    topic,
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
    notBefore: toRfc3339(notBefore),
    expiresAt: toRfc3339(expiresAt),
    minVersion,
    orderingKey,
    topic,
    priority,
    callbackUrl,
    metadata,
    // The store can't verify a checksum of the whole for an upload in parts.
    multipart: sha256 === undefined && blob.size > PARTS_FROM_BYTES,
  };
  const headers = { 'content-type': 'application/json', ...readTraceContext({ traceparent, tracestate }) };
  const body = JSON.stringify(wanted);
  return readTicket(
    await api.json({ method: 'POST', path: '/v1/uploads', headers, body, signal }, isSafeToRepeat),
  );
}

async function send(
  api: Api,
  blob: Blob,
  { request, upload: plan }: UploadTicket,
  { onProgress, signal }: SubmissionOptions,
): Promise<SubmittedRequest> {
  const onSent = (sentBytes: number) => onProgress?.({ sentBytes, totalBytes: blob.size });
  if (plan.method === 'PUT_PARTS') return uploadParts(api, request, plan, blob, onSent, signal);
  await uploadForm(api, plan, blob, signal);
  onSent(blob.size);
  return request;
}

/** Ignores errors, so that the caller gets the error of the upload. */
async function abandon(api: Api, { request, upload: plan }: UploadTicket): Promise<void> {
  const signal = AbortSignal.timeout(ABANDON_TIMEOUT_MILLISECONDS);
  const call =
    plan.method === 'PUT_PARTS'
      ? {
          path: `/v1/uploads/${request.id}/abort`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ uploadName: plan.uploadName }),
        }
      : { path: requestPath(request.id, '/cancel') };
  await api.json({ method: 'POST', ...call, signal }).catch(() => {});
}
