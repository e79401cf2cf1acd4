import type { CoatcheckClient } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import { isTransient } from '../client/retry.ts';
import { assertSubmittable } from '../client/submission.ts';
import { DIRECT_MAX_BYTES } from '../client/submit.ts';
import { type BatchRequest, type BatchResult, MAX_BATCH } from '../client/submit-batch.ts';
import { PermanentError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { Outlet, SendResult } from '../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../core/wire/attributes.ts';
import { BatchPublisher } from '../core/wire/batch-publisher.ts';
import type { PublishRows } from './outbox-source.ts';
import { publishEach } from './publish-rows.ts';
import type { RowMessage } from './row-message.ts';

/** Publishes rows to the HTTP API of a service, each with its id: repeated, it is the same request. */
export function publishToApi(client: CoatcheckClient, ordered: boolean): PublishRows {
  const publisher = new BatchPublisher(new ApiOutlet(client), Math.random, () => false);
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

  constructor(client: CoatcheckClient) {
    this.#client = client;
  }

  sizeOf(request: BatchRequest): number {
    const { bytes, ...members } = { bytes: undefined, ...request };
    const base64 = Math.ceil((bytes?.byteLength ?? 0) / 3) * 4;
    return base64 + Buffer.byteLength(JSON.stringify(members));
  }

  async send(requests: readonly BatchRequest[]): Promise<readonly SendResult[]> {
    try {
      return (await this.#client.submitBatch(requests)).map(resultOf);
    } catch (error) {
      // A call that is refused as a whole may be so because of one of its requests.
      if (!isRefusal(error)) throw error;
      if (requests.length === 1) return [{ sent: false, refused: true, reason: messageOf(error) }];
      return (await Promise.all(requests.map((request) => this.send([request])))).flat();
    }
  }
}

function resultOf(result: BatchResult): SendResult {
  if ('request' in result) return { sent: true };
  const error = new ApiError(result.problem);
  return { sent: false, refused: isRefusal(error), reason: messageOf(error) };
}

/** Credentials may be corrected, and requests with one key that wait for each other are submitted again. */
const PASSING = [401, 403, 404, 409];

/**
 * Whether the API never accepts what it was sent. An answer of another server, such as a proxy in between, says so only of what is
 * too large.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.status >= 500 || isTransient(error)) return false;
  const { status, code } = error;
  return status === 413 || !(PASSING.includes(status) || code === `http_${status}`);
}

/** @throws PermanentError, RangeError for what the API doesn't take */
function batchRequest({ message, request }: RowMessage, ordered: boolean): BatchRequest {
  const { payload, contentType, contentEncoding, contentLanguage, tenant, metadata } = request;
  if (!('inline' in payload)) {
    throw new PermanentError('The API takes the payload itself, and the row has a reference to it', {
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
    ...(ordered && { orderingKey: message.attributes[ATTRIBUTES.orderingKey] }),
    ...(typeof inline === 'string' ? { text: inline } : { bytes: inline }),
  };
  assertSubmittable(given);
  return given;
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
