import { timeProblem } from '../core/base/time.ts';
import { chosenIdProblem } from '../core/model/chosen-id.ts';
import { orderingKeyProblem } from '../core/model/ordering-key.ts';
import { type Priority, priorityProblem } from '../core/model/priority.ts';
import { topicProblem } from '../core/model/topic.ts';

/** Progress of a submission. */
export interface SubmissionProgress {
  /** Payload bytes sent. It grows once per call: once for a small payload or a form, once for each part. */
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** Options of a submission. */
export interface SubmissionOptions {
  /** @default the `Blob`'s own type, `text/plain; charset=utf-8` for a string, else `application/octet-stream` */
  readonly contentType?: string;
  /**
   * Content codings of the payload, such as `gzip`; it is sent as it is. Up to 4 MiB, API Gateway rejects encoded payloads
   * whose content type is text, JSON, XML or JavaScript: use `application/octet-stream` for them.
   */
  readonly contentEncoding?: string;
  /** Languages of the payload, such as `en`. */
  readonly contentLanguage?: string;
  /**
   * The ticket that the request gets: 1 to 256 printable ASCII characters, without a space at either end, best a UUID. While the
   * request is kept, 30 days by default, submitting again with the same id returns it, and another payload with its id throws
   * {@link RequestIdReused}. Only for payloads up to 4 MiB, and not together with an {@link idempotencyKey}.
   * @default - a ticket of the service
   */
  readonly id?: string;
  /**
   * Submitting again with the same key returns the first request, even if the first call failed. 1 to 255 printable ASCII
   * characters, without a space or quote at either end. For payloads up to 4 MiB only.
   * @default a new key for every call, so that the client's own retries don't submit twice
   */
  readonly idempotencyKey?: string;
  /**
   * The request doesn't start before this time, up to 366 days ahead; it is `scheduled` until then. A time that has passed
   * means at once. A string is in RFC 3339.
   */
  readonly notBefore?: Date | string;
  /** A request that hasn't started by this time expires. A string is in RFC 3339. */
  readonly expiresAt?: Date | string;
  /**
   * Oldest version of the handler that may run it, such as `42` or `1.4.2`. Until such a version takes it, the request waits
   * for up to an hour, and then fails as `min_version_unmet`.
   */
  readonly minVersion?: string;
  /**
   * Requests with the same key run one after another, in a service that keeps order. 1 to 128 printable ASCII characters,
   * without a space at either end. @default - all requests of the tenant run one after another
   */
  readonly orderingKey?: string;
  /**
   * What it is about, for the processors and consumers that subscribe to it: up to 128 letters, digits, `_` and `-`, with dots
   * between names, such as `images.thumbnail`.
   */
  readonly topic?: string;
  /**
   * How urgent it is, in a service with a queue for each priority: of ten requests that start, six are `high`, three `normal` and
   * one `low`, while all three wait. @default 'normal'
   */
  readonly priority?: Priority;
  /** URL for the outcome's webhook, if the service has webhooks; https only. */
  readonly callbackUrl?: string;
  /** Metadata for the processor, in printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Wait up to this long for the request to end, 0 to 20. @default 0 */
  readonly waitSeconds?: number;
  /** Trace that the request belongs to; a malformed one is ignored. @see https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent?: string;
  /** Vendor data that goes with `traceparent`; ignored without it. @see https://www.w3.org/TR/trace-context/#tracestate-header */
  readonly tracestate?: string;
  /** SHA-256 of the payload in base64, which the store verifies, and of which a receipt is; for payloads above 4 MiB and up to 5 GiB. */
  readonly sha256?: string;
  readonly onProgress?: (progress: SubmissionProgress) => void;
  readonly signal?: AbortSignal;
}

/** The idempotency key to send with a request: the given one, or a new one. A request with an id needs none. */
export function keyFor({
  id,
  idempotencyKey,
}: Pick<SubmissionOptions, 'id' | 'idempotencyKey'>): string | undefined {
  return idempotencyKey ?? (id === undefined ? crypto.randomUUID() : undefined);
}

/** Formats a time in RFC 3339. @throws RangeError for a Date that it can't write */
export function toRfc3339(time: Date | string | undefined): string | undefined {
  assertTime('a Date', time);
  return time instanceof Date ? time.toISOString() : time;
}

/**
 * Rejects options that can't be sent, or would be changed on the way.
 * @throws RangeError
 */
export function assertSubmittable(options: SubmissionOptions): void {
  const { id, metadata, idempotencyKey, orderingKey, topic, priority, notBefore, expiresAt } = options;
  if (metadata !== undefined) assertMetadata(metadata);
  if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey);
  if (id !== undefined) assertId(id, idempotencyKey);
  if (orderingKey !== undefined) assertOrderingKey(orderingKey);
  if (topic !== undefined) assertTopic(topic);
  if (priority !== undefined) assertPriority(priority);
  assertTime('notBefore', notBefore);
  assertTime('expiresAt', expiresAt);
}

/** The API looks at texts. */
function assertTime(name: string, time: Date | string | undefined): void {
  const problem = time instanceof Date ? timeProblem(time.getTime()) : undefined;
  if (problem !== undefined) throw new RangeError(`${name} ${problem}`);
}

/** Metadata is sent in headers. */
function assertMetadata(metadata: Readonly<Record<string, string>>): void {
  const names = new Set<string>();
  for (const [name, value] of Object.entries(metadata)) {
    if (names.has(name.toLowerCase())) {
      throw new RangeError(`metadata: names are sent in lower case, and ${name.toLowerCase()} came twice`);
    }
    names.add(name.toLowerCase());
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new RangeError(
        `metadata: a name must be a token of letters, digits and -_., got ${JSON.stringify(name)}`,
      );
    }
    if (!/^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(value)) {
      throw new RangeError(
        `metadata: ${name} must be printable ASCII without spaces at either end, got ${JSON.stringify(value)}`,
      );
    }
  }
}

/** The key is sent without quotes. @throws RangeError */
export function assertIdempotencyKey(key: string): void {
  if (key.length > 255 || !/^[!#-~](?:[ -~]*[!#-~])?$/.test(key)) {
    throw new RangeError(
      `idempotencyKey must have 1 to 255 printable ASCII characters, without a space or quote at either end, got ${JSON.stringify(key)}`,
    );
  }
}

function assertId(id: string, idempotencyKey: string | undefined): void {
  const problem = chosenIdProblem(id);
  if (problem !== undefined) throw new RangeError(`id ${problem}`);
  if (idempotencyKey !== undefined) throw new RangeError('id and idempotencyKey: a request has one of them');
}

function assertTopic(topic: string): void {
  const problem = topicProblem(topic);
  if (problem !== undefined) throw new RangeError(`topic ${problem}`);
}

function assertPriority(priority: string): void {
  const problem = priorityProblem(priority);
  if (problem !== undefined) throw new RangeError(`priority ${problem}`);
}

function assertOrderingKey(key: string): void {
  const problem = orderingKeyProblem(key);
  if (problem !== undefined) throw new RangeError(`orderingKey ${problem}`);
}
