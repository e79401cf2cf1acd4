import { setMaxListeners } from 'node:events';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InputInvalid, PayloadEmpty } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { requestFields } from '../base/log-fields.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { HttpCall } from '../model/http-call.ts';
import type { Progress } from '../model/request-record.ts';
import type { HandlerWrites } from '../ports/handler-writes.ts';
import type { SecretValues } from '../ports/secrets.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { ProcessorRequest, StreamOptions } from './handler.ts';
import type { Payload } from './payload.ts';

/** Everything about the request of an attempt except its payload. */
export interface HandlerContext extends TraceContext {
  readonly id: string;
  readonly tenant: string | undefined;
  readonly topic: string | undefined;
  readonly http?: HttpCall | undefined;
  readonly attempt: number;
  /** @default false */
  readonly isRehearsal?: boolean | undefined;
  /** When the handler is asked to stop; undefined while the time is unlimited. */
  readonly deadline: Date | undefined;
  /** Each of them asks the handler to stop. */
  readonly signals: readonly AbortSignal[];
  readonly secrets: SecretValues;
  readonly logger: Logger;
  readonly maxJsonDepth: number;
  /** The state of the latest checkpoint. */
  readonly state: unknown;
  readonly onCheckpoint: (state: unknown) => Promise<void>;
  readonly onComplete: (result: unknown, writes: HandlerWrites) => Promise<void>;
  /** Called whenever the handler reports progress. */
  readonly onProgress: (progress: Progress) => void;
}

/** Least time between two log lines of progress: a handler may report each of a million rows. */
const PROGRESS_LOG_INTERVAL_MILLISECONDS = 1_000;

/** The request that a handler receives. */
export class PayloadRequest implements ProcessorRequest {
  readonly #payload: Payload;
  readonly #context: HandlerContext;
  #logger: Logger | undefined;
  #signal: AbortSignal | undefined;
  #json: Promise<unknown> | undefined;
  #logProgressFrom = Number.NEGATIVE_INFINITY;

  constructor(payload: Payload, context: HandlerContext) {
    this.#payload = payload;
    this.#context = context;
  }

  get id() {
    return this.#context.id;
  }
  get tenant() {
    return this.#context.tenant;
  }
  get topic() {
    return this.#context.topic;
  }
  get traceparent() {
    return this.#context.traceparent;
  }
  get tracestate() {
    return this.#context.tracestate;
  }
  get http() {
    return this.#context.http;
  }
  get attempt() {
    return this.#context.attempt;
  }
  get isRehearsal() {
    return this.#context.isRehearsal ?? false;
  }
  get deadline() {
    return this.#context.deadline;
  }
  get state() {
    return this.#context.state;
  }
  get secrets() {
    return this.#context.secrets;
  }
  get contentType() {
    return this.#payload.contentType;
  }
  get contentEncoding() {
    return this.#payload.contentEncoding;
  }
  get contentLanguage() {
    return this.#payload.contentLanguage;
  }
  get size() {
    return this.#payload.size;
  }
  get metadata() {
    return this.#payload.metadata;
  }

  /** Created on first use: most handlers of small messages never log. */
  get logger() {
    this.#logger ??= this.#context.logger.child({ ...requestFields(this), attempt: this.attempt });
    return this.#logger;
  }

  /** Created on first use: most handlers end long before it fires. */
  get signal() {
    this.#signal ??= anyOf(this.#context.signals);
    return this.#signal;
  }

  json(): Promise<unknown> {
    this.#json ??= markHandled(this.#parse());
    return this.#json;
  }

  async #parse(): Promise<unknown> {
    const parsed = this.#payload.parsed();
    if (parsed) return parsed.value;
    const text = await this.text();
    if (text === '') throw new PayloadEmpty('of the request');
    return parseJson(text, 'The payload', this.#context.maxJsonDepth);
  }

  text(): Promise<string> {
    return markHandled(this.bytes().then((bytes) => new TextDecoder().decode(bytes)));
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return markHandled(this.#payload.bytes());
  }

  stream(options?: StreamOptions): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#payload.stream(options));
  }

  checkpoint(state: unknown): Promise<void> {
    return this.#context.onCheckpoint(state);
  }

  complete(result: unknown, writes: HandlerWrites): Promise<void> {
    return this.#context.onComplete(result, writes);
  }

  progress(fraction: number, note?: string): void {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new RangeError(`progress() takes a fraction from 0 to 1, got ${fraction}`);
    }
    this.#logProgress({ fraction, note });
    this.#context.onProgress({ fraction, note });
  }

  #logProgress(progress: Progress): void {
    const now = performance.now();
    if (now < this.#logProgressFrom) return;
    this.#logProgressFrom = now + PROGRESS_LOG_INTERVAL_MILLISECONDS;
    this.logger.info('Progress', { ...progress });
  }

  /**
   * Validates the payload with a schema. After that, {@link json} returns the schema's output.
   * @throws InputInvalid with the list of issues
   */
  async validate(schema: StandardSchemaV1): Promise<void> {
    const result = await schema['~standard'].validate(await this.json());
    if (result.issues) throw new InputInvalid(result.issues.map(describeIssue));
    this.#json = Promise.resolve(result.value);
  }
}

/** Marks a rejection as handled: the handler may await the promise late or never, and that must not crash the process. */
function markHandled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

/** A signal that fires with the first of these signals. */
function anyOf(signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  // A handler may pass the signal to any number of calls.
  setMaxListeners(0, signal);
  return signal;
}

function describeIssue({ message, path }: StandardSchemaV1.Issue) {
  const keys = path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return { message, path: keys?.join('.') };
}
