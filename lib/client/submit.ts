import { readTraceContext } from '../core/base/traceparent.ts';
import { requestOf } from './answers.ts';
import type { Api } from './api.ts';
import { type Payload, type PayloadBody, payloadOf } from './payload.ts';
import { askStatus, preference } from './status.ts';
import { assertSubmittable, type SubmissionOptions, timeOf } from './submission.ts';
import { hasEnded, type RequestResource } from './types.ts';
import { upload } from './upload/upload.ts';

/**
 * Most bytes sent to the API itself: what Lambda takes, in base64 and with the headers.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const DIRECT_MAX_BYTES = 4_194_304;

/** How often the API is asked whether it has heard of an upload. */
const UPLOAD_POLL_MILLISECONDS = 500;

/** @throws ApiError, ConnectionFailed, TransferRefused, RangeError for an option that is out of its bounds */
export async function submit(
  api: Api,
  body: PayloadBody,
  options: SubmissionOptions,
): Promise<RequestResource> {
  assertSubmittable(options);
  const payload = payloadOf(body, options.contentType);
  if (payload.blob.size <= DIRECT_MAX_BYTES) return submitDirectly(api, payload, options);
  if (options.idempotencyKey !== undefined) {
    throw new RangeError(
      `idempotencyKey goes with payloads up to ${DIRECT_MAX_BYTES} bytes, this one has ${payload.blob.size}`,
    );
  }
  const request = await upload(api, payload, options);
  return staysOn(request, options) ? await statusAfter(api, request, options) : request;
}

/** Safe to repeat, thanks to the idempotency key. */
async function submitDirectly(
  api: Api,
  { blob, contentType }: Payload,
  { idempotencyKey = crypto.randomUUID(), ...options }: SubmissionOptions,
): Promise<RequestResource> {
  const answer = await api.json({
    method: 'POST',
    path: '/v1/requests',
    headers: {
      'content-type': contentType,
      'content-encoding': options.contentEncoding,
      'content-language': options.contentLanguage,
      'idempotency-key': idempotencyKey,
      prefer: preference(options.waitSeconds),
      'coatcheck-callback-url': options.callbackUrl,
      'coatcheck-expires-at': timeOf(options.expiresAt),
      ...readTraceContext(options),
      ...metadataHeaders(options.metadata),
    },
    body: new Uint8Array(await blob.arrayBuffer()),
    signal: options.signal,
  });
  options.onProgress?.({ sentBytes: blob.size, totalBytes: blob.size });
  return requestOf(answer);
}

function staysOn(request: RequestResource, { waitSeconds }: SubmissionOptions): boolean {
  return preference(waitSeconds) !== undefined && !hasEnded(request);
}

/** The API doesn't hold an answer until it has heard of the upload, a moment after it: until then it is asked again. */
async function statusAfter(
  api: Api,
  { id }: RequestResource,
  { waitSeconds = 0, signal }: SubmissionOptions,
): Promise<RequestResource> {
  const { now, sleep } = api.timing;
  const endsAt = now() + waitSeconds * 1000;
  for (;;) {
    const { request } = await askStatus(api, id, { signal }, waitSeconds);
    if (request.status !== 'awaiting_upload' || now() >= endsAt) return request;
    await sleep(UPLOAD_POLL_MILLISECONDS, signal);
  }
}

function metadataHeaders(metadata: SubmissionOptions['metadata'] = {}): Record<string, string> {
  const entries = Object.entries(metadata);
  return Object.fromEntries(
    entries.map(([name, value]) => [`coatcheck-metadata-${name.toLowerCase()}`, value]),
  );
}
