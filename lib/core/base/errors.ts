import { quote } from './quote.ts';
import { messageOf } from './serialize-error.ts';

/**
 * Makes `instanceof` recognize a class's errors by a symbol, whichever copy of this package created them. A program may
 * contain several copies, such as one in a bundled dependency.
 * @param isSound whether an error from another version has the members that this version reads
 */
function brand(
  branded: { readonly prototype: CoatcheckError },
  name: string,
  isSound: (error: object) => boolean = () => true,
): void {
  const mark = Symbol.for(`coatcheck.${name}`);
  Object.defineProperty(branded.prototype, mark, { value: true });
  Object.defineProperty(branded, Symbol.hasInstance, {
    value(this: unknown, error: unknown): boolean {
      // Subclasses inherit this function but are recognized by their prototypes.
      if (this !== branded) return Function.prototype[Symbol.hasInstance].call(this, error);
      return typeof error === 'object' && error !== null && mark in error && isSound(error);
    },
  });
}

/**
 * The base of every error this package throws, with a code for programs and a message for people. `instanceof` works
 * across copies of this package for this class and for the three that handlers throw.
 */
export abstract class CoatcheckError extends Error {
  static {
    brand(CoatcheckError, 'CoatcheckError');
  }

  /** The class in logs and records. Written out in every class, since minifiers rename classes. */
  abstract override name: string;

  /** A stable code in lower_snake_case, which failed outcomes carry. */
  abstract readonly code: string;
}

/** A setting is missing, out of range or in conflict with another; the message names it. */
export class ConfigurationError extends CoatcheckError {
  override readonly name: string = 'ConfigurationError';
  readonly code = 'configuration_invalid';
}

/** Options of a {@link PermanentError}. */
export interface PermanentErrorOptions extends ErrorOptions {
  /** A code of your choice for consumers to branch on. @default 'handler_failed' */
  readonly code?: string;
  /** JSON for the consumer, published with the failure as `details`. */
  readonly details?: unknown;
}

/**
 * Fails the request without another attempt; its failure is published.
 * Throw it for input that can never succeed.
 */
export class PermanentError extends CoatcheckError {
  static {
    brand(PermanentError, 'PermanentError');
  }

  override name: string = 'PermanentError';
  readonly code: string;
  readonly details: unknown;

  constructor(message: string, options: PermanentErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? 'handler_failed';
    this.details = options.details;
  }
}

/**
 * Retries the request after a delay of your choice, such as a `Retry-After`, instead of the default backoff.
 * The attempt counts. The delay is capped at 11 h 40 min, since SQS hides a message for at most 12 hours, and at half
 * of the time the message has left in the queue.
 */
export class RetryLater extends CoatcheckError {
  static {
    brand(RetryLater, 'RetryLater', (error) => 'delaySeconds' in error && isWait(error.delaySeconds));
  }

  override name: string = 'RetryLater';
  readonly code: string = 'retry_later';
  readonly delaySeconds: number;

  /** @param delaySeconds delay before the next attempt, rounded up to whole seconds */
  constructor(delaySeconds: number, message = `retry in ${delaySeconds} s`, options?: ErrorOptions) {
    super(message, options);
    assertWait("RetryLater's delay", delaySeconds);
    this.delaySeconds = delaySeconds;
  }
}

/** Options of a {@link DownstreamUnavailable}. */
export interface DownstreamUnavailableOptions extends ErrorOptions {
  /** The delay the dependency asked for, in seconds. @default - the usual backoff */
  readonly retryAfterSeconds?: number;
}

/**
 * A dependency of every request is down: a database, a model, an API. The attempt doesn't count, and after five in a row
 * processing pauses until the dependency may be back. Don't throw it for something only this request needs.
 */
export class DownstreamUnavailable extends CoatcheckError {
  static {
    brand(DownstreamUnavailable, 'DownstreamUnavailable', (error) => {
      const seconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
      return seconds === undefined || isWait(seconds);
    });
  }

  override name: string = 'DownstreamUnavailable';
  readonly code: string = 'downstream_unavailable';
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { retryAfterSeconds, ...options }: DownstreamUnavailableOptions = {}) {
    super(message, options);
    if (retryAfterSeconds !== undefined) {
      assertWait("DownstreamUnavailable's retryAfterSeconds", retryAfterSeconds);
    }
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Starts no more requests before a time, such as when the quota of an API is used up. The attempt doesn't count. With a key, only
 * requests with the same value of that key wait, in all processes; the service must have a limit of the key. Without a key, all
 * requests wait.
 */
export class PauseUntil extends CoatcheckError {
  static {
    brand(PauseUntil, 'PauseUntil', (error) => 'until' in error && isTime(error.until));
  }

  override name: string = 'PauseUntil';
  readonly code: string = 'paused';
  readonly until: Date;
  /** The key of a limit: `tenant`, `topic`, `all` or `metadata.NAME`. Undefined for all requests. */
  readonly key: string | undefined;

  /** @throws RangeError for an invalid date */
  constructor(until: Date, key?: string, options?: ErrorOptions) {
    super(isTime(until) ? `paused until ${until.toISOString()}` : 'paused', options);
    if (!isTime(until)) throw new RangeError(`PauseUntil's time must be a valid Date, got ${quote(until)}`);
    this.until = until;
    this.key = key;
  }
}

function isTime(value: unknown): value is Date {
  return value instanceof Date && Number.isFinite(value.getTime());
}

/** SQS would refuse any other delay, and a pause of it would never start or end. */
function assertWait(what: string, seconds: number): void {
  if (isWait(seconds)) return;
  throw new RangeError(`${what} must be a non-negative number of seconds, got ${seconds}`);
}

function isWait(seconds: unknown): boolean {
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0;
}

/** The service's own table, bucket or queue is unavailable. */
export class StoreUnavailable extends DownstreamUnavailable {
  override readonly name = 'StoreUnavailable';
  override readonly code = 'store_unavailable';

  /**
   * @param store names what is unavailable
   * @param cause what was thrown, or the reason in words, which the message says already
   */
  constructor(store: string, cause: unknown) {
    super(`${store} is unavailable: ${messageOf(cause)}`, typeof cause === 'string' ? {} : { cause });
  }
}

/** A secret of the processor can't be read. Every request needs it. */
export class SecretUnavailable extends DownstreamUnavailable {
  override readonly name = 'SecretUnavailable';
  override readonly code = 'secret_unavailable';

  constructor(secret: string, cause: unknown) {
    super(`The secret ${secret} is unavailable: ${messageOf(cause)}`, { cause });
  }
}

/** Another attempt was storing the result of the same request, but its object is missing. The request is retried. */
export class ResultConflict extends CoatcheckError {
  override readonly name = 'ResultConflict';
  readonly code = 'result_conflict';

  constructor(where: string, cause: unknown) {
    super(`Another attempt stored the result ${where} at the same time, but the object is missing`, {
      cause,
    });
  }
}

/** A message looks like a known envelope but is invalid. */
export class EnvelopeMalformed extends PermanentError {
  override readonly name = 'EnvelopeMalformed';

  constructor(envelope: string, problem: string) {
    super(`${envelope}: ${problem}`, { code: 'envelope_malformed', details: { envelope, problem } });
  }
}

/** A text is not valid JSON. */
export class JsonInvalid extends PermanentError {
  override readonly name = 'JsonInvalid';

  constructor(what: string, cause: unknown) {
    const problem = cause instanceof Error ? unquoted(cause.message) : '';
    super(`${what} is not JSON${problem && `: ${problem}`}`, { code: 'json_invalid', cause });
  }
}

/** V8's error message without the text it quotes, which may be a payload: errors are logged and published. */
function unquoted(message: string): string {
  return message.replace(/(?:^|, )(?:\.\.\.)?".*$/s, '');
}

/** JSON is nested too deeply. */
export class JsonTooDeep extends PermanentError {
  override readonly name = 'JsonTooDeep';

  constructor(what: string, limit: number) {
    super(`${what} is nested deeper than ${limit} levels`, { code: 'json_too_deep', details: { limit } });
  }
}

/** The input doesn't match the processor's schema. */
export class InputInvalid extends PermanentError {
  override readonly name = 'InputInvalid';

  constructor(issues: readonly { readonly message: string; readonly path?: string }[]) {
    const first = issues[0];
    const where = first?.path ? `${first.path}: ` : '';
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
    super(`The input doesn't match the schema: ${where}${first?.message ?? 'no issue given'}${more}`, {
      code: 'input_invalid',
      details: { issues },
    });
  }
}

/** A claim check points outside the locations the service may read. */
export class ClaimCheckRefused extends PermanentError {
  override readonly name = 'ClaimCheckRefused';

  /** @param schemes the kinds of stores that the service reads from */
  constructor(
    where: string,
    { bucket, key }: { readonly bucket: string; readonly key: string },
    schemes: readonly string[],
  ) {
    const readable = schemes.length > 0 ? schemes.map((scheme) => `${scheme}://`).join(' and ') : 'no';
    super(
      `The claim check ${where} is outside the locations this service may read: it reads ${readable} references`,
      { code: 'claim_check_refused', details: { bucket, key } },
    );
  }
}

/** The object of a claim check doesn't exist (any more). */
export class PayloadMissing extends PermanentError {
  override readonly name = 'PayloadMissing';

  constructor(where: string, cause?: unknown) {
    super(`The payload ${where} doesn't exist`, { code: 'payload_missing', cause });
  }
}

/** The service isn't allowed to read the object of a claim check. */
export class PayloadDenied extends PermanentError {
  override readonly name = 'PayloadDenied';

  constructor(where: string, cause?: unknown) {
    super(`This service isn't allowed to read the payload ${where}`, { code: 'payload_denied', cause });
  }
}

/** The bucket of a claim check is in another region, which the service doesn't read from. */
export class PayloadInOtherRegion extends PermanentError {
  override readonly name = 'PayloadInOtherRegion';

  /** @param region the bucket's, where S3 says so */
  constructor(where: string, region: string | undefined, cause?: unknown) {
    const place = region === undefined ? 'another region' : `the region ${region}`;
    super(
      `The payload ${where} is in ${place}; this service reads only from its own region. Copy the payload, or submit it in its region`,
      { code: 'payload_in_other_region', details: { region }, cause },
    );
  }
}

/** The payload is empty. */
export class PayloadEmpty extends PermanentError {
  override readonly name = 'PayloadEmpty';

  constructor(where: string) {
    super(`The payload ${where} is empty`, { code: 'payload_empty' });
  }
}

/** More bytes than allowed. */
export class PayloadLimitExceeded extends PermanentError {
  override readonly name = 'PayloadLimitExceeded';
  readonly limit: number;

  /** @param size its size in bytes, or the bytes read when the limit was exceeded */
  constructor(what: string, size: number, limit: number) {
    super(`${what} is at least ${size} bytes; the limit is ${limit}`, {
      code: 'payload_too_large',
      details: { size, limit },
    });
    this.limit = limit;
  }
}

/** The body was shorter or longer than the store said. The connection probably broke, so another attempt may succeed. */
export class PayloadCutShort extends CoatcheckError {
  override readonly name = 'PayloadCutShort';
  readonly code = 'payload_cut_short';

  constructor(where: string, expected: number, actual: number) {
    super(`Reading the payload ${where} ended after ${actual} of ${expected} bytes`);
  }
}

/** The object's size differs from its claim check: it isn't what was submitted. */
export class PayloadSizeMismatch extends PermanentError {
  override readonly name = 'PayloadSizeMismatch';

  constructor(where: string, expected: number, actual: number) {
    super(`The payload ${where} should have ${expected} bytes but has ${actual}`, {
      code: 'payload_size_mismatch',
      details: { expected, actual },
    });
  }
}

/** The request was started with another payload, which no longer exists. */
export class PayloadChanged extends PermanentError {
  override readonly name = 'PayloadChanged';

  constructor() {
    super(
      'The request was started with another payload, which no longer exists. Use a new request id for a new payload',
      { code: 'payload_changed' },
    );
  }
}

/** The payload's content coding isn't supported. */
export class ContentEncodingUnsupported extends PermanentError {
  override readonly name = 'ContentEncodingUnsupported';

  constructor(contentEncoding: string, supported: readonly string[], most: number) {
    super(
      `Content-Encoding must be at most ${most} of ${supported.join(', ')}, got ${quote(contentEncoding)}`,
      {
        code: 'content_encoding_unsupported',
        details: { contentEncoding: contentEncoding.slice(0, 100), supported },
      },
    );
  }
}

/** The payload doesn't match its content coding, or is truncated. */
export class ContentEncodingInvalid extends PermanentError {
  override readonly name = 'ContentEncodingInvalid';

  constructor(what: string, coding: string, cause: unknown) {
    const problem = cause instanceof Error ? `: ${cause.message}` : '';
    super(`${what} is not valid ${coding}, as its Content-Encoding says${problem}`, {
      code: 'content_encoding_invalid',
      details: { coding },
      cause,
    });
  }
}

/** The payload doesn't match its checksum. */
export class PayloadChecksumMismatch extends PermanentError {
  override readonly name = 'PayloadChecksumMismatch';

  constructor(where: string, cause?: unknown) {
    super(`The payload ${where} doesn't match its checksum`, { code: 'payload_checksum_mismatch', cause });
  }
}

/** The handler read the payload's stream a second time. */
export class PayloadUsed extends CoatcheckError {
  override readonly name = 'PayloadUsed';
  readonly code = 'payload_used';

  constructor() {
    super(
      'The payload stream was already read: reuse what json(), text() or bytes() returned, or tee the stream',
    );
  }
}

/** The handler returned a value that can't be a result. */
export class ResultInvalid extends PermanentError {
  override readonly name = 'ResultInvalid';
  readonly problem: string;

  constructor(problem: string, cause?: unknown) {
    super(`The handler's result can't be published: ${problem}`, { code: 'result_invalid', cause });
    this.problem = problem;
  }
}

/** A message asks for a call of an HTTP service that it may not choose. */
export class CallRefused extends PermanentError {
  override readonly name = 'CallRefused';

  constructor(problem: string) {
    super(`The message asks for a call that isn't allowed: ${problem}`, { code: 'call_refused' });
  }
}

/** A response that isn't a success. */
export interface ServiceResponse {
  readonly status: number;
  readonly contentType: string | null;
  /** The beginning of its body. */
  readonly body: string;
}

/** An HTTP service rejected the call for good. */
export class ServiceRefused extends PermanentError {
  override readonly name = 'ServiceRefused';

  constructor(response: ServiceResponse) {
    super(`The service answered ${response.status}`, { code: 'service_refused', details: response });
  }
}

/** An HTTP service can't process the call now. */
export class ServiceUnavailable extends CoatcheckError {
  override readonly name = 'ServiceUnavailable';
  readonly code = 'service_unavailable';
  readonly response: ServiceResponse;

  constructor(response: ServiceResponse) {
    super(`The service answered ${response.status}: ${response.body}`);
    this.response = response;
  }
}

/** The message carries the id of a running request with another payload. */
export class RequestIdReused extends CoatcheckError {
  override readonly name = 'RequestIdReused';
  readonly code = 'request_id_reused';

  constructor() {
    super('The request was started with another payload and runs with that one');
  }
}

/** The request expired before it was started. */
export class ExpiredBeforeStart extends CoatcheckError {
  override readonly name = 'ExpiredBeforeStart';
  readonly code = 'request_expired';

  constructor() {
    super("The request's time was over before an attempt began");
  }
}

/** The output queue rejects the outcome in every form. */
export class OutcomeUnpublishable extends PermanentError {
  override readonly name = 'OutcomeUnpublishable';

  /** @param reason the queue's error */
  constructor(reason: string) {
    super(`The output queue rejects the outcome in every form; the last error is: ${reason}`, {
      code: 'outcome_unpublishable',
    });
  }
}

/** The client cancelled the request. */
export class CancelledByClient extends CoatcheckError {
  override readonly name = 'CancelledByClient';
  readonly code = 'request_cancelled';

  constructor() {
    super('The request was cancelled');
  }
}

/** A callback URL, or an address its host resolves to, is not allowed. */
export class CallbackRefused extends PermanentError {
  override readonly name = 'CallbackRefused';

  constructor(problem: string) {
    super(problem, { code: 'callback_refused' });
  }
}
