import type { CoatcheckClient } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import { isTransient } from '../client/retry.ts';
import { assertSubmittable } from '../client/submission.ts';
import { DIRECT_MAX_BYTES } from '../client/submit.ts';
import { type BatchRequest, type BatchResult, MAX_BATCH } from '../client/submit-batch.ts';
import { PermanentError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { Outlet, SendResult } from '../core/ports/message-sink.ts';
import { BatchPublisher } from '../core/wire/batch-publisher.ts';
import type { PublishRows } from './outbox-source.ts';
import { publishEach } from './publish-rows.ts';
import type { RowMessage } from './row-message.ts';

/**
 * Publishes rows to the HTTP API of a service, each with its id: repeated, it is the same request.
 * @param signal ends calls
 */
export function publishToApi(client: CoatcheckClient, ordered: boolean, signal?: AbortSignal): PublishRows {
  const publisher = new BatchPublisher(new ApiOutlet(client, signal), Math.random, () => false);
  return publishEach(ordered, async (row) => {
    try {
      return await publisher.publish(batchRequest(row, ordered));
    } catch (error) {
      const refused = error instanceof PermanentError || error instanceof RangeError;
      return { published: false, refused, reason: messageOf(error) };
    }
  });
}

/** The calls that submit several requests. */
class ApiOutlet implements Outlet<BatchRequest> {
  readonly maxMessages = MAX_BATCH;
  readonly maxBytes = DIRECT_MAX_BYTES;
  readonly maxMessageBytes = DIRECT_MAX_BYTES;
  readonly lingerMilliseconds = 0;
  readonly #client: CoatcheckClient;
  readonly #signal: AbortSignal | undefined;

  constructor(client: CoatcheckClient, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#signal = signal;
  }

  sizeOf(request: BatchRequest): number {
    const { bytes, ...members } = { bytes: undefined, ...request };
    const base64 = Math.ceil((bytes?.byteLength ?? 0) / 3) * 4;
    return base64 + Buffer.byteLength(JSON.stringify(members));
  }

  async send(requests: readonly BatchRequest[]): Promise<readonly SendResult[]> {
    try {
      return await this.#call(requests);
    } catch (error) {
      if (!isRejectedCall(error) || (await this.#rejectsAny(requests, error))) throw error;
      const results = await this.#sendHalves(requests, error);
      // Where none gets through, none is to blame.
      if (results.every((result) => !result.sent && !result.refused)) throw error;
      return results;
    }
  }

  async #call(requests: readonly BatchRequest[]): Promise<readonly SendResult[]> {
    return (await this.#client.submitBatch(requests, { signal: this.#signal })).map(resultOf);
  }

  /**
   * Whether a proxy rejects every call, whatever is in it: it does so with one request of each half too. Chosen at random, so that two
   * requests that are to blame can't hold up the others for ever.
   */
  async #rejectsAny(requests: readonly BatchRequest[], problem: ApiError): Promise<boolean> {
    // What the API itself rejects is refused, and isn't sent again.
    if (isRefusal(problem) || requests.length <= 2) return false;
    const middle = Math.ceil(requests.length / 2);
    for (const half of [requests.slice(0, middle), requests.slice(middle)]) {
      const at = Math.floor(Math.random() * half.length);
      const status = await this.#call(half.slice(at, at + 1)).then(
        () => undefined,
        (error) => (error instanceof ApiError ? error.status : undefined),
      );
      if (status !== problem.status) return false;
    }
    return true;
  }

  /** A call that is rejected as a whole may be so because of one of its requests: halves it until that is found. */
  async #sendHalves(requests: readonly BatchRequest[], problem: ApiError): Promise<readonly SendResult[]> {
    if (requests.length === 1) {
      return [{ sent: false, refused: isRefusal(problem), reason: messageOf(problem) }];
    }
    const middle = Math.ceil(requests.length / 2);
    const results: SendResult[] = [];
    for (const half of [requests.slice(0, middle), requests.slice(middle)]) {
      const sent = this.#call(half).catch((error) => {
        if (!isRejectedCall(error)) throw error;
        return this.#sendHalves(half, error);
      });
      results.push(...(await sent));
    }
    return results;
  }
}

function resultOf(result: BatchResult): SendResult {
  if ('request' in result) return { sent: true };
  const error = new ApiError(result.problem);
  return { sent: false, refused: isRefusal(error), reason: messageOf(error) };
}

/** Credentials may be corrected, and requests with one key that wait for each other are submitted again. */
const PASSING = [401, 403, 404, 408, 409, 425];

/** Whether the API, or a proxy in between, rejects what it was sent, and probably does so again. */
function isRejectedCall(error: unknown): error is ApiError {
  if (!(error instanceof ApiError) || error.status >= 500 || isTransient(error)) return false;
  // A firewall answers 403 because of what is in a request: AWS WAF does by default.
  return !PASSING.includes(error.status) || (error.status === 403 && !isOfApi(error));
}

/** Whether an answer is one of the API, not of another server in between. */
function isOfApi({ code, status }: ApiError): boolean {
  return code !== `http_${status}`;
}

/**
 * Whether the API never accepts what it was sent. An answer of another server, such as a proxy in between, says so only of what is
 * too large.
 */
function isRefusal(error: unknown): boolean {
  return isRejectedCall(error) && (error.status === 413 || isOfApi(error));
}

/** @throws PermanentError, RangeError for what the API doesn't take */
function batchRequest({ message, request, orderingKey }: RowMessage, ordered: boolean): BatchRequest {
  const { payload, contentType, contentEncoding, contentLanguage, tenant, metadata } = request;
  if (!('inline' in payload)) {
    throw new PermanentError('The API takes only inline payloads, but the row refers to a stored one', {
      code: 'payload_unsupported',
    });
  }
  if (tenant !== undefined) {
    throw new PermanentError(
      `The API takes the tenant from the credentials of its caller, and the row has the tenant ${tenant}`,
      { code: 'tenant_unsupported' },
    );
  }
  const { inline } = payload;
  const given = {
    contentType,
    contentEncoding,
    contentLanguage,
    metadata,
    topic: request.topic,
    priority: request.priority,
    minVersion: request.minVersion,
    callbackUrl: request.callbackUrl,
    notBefore: dateOf(request.notBefore),
    expiresAt: dateOf(request.expiresAt),
    id: message.id,
    ...(ordered && { orderingKey }),
    ...(typeof inline === 'string' ? { text: inline } : { bytes: inline }),
  };
  assertSubmittable(given);
  return given;
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
