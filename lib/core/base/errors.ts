import { messageOf } from './serialize-error.ts';

/**
 * Lets `instanceof` know a class's errors by a mark, whichever copy of this package made them: a program may hold
 * several, such as one in a bundled dependency.
 * @param isSound whether an error of another version has what this version reads of it
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
      // Subclasses inherit this function. They are known by their prototypes.
      if (this !== branded) return Function.prototype[Symbol.hasInstance].call(this, error);
      return typeof error === 'object' && error !== null && mark in error && isSound(error);
    },
  });
}

/**
 * The base of every error this project throws: a code for programs, a message for people. `instanceof` knows it, and
 * the three classes a handler throws, across copies of this package.
 */
export abstract class CoatcheckError extends Error {
  static {
    brand(CoatcheckError, 'CoatcheckError');
  }

  /** Stable, lower_snake_case; what a failed outcome carries. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A setting is missing, out of range or contradicts another; the message names it. */
export class ConfigurationError extends CoatcheckError {
  readonly code = 'configuration_invalid';
}

/** What a {@link PermanentError} may carry besides its message. */
export interface PermanentErrorOptions extends ErrorOptions {
  /** Yours to choose; a consumer branches on it. @default 'handler_failed' */
  readonly code?: string;
  /** Facts for the consumer: JSON, published with the failure as `details`. */
  readonly details?: unknown;
}

/**
 * Trying again can't help: the request fails at once and its failure is published.
 * Throw it for input that will never be right.
 */
export class PermanentError extends CoatcheckError {
  static {
    brand(PermanentError, 'PermanentError');
  }

  readonly code: string;
  readonly details: unknown;

  constructor(message: string, options: PermanentErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? 'handler_failed';
    this.details = options.details;
  }
}

/**
 * Try again, after a wait you know better than the default backoff does (a `Retry-After`, say).
 * The wait counts as an attempt, since SQS counts it. It is at most 11 h 40 min, so that SQS's 12 hours hold, and at
 * most half of the time the message has left in the queue.
 */
export class RetryLater extends CoatcheckError {
  static {
    brand(RetryLater, 'RetryLater', (error) => 'delaySeconds' in error && isWait(error.delaySeconds));
  }

  readonly code: string = 'retry_later';
  readonly delaySeconds: number;

  /** @param delaySeconds wait before the next attempt; fractions are rounded up */
  constructor(
    delaySeconds: number,
    message = `to be tried again in ${delaySeconds} s`,
    options?: ErrorOptions,
  ) {
    super(message, options);
    assertWait("RetryLater's delay", delaySeconds);
    this.delaySeconds = delaySeconds;
  }
}

/** What a {@link DownstreamUnavailable} may carry besides its message. */
export interface DownstreamUnavailableOptions extends ErrorOptions {
  /** When it asked to be called again. @default - the usual wait */
  readonly retryAfterSeconds?: number;
}

/**
 * What every request needs is down: a database, a model, an API. The attempt doesn't count, and when five in a row find
 * it so, processing pauses until it may be back. Don't throw it for what only this request needs.
 */
export class DownstreamUnavailable extends CoatcheckError {
  static {
    brand(DownstreamUnavailable, 'DownstreamUnavailable', (error) => {
      const seconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
      return seconds === undefined || isWait(seconds);
    });
  }

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

/** What isn't such a number SQS would refuse, and a pause of it wouldn't begin or end. */
function assertWait(what: string, seconds: number): void {
  if (isWait(seconds)) return;
  throw new RangeError(`${what} must be a number of seconds from 0 up, got ${seconds}`);
}

function isWait(seconds: unknown): boolean {
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0;
}

/** What the service itself keeps things in can't be used: its table, bucket or queues. */
export class StoreUnavailable extends DownstreamUnavailable {
  override readonly code = 'store_unavailable';

  /** @param store says which */
  constructor(store: string, cause: unknown) {
    super(`${store} can't be used: ${messageOf(cause)}`, { cause });
  }
}

/** Another attempt was storing the result of the same request, and its object isn't there: it is tried again. */
export class ResultConflict extends CoatcheckError {
  readonly code = 'result_conflict';

  constructor(where: string, cause: unknown) {
    super(`Another attempt was storing the result ${where} at the same time, and it isn't there`, { cause });
  }
}

/** A message that looks like a known envelope and breaks its rules. */
export class EnvelopeMalformed extends PermanentError {
  constructor(envelope: string, problem: string) {
    super(`${envelope}: ${problem}`, { code: 'envelope_malformed', details: { envelope, problem } });
  }
}

/** Text that should be JSON and isn't. */
export class JsonInvalid extends PermanentError {
  constructor(what: string, cause: unknown) {
    const problem = cause instanceof Error ? unquoted(cause.message) : '';
    super(`${what} is not JSON${problem && `: ${problem}`}`, { code: 'json_invalid', cause });
  }
}

/** What V8 says of JSON without the text it quotes: it may be a payload, and errors are logged and published. */
function unquoted(message: string): string {
  return message.replace(/(?:^|, )(?:\.\.\.)?".*$/s, '');
}

/** JSON nested deeper than allowed. */
export class JsonTooDeep extends PermanentError {
  constructor(what: string, limit: number) {
    super(`${what} nests deeper than ${limit} levels`, { code: 'json_too_deep', details: { limit } });
  }
}

/** The input didn't match the processor's schema. */
export class InputInvalid extends PermanentError {
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

/** A claim check into a place the service may not read. */
export class ClaimCheckRefused extends PermanentError {
  constructor(bucket: string, key: string) {
    super(`The claim check s3://${bucket}/${key} is outside the places this service reads`, {
      code: 'claim_check_refused',
      details: { bucket, key },
    });
  }
}

/** The object a claim check names doesn't exist (any more). */
export class PayloadMissing extends PermanentError {
  constructor(where: string, cause?: unknown) {
    super(`The payload ${where} doesn't exist`, { code: 'payload_missing', cause });
  }
}

/** The object a claim check names may not be read. */
export class PayloadDenied extends PermanentError {
  constructor(where: string, cause?: unknown) {
    super(`The payload ${where} may not be read by this service`, { code: 'payload_denied', cause });
  }
}

/** The bucket a claim check names is in another region, where the service doesn't read. */
export class PayloadInOtherRegion extends PermanentError {
  /** @param region the bucket's, where S3 says so */
  constructor(where: string, region: string | undefined, cause?: unknown) {
    const place = region === undefined ? 'another region' : `the region ${region}`;
    super(
      `The payload ${where} is in ${place}, and this service reads from its own: copy it, or hand it in there`,
      { code: 'payload_in_other_region', details: { region }, cause },
    );
  }
}

/** A payload without a single byte, where there must be some. */
export class PayloadEmpty extends PermanentError {
  constructor(where: string) {
    super(`The payload ${where} is empty`, { code: 'payload_empty' });
  }
}

/** More bytes than allowed. */
export class PayloadTooLarge extends PermanentError {
  readonly limit: number;

  /** @param size bytes it has, or bytes read when the limit was passed */
  constructor(what: string, size: number, limit: number) {
    super(`${what} has ${size} bytes or more, allowed are ${limit}`, {
      code: 'payload_too_large',
      details: { size, limit },
    });
    this.limit = limit;
  }
}

/** The bytes ended elsewhere than the store had said: a broken connection, worth another attempt. */
export class PayloadCutShort extends CoatcheckError {
  readonly code = 'payload_cut_short';

  constructor(where: string, expected: number, actual: number) {
    super(`Reading the payload ${where} ended after ${actual} of ${expected} bytes`);
  }
}

/** The object has fewer or more bytes than its claim check says: not what was handed in. */
export class PayloadSizeMismatch extends PermanentError {
  constructor(where: string, expected: number, actual: number) {
    super(`The payload ${where} should have ${expected} bytes and has ${actual}`, {
      code: 'payload_size_mismatch',
      details: { expected, actual },
    });
  }
}

/** The payload isn't the one the request was begun with, which is gone. */
export class PayloadChanged extends PermanentError {
  constructor() {
    super(
      'The request was begun with another payload, which is gone: give another payload another request id',
      { code: 'payload_changed' },
    );
  }
}

/** The payload is in a content coding that can't be decoded here. */
export class ContentEncodingUnsupported extends PermanentError {
  constructor(contentEncoding: string, supported: readonly string[], most: number) {
    super(
      `Content-Encoding must be at most ${most} of ${supported.join(', ')}, got ${JSON.stringify(contentEncoding.slice(0, 100))}`,
      {
        code: 'content_encoding_unsupported',
        details: { contentEncoding: contentEncoding.slice(0, 100), supported },
      },
    );
  }
}

/** The payload isn't in the content coding it is said to be in, or is cut off. */
export class ContentEncodingInvalid extends PermanentError {
  constructor(what: string, coding: string, cause: unknown) {
    const problem = cause instanceof Error ? `: ${cause.message}` : '';
    super(`${what} isn't ${coding}, which its Content-Encoding names${problem}`, {
      code: 'content_encoding_invalid',
      details: { coding },
      cause,
    });
  }
}

/** The bytes are not those the checksum was made of. */
export class PayloadChecksumMismatch extends PermanentError {
  constructor(where: string, cause?: unknown) {
    super(`The payload ${where} doesn't match its checksum`, { code: 'payload_checksum_mismatch', cause });
  }
}

/** The handler read the payload's stream a second time. */
export class PayloadUsed extends CoatcheckError {
  readonly code = 'payload_used';

  constructor() {
    super('The payload was read already: keep what json(), text() or bytes() returned, or split the stream');
  }
}

/** The handler returned something that can't be a result. */
export class ResultInvalid extends PermanentError {
  constructor(problem: string, cause?: unknown) {
    super(`The handler's result can't be published: ${problem}`, { code: 'result_invalid', cause });
  }
}

/** An HTTP service answered that it won't do it. */
export class ServiceRefused extends PermanentError {
  constructor(status: number, body: string) {
    super(`The service answered ${status}`, { code: 'service_refused', details: { status, body } });
  }
}

/** An HTTP service answered that it can't do it now. */
export class ServiceUnavailable extends CoatcheckError {
  readonly code = 'service_unavailable';

  constructor(status: number, body: string) {
    super(`The service answered ${status}: ${body}`);
  }
}

/** The message has the id of a request that was begun with another payload and hasn't ended. */
export class RequestIdReused extends CoatcheckError {
  readonly code = 'request_id_reused';

  constructor() {
    super('The request was begun with another payload, which is the one that is run');
  }
}

/** Nobody waits for the request any more: its time was over before it was begun. */
export class RequestExpired extends CoatcheckError {
  readonly code = 'request_expired';

  constructor() {
    super("The request's time was over before an attempt began");
  }
}

/** The output queue takes the request's outcome in no form. */
export class OutcomeUnpublishable extends PermanentError {
  /** @param reason what the queue says */
  constructor(reason: string) {
    super(`The output queue refuses the outcome in every form, the last one with: ${reason}`, {
      code: 'outcome_unpublishable',
    });
  }
}

/** Its client doesn't want it any more. */
export class RequestCancelled extends CoatcheckError {
  readonly code = 'request_cancelled';

  constructor() {
    super('The request was cancelled');
  }
}

/** A callback URL the service doesn't call, or a host that leads to where it doesn't. */
export class CallbackRefused extends PermanentError {
  constructor(problem: string) {
    super(problem, { code: 'callback_refused' });
  }
}
