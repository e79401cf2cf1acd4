import { readTraceContext } from '../core/base/traceparent.ts';
import { formatMetadataHeader, METADATA_HEADER } from '../core/model/metadata-header.ts';
import { readRequest, receiptIn } from './answers.ts';
import type { Api } from './api.ts';
import { type PayloadBody, readingPayload, type TypedBlob, typedBlobOf } from './payload.ts';
import { hasEnded, type RequestResource, type SubmittedRequest } from './request.ts';
import { getRequest, preference } from './status.ts';
import { assertSubmittable, keyFor, type SubmissionOptions, toRfc3339 } from './submission.ts';
import { upload } from './upload/upload.ts';

/**
 * Largest payload that is sent to the API itself: what Lambda accepts, in base64 and with headers.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const DIRECT_MAX_BYTES = 4_194_304;

/** Poll interval until the API knows of an upload. */
const UPLOAD_POLL_MILLISECONDS = 500;

/** @throws ApiError, ConnectionFailed, PayloadUnreadable, TransferRefused; RangeError for an invalid option */
export async function submit(
  api: Api,
  body: PayloadBody,
  options: SubmissionOptions,
): Promise<SubmittedRequest> {
  assertSubmittable(options);
  const payload = typedBlobOf(body, options.contentType);
  if (payload.blob.size <= DIRECT_MAX_BYTES) return submitDirectly(api, payload, options);
  const name = options.id === undefined ? 'idempotencyKey' : 'id';
  if (options[name] !== undefined) {
    throw new RangeError(
      `${name} is for payloads up to ${DIRECT_MAX_BYTES} bytes; this one has ${payload.blob.size}`,
    );
  }
  const request = await upload(api, payload, options);
  if (!shouldWait(request, options)) return request;
  const { receipt } = request;
  return { ...(await waitBriefly(api, request, options)), ...(receipt !== undefined && { receipt }) };
}

/** The id or the idempotency key makes retries safe. */
async function submitDirectly(
  api: Api,
  { blob, contentType }: TypedBlob,
  options: SubmissionOptions,
): Promise<SubmittedRequest> {
  const answer = await api.json({
    method: 'POST',
    path: '/v1/requests',
    headers: {
      'content-type': contentType,
      'content-encoding': options.contentEncoding,
      'content-language': options.contentLanguage,
      'coatcheck-request-id': options.id,
      'idempotency-key': keyFor(options),
      prefer: preference(options.waitSeconds),
      'coatcheck-callback-url': options.callbackUrl,
      'coatcheck-min-version': options.minVersion,
      'coatcheck-ordering-key': options.orderingKey,
      'coatcheck-topic': options.topic,
      'coatcheck-priority': options.priority,
      'coatcheck-not-before': toRfc3339(options.notBefore),
      'coatcheck-expires-at': toRfc3339(options.expiresAt),
      ...readTraceContext(options),
      ...metadataHeaders(options.metadata),
    },
    body: new Uint8Array(await readingPayload(blob, () => blob.arrayBuffer())),
    signal: options.signal,
  });
  options.onProgress?.({ sentBytes: blob.size, totalBytes: blob.size });
  return { ...readRequest(answer), ...receiptIn(answer) };
}

function shouldWait(request: RequestResource, { waitSeconds }: SubmissionOptions): boolean {
  return preference(waitSeconds) !== undefined && !hasEnded(request);
}

/** The API learns of an upload a moment after it, and only then holds answers. Until then, polls. */
async function waitBriefly(
  api: Api,
  { id }: RequestResource,
  { waitSeconds = 0, signal }: SubmissionOptions,
): Promise<RequestResource> {
  const { now, sleep } = api.timing;
  const endsAt = now() + waitSeconds * 1000;
  for (;;) {
    const { request } = await getRequest(api, id, { signal }, waitSeconds);
    if (request.status !== 'awaiting_upload' || now() >= endsAt) return request;
    await sleep(UPLOAD_POLL_MILLISECONDS, signal);
  }
}

/** Metadata whose names proxies may drop as header names goes into one header. */
function metadataHeaders(metadata: SubmissionOptions['metadata'] = {}): Record<string, string> {
  const entries = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value] as const);
  const alone = entries.filter(([name]) => isHeaderName(name));
  const together = entries.filter(([name]) => !isHeaderName(name));
  return {
    ...Object.fromEntries(alone.map(([name, value]) => [`${METADATA_HEADER}-${name}`, value])),
    ...(together.length > 0 && { [METADATA_HEADER]: formatMetadataHeader(Object.fromEntries(together)) }),
  };
}

/** Whether every proxy takes a name for that of a header. */
function isHeaderName(name: string): boolean {
  return /^[a-z0-9-]+$/.test(name);
}
