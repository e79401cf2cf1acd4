/** How far a submission is. */
export interface SubmissionProgress {
  /** Payload bytes that have arrived. It grows by whole calls: once for a small payload or a form, once a part. */
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** What goes with a payload. */
export interface SubmissionOptions {
  /** @default the `Blob`'s own type, `text/plain; charset=utf-8` for a string, else `application/octet-stream` */
  readonly contentType?: string;
  /**
   * Content codings the payload has, such as `gzip`: it is sent as it is. API Gateway takes no encoded payloads up to 4 MiB
   * whose content type is text, JSON, XML or JavaScript: give those `application/octet-stream`.
   */
  readonly contentEncoding?: string;
  /** Languages the payload is for, such as `en`. */
  readonly contentLanguage?: string;
  /**
   * Submitting again with the same key returns the first request, however the first call ended: 1 to 255 printable
   * ASCII characters, no space or quote at its ends. For payloads up to 4 MiB only.
   * @default a new one, so that the client's own retries can't submit twice
   */
  readonly idempotencyKey?: string;
  /** After that nobody waits for the outcome: a request that isn't begun by then is dropped. Text is RFC 3339. */
  readonly expiresAt?: Date | string;
  /** Where the outcome is sent, if the service has webhooks: https only. */
  readonly callbackUrl?: string;
  /** Notes for the processor, printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Stay on the line so long in case it ends meanwhile, 0 to 20. @default 0 */
  readonly waitSeconds?: number;
  /** The trace the request belongs to; one that isn't well-formed is left out. @see https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent?: string;
  /** What tracing systems add to `traceparent`; left out if that is. @see https://www.w3.org/TR/trace-context/#tracestate-header */
  readonly tracestate?: string;
  /** SHA-256 of the payload in base64, for the store to check; for payloads above 4 MiB, up to 5 GiB. */
  readonly sha256?: string;
  readonly onProgress?: (progress: SubmissionProgress) => void;
  readonly signal?: AbortSignal;
}

/** A time as RFC 3339. */
export function timeOf(time: Date | string | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}

/**
 * What can't be sent, or would arrive as something else, is refused before anything is.
 * @throws RangeError
 */
export function assertSubmittable({ metadata, idempotencyKey }: SubmissionOptions): void {
  if (metadata !== undefined) assertMetadata(metadata);
  if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey);
}

/** They travel as headers. */
function assertMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new RangeError(
        `metadata: a name is a token of letters, digits and -_., got ${JSON.stringify(name)}`,
      );
    }
    if (!/^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(value)) {
      throw new RangeError(
        `metadata: ${name} must be printable ASCII without spaces at its ends, got ${JSON.stringify(value)}`,
      );
    }
  }
}

/** It is sent as it is, without quotes. */
function assertIdempotencyKey(key: string): void {
  if (key.length > 255 || !/^[!#-~](?:[ -~]*[!#-~])?$/.test(key)) {
    throw new RangeError(
      `idempotencyKey has 1 to 255 printable ASCII characters, no space or quote at its ends, got ${JSON.stringify(key)}`,
    );
  }
}
