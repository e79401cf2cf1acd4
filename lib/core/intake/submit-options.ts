import type { Priority } from '../model/priority.ts';

/** What a program submits with a payload. */
export interface SubmitOptions {
  /** The customer or user that owns the request. */
  readonly tenant?: string;
  /** @default - `application/json` for JSON, `text/plain; charset=utf-8` for text, `application/octet-stream` for bytes */
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Submitting the same payload again with the same key within a day returns the first request. */
  readonly idempotencyKey?: string;
  /**
   * The request doesn't start before this time, up to 366 days ahead; it is `scheduled` until then. A time that has passed
   * means at once. Not in a service that keeps order.
   */
  readonly notBefore?: Date;
  /** A request that hasn't started by then expires. */
  readonly expiresAt?: Date;
  /**
   * The oldest version of the handler that may run it: 1 to 4 whole numbers with dots between them, such as `42` or `1.4.2`.
   * Needs a handler whose version is of that form.
   */
  readonly minVersion?: string;
  /** What it is about, for the processors and consumers that subscribe to it, such as `images.thumbnail`. */
  readonly topic?: string;
  /**
   * How urgent it is. Of ten requests that start, six are `high`, three `normal` and one `low`, while all three wait. Not in a
   * service that keeps order.
   * @default 'normal'
   */
  readonly priority?: Priority;
  /** Receives the request's webhooks, if the service sends any. */
  readonly callbackUrl?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}
