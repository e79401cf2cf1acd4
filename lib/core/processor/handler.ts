import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigurationError } from '../base/errors.ts';
import { definitionOf } from '../config/processor-brand.ts';
import { secretNameProblem } from '../config/secret-name.ts';
import { assertObject } from '../config/shape.ts';
import type { HttpCall } from '../model/http-call.ts';
import type { HandlerWrites } from '../ports/handler-writes.ts';
import type { Logger } from '../ports/telemetry.ts';

/** How a payload is streamed. */
export interface StreamOptions {
  /**
   * Whether to decode the payload's content codings. The decoded payload has at most `maxPayloadBytes`.
   * @default false
   */
  readonly decode?: boolean;
}

/** The request that a handler receives. */
export interface ProcessorRequest<Input = unknown, Secret extends string = never> {
  /** The ticket; the same on every attempt. */
  readonly id: string;
  /** Media type of the payload, if the sender set one. */
  readonly contentType: string | undefined;
  /**
   * Content codings of the payload, such as `gzip`, in the order they were applied; absent if there are none.
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
   */
  readonly contentEncoding: string | undefined;
  /** Languages of the payload's intended audience, if the sender set any. @see https://www.rfc-editor.org/rfc/rfc9110#section-8.5 */
  readonly contentLanguage: string | undefined;
  /** Size of the payload in bytes, before decoding, if known before it is read. */
  readonly size: number | undefined;
  /** The sender's metadata: message attributes, CloudEvents extensions, or the object's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tenant of the request, if the sender set one. */
  readonly tenant: string | undefined;
  /** The topic of the request, if the sender set one. */
  readonly topic: string | undefined;
  /**
   * The trace of the request, if the sender set one. Send it as a header with the calls that the handler makes.
   * @see https://www.w3.org/TR/trace-context/#traceparent-header
   */
  readonly traceparent: string | undefined;
  /** Data of tracing systems that belongs to {@link traceparent}. Send it along as a header. */
  readonly tracestate: string | undefined;
  /**
   * How the sender wants an HTTP service to be called. Only messages of TrueFoundry's async service can say so, and
   * `forwardTo()` follows it only where it is allowed. Undefined if the sender said nothing.
   */
  readonly http: HttpCall | undefined;
  /** The number of this attempt, from 1. It only grows, so other systems can use it as a fencing token. */
  readonly attempt: number;
  /**
   * Whether an operator tries a dead letter on this code before putting it back, by `coatcheck dead-letters redrive --rehearse`.
   * The result is thrown away, and so are checkpoints, progress and the writes of {@link complete}. What the handler does by
   * itself isn't: leave out what must happen for a real attempt only, such as a payment or an e-mail.
   */
  readonly isRehearsal: boolean;
  /** When {@link signal} fires. Later results aren't used. Undefined in a worker without a time limit. */
  readonly deadline: Date | undefined;
  /**
   * Fires shortly before the invocation or the worker ends, and when {@link checkpoint} suspends the attempt: stop, clean
   * up and throw. It also fires within about 10 seconds after the request was cancelled or another attempt took over.
   */
  readonly signal: AbortSignal;
  /**
   * The secrets that `processor({ secrets })` names. Read them in every attempt instead of keeping them, because they can be
   * replaced while the process runs.
   */
  readonly secrets: Readonly<Record<Secret, string>>;
  /**
   * Adds the id of the request, its tenant, its trace id and the attempt to every line. The values of {@link secrets} are
   * removed.
   */
  readonly logger: Logger;

  /**
   * Parses the payload as JSON, decoded if it has a content encoding (gzip, deflate, br or zstd). With an input schema, it
   * returns the schema's output.
   * @throws JsonInvalid, JsonTooDeep, PayloadEmpty for an event without data, PayloadLimitExceeded if it is larger than
   *   `maxBufferedBytes`
   */
  json(): Promise<Input>;
  /** Reads the payload as UTF-8 text, decoded. @throws PayloadLimitExceeded if it is larger than `maxBufferedBytes` */
  text(): Promise<string>;
  /** Reads the payload's bytes, decoded. @throws PayloadLimitExceeded if it is larger than `maxBufferedBytes` */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Streams the payload as it arrives, in constant memory. It can be read once. It keeps its content encoding unless
   * `decode` is set. After `json()`, `text()` or `bytes()` it comes from memory.
   * @throws PayloadUsed if it was streamed before
   */
  stream(options?: StreamOptions): ReadableStream<Uint8Array>;

  /**
   * The state of the latest {@link checkpoint}; undefined if there is none. An earlier version of the handler may have
   * saved it.
   */
  readonly state: unknown;

  /**
   * Saves how far the work has come, any JSON value. When the promise resolves, it is durable: after a crash, the next
   * attempt finds it as {@link state} and loses only what was done since. Attempts are counted from the latest checkpoint,
   * so a request may take any number of them as long as it makes progress.
   *
   * If the time that is left isn't enough for another slice like the last, the promise rejects, and the request continues
   * from here in another invocation, as the same attempt. Let the handler end by that error; its `finally` blocks run.
   * @throws CheckpointInvalid for a value that isn't data
   */
  checkpoint(state: unknown): Promise<void>;

  /**
   * Ends the request as succeeded, and makes writes of the handler in the transaction that records the outcome: both happen, or
   * neither. So the writes happen exactly once, whatever crashes. They must be in the store that has the record of the request:
   * its SQLite file, or DynamoDB. A handler that runs on both gives both kinds.
   *
   *     return request.complete(receipt, {
   *       sqlite: (tx) => tx.run('UPDATE app_accounts SET balance = balance - ? WHERE id = ?', amount, id),
   *     });
   *
   * When the promise resolves, the request has ended, and what the handler does later changes nothing. If it rejects, nothing was
   * written; a handler may call it again with other writes or throw, but a result that it returns doesn't end the request.
   *
   * In a {@link isRehearsal | rehearsal}, the promise resolves and the writes are dropped: the callback for SQLite isn't called,
   * and conditions for DynamoDB aren't evaluated.
   * @param result any result that a handler may return. A stream is stored before the transaction
   * @throws ConfigurationError for writes that the store doesn't make; WritesRefused if DynamoDB refuses one; whatever the callback
   *   for SQLite throws
   * @throws an error with the code `lease_lost` if another attempt took over the request, `request_cancelled` if it was cancelled,
   *   `attempt_suspended` after a checkpoint suspended it: let the handler end by these errors
   */
  complete(result: unknown, writes: HandlerWrites): Promise<void>;

  /**
   * Reports progress. It is logged at most every second, and recorded at most every 5 seconds.
   * @param fraction from 0 to 1
   */
  progress(fraction: number, note?: string): void;
}

/**
 * Your function. It may return any JSON value, bytes, a stream (any async iterable of bytes or text), a web `Response` of
 * any library, or nothing. It may throw {@link PermanentError} (fail now), {@link RetryLater} (retry after a delay), or
 * anything else (retry after a backoff).
 */
export type Handler<Input = unknown, Secret extends string = never> = (
  request: ProcessorRequest<Input, Secret>,
) => unknown;

/** Options of a processor. */
export interface ProcessorOptions<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Secret extends string = string,
> {
  /**
   * Any Standard Schema (Zod, Valibot, ArkType …). A request whose input doesn't match fails at once with the list
   * of issues. The handler gets the schema's output.
   * @default - the input isn't validated
   */
  readonly input?: Schema;

  /**
   * Names of secrets that the handler gets as `request.secrets`. On AWS their values come from Secrets Manager, as the prop
   * `secrets` of `AsyncService` says; elsewhere each is the environment variable of that name.
   * @default - no secrets
   */
  readonly secrets?: readonly Secret[];
}

/** A handler with its options. */
export interface Processor {
  readonly handler: Handler;
  readonly input?: StandardSchemaV1;
  /** The names of its secrets. */
  readonly secrets?: readonly string[];
}

/** Makes a processor from a handler. */
export function defineProcessor(handler: Handler): Processor;
export function defineProcessor<Schema extends StandardSchemaV1, Secret extends string = never>(
  options: ProcessorOptions<Schema, Secret>,
  handler: Handler<StandardSchemaV1.InferOutput<Schema>, Secret>,
): Processor;
export function defineProcessor(first: Handler | ProcessorOptions, second?: Handler): Processor {
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  if (typeof handler !== 'function') {
    throw new TypeError(
      `processor() needs a handler function, got ${handler === null ? 'null' : typeof handler}`,
    );
  }
  assertObject('processor()', options);
  const { input, secrets = [] } = options;
  if (input !== undefined && typeof input?.['~standard']?.validate !== 'function') {
    throw new TypeError('processor() takes an input that is a Standard Schema, such as a Zod schema');
  }
  for (const name of secrets) {
    const problem = secretNameProblem('Each of secrets in processor()', name);
    if (problem) throw new TypeError(problem);
  }
  return { handler, ...options };
}

/** The processor of a function that `processor()` returned; undefined for any other value. */
export function processorOf(value: unknown): Processor | undefined {
  const definition = definitionOf(value);
  return isProcessor(definition) ? definition : undefined;
}

/** The return value of `processor()`. */
export type ProcessorExport = (...args: never[]) => unknown;

/**
 * The processor of a function that `processor()` returned.
 * @param taker the API that takes the function, for the message of the error
 * @throws ConfigurationError for any other function
 */
export function requireProcessor(handler: ProcessorExport, taker: string): Processor {
  const processor = processorOf(handler);
  if (processor) return processor;
  throw new ConfigurationError(`${taker} takes what processor() returned, got ${typeof handler}`);
}

function isProcessor(value: unknown): value is Processor {
  return (
    typeof value === 'object' && value !== null && 'handler' in value && typeof value.handler === 'function'
  );
}
