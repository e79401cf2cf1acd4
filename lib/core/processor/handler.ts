import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Logger } from '../ports/telemetry.ts';

/** How a payload is streamed. */
export interface StreamOptions {
  /**
   * Whether to undo the payload's content codings on the way. What they decode to has at most `maxPayloadBytes`.
   * @default false
   */
  readonly decode?: boolean;
}

/** A request, as a handler sees it. */
export interface ProcessorRequest<Input = unknown> {
  /** The ticket: the same on every attempt. */
  readonly id: string;
  /** Media type of the payload, if its sender named one. */
  readonly contentType: string | undefined;
  /**
   * Content codings of the payload in the order they were applied, such as `gzip`, where it has any.
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
   */
  readonly contentEncoding: string | undefined;
  /** Languages the payload is for, where its sender said so. @see https://www.rfc-editor.org/rfc/rfc9110#section-8.5 */
  readonly contentLanguage: string | undefined;
  /** Bytes of the payload as it was sent, before it is decoded, where known before it is read. */
  readonly size: number | undefined;
  /** What the sender noted: message attributes, CloudEvents extensions, the object's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tenant of the request, if its sender named one. */
  readonly tenant: string | undefined;
  /**
   * The trace the request belongs to, where its sender said so: a header for the calls a handler makes for it.
   * @see https://www.w3.org/TR/trace-context/#traceparent-header
   */
  readonly traceparent: string | undefined;
  /** What tracing systems add to {@link traceparent}: a header to send beside it. */
  readonly tracestate: string | undefined;
  /** Which attempt this is, from 1. It only grows, so that what a handler calls can refuse an earlier attempt by it. */
  readonly attempt: number;
  /** When {@link signal} fires: results that come later are not used. */
  readonly deadline: Date;
  /**
   * Fires shortly before the invocation ends: stop, clean up, throw. Where {@link progress} is reported, it also fires
   * soon after the request was cancelled or another attempt took over.
   */
  readonly signal: AbortSignal;
  /** Adds the request's id, its tenant, its trace's id and the attempt to every line. */
  readonly logger: Logger;

  /**
   * The payload as JSON, decoded if it has a content encoding (gzip, deflate, br or zstd); with an input schema, as the
   * schema returned it.
   * @throws JsonInvalid, JsonTooDeep, PayloadEmpty for an event without data, PayloadTooLarge when it is larger than
   *   `maxBufferedBytes`
   */
  json(): Promise<Input>;
  /** The payload as UTF-8 text, decoded. @throws PayloadTooLarge when it is larger than `maxBufferedBytes` */
  text(): Promise<string>;
  /** The payload's bytes, decoded. @throws PayloadTooLarge when it is larger than `maxBufferedBytes` */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The payload as it arrives, in constant memory; to be read once. It is as it was sent, with its content encoding,
   * unless `decode` is asked for. After `json()`, `text()` or `bytes()` it comes from
   * memory.
   * @throws PayloadUsed the second time
   */
  stream(options?: StreamOptions): ReadableStream<Uint8Array>;

  /**
   * Reports progress. It is logged, and recorded at most every 5 seconds.
   * @param fraction from 0 to 1
   */
  progress(fraction: number, note?: string): void;
}

/**
 * What a team writes. It may return any JSON value, bytes, a stream (anything async-iterable that yields bytes or
 * text), a web `Response` of whatever library, or nothing. It may throw {@link PermanentError} (fail now),
 * {@link RetryLater} (try again after a wait), or anything else (try again after a backoff).
 */
export type Handler<Input = unknown> = (request: ProcessorRequest<Input>) => unknown;

/** Options of a processor. */
export interface ProcessorOptions<Schema extends StandardSchemaV1 = StandardSchemaV1> {
  /**
   * Any Standard Schema (Zod, Valibot, ArkType …). Input that doesn't match fails at once with the list of issues;
   * the handler gets what the schema returned.
   * @default - the input is not checked
   */
  readonly input?: Schema;
}

/** A handler with its options: what the engine runs. */
export interface Processor {
  readonly handler: Handler;
  readonly input?: StandardSchemaV1;
}

/** The processor of a handler. */
export function defineProcessor(handler: Handler): Processor;
export function defineProcessor<Schema extends StandardSchemaV1>(
  options: ProcessorOptions<Schema>,
  handler: Handler<StandardSchemaV1.InferOutput<Schema>>,
): Processor;
export function defineProcessor(first: Handler | ProcessorOptions, second?: Handler): Processor {
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  if (typeof handler !== 'function') {
    throw new TypeError(
      `processor() needs a handler function, got ${handler === null ? 'null' : typeof handler}`,
    );
  }
  const { input } = options;
  if (input !== undefined && typeof input?.['~standard']?.validate !== 'function') {
    throw new TypeError('processor() takes an input that is a Standard Schema, such as a Zod schema');
  }
  return { handler, ...options };
}
