import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import {
  checkOptions,
  concealed,
  DATE,
  FLAG,
  having,
  type MemberShapes,
  NUMBER,
  recordOf,
  SIGNAL,
  TEXT,
} from '../core/config/shape.ts';
import { payloadBytes } from '../core/intake/payload-bytes.ts';
import type { HttpCall } from '../core/model/http-call.ts';
import type { Progress } from '../core/model/request-record.ts';
import type { HandlerWrites } from '../core/ports/handler-writes.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import type { ProcessorRequest } from '../core/processor/handler.ts';
import { inlinePayload } from '../core/processor/payload.ts';
import { PayloadRequest } from '../core/processor/request.ts';
import { CollectingLogger } from './collecting-logger.ts';

/** What a fake request has. */
export interface FakeRequestOptions<Secret extends string = string> {
  /** The payload: text, bytes, or a value for JSON. @default - no bytes */
  readonly payload?: unknown;
  /** @default 'request-1' */
  readonly id?: string;
  readonly tenant?: string;
  readonly topic?: string;
  /** @default - `application/json` for JSON, `text/plain; charset=utf-8` for text, `application/octet-stream` for bytes */
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** How the sender wants an HTTP service to be called. @default - it says nothing */
  readonly http?: HttpCall;
  /** @default 1 */
  readonly attempt?: number;
  /** @default false */
  readonly isRehearsal?: boolean;
  /** Values of the secrets. @default - none */
  readonly secrets?: Readonly<Record<Secret, string>>;
  /** The state of an earlier checkpoint. @default - none */
  readonly state?: unknown;
  /** @default - in a minute */
  readonly deadline?: Date;
  /** @default - a signal that never fires */
  readonly signal?: AbortSignal;
  /** @default - a logger that writes nothing */
  readonly logger?: Logger;
}

/** A request for a handler alone. */
export interface FakeRequest<Input = unknown, Secret extends string = never>
  extends ProcessorRequest<Input, Secret> {
  /** What the handler reported by `progress()`, in order. */
  readonly reported: readonly Progress[];
  /** The states that the handler saved by `checkpoint()`, in order. */
  readonly saved: readonly unknown[];
  /** What the handler passed to `complete()`, in order. Nothing was written. */
  readonly completions: readonly FakeCompletion[];
}

const OPTIONS: Partial<MemberShapes<FakeRequestOptions>> = {
  id: TEXT,
  tenant: TEXT,
  topic: TEXT,
  contentType: TEXT,
  metadata: recordOf(TEXT),
  attempt: NUMBER,
  isRehearsal: FLAG,
  secrets: concealed(recordOf(concealed(TEXT))),
  deadline: DATE,
  signal: SIGNAL,
  logger: having('info', 'a logger'),
};

/** What a handler passed to `complete()`. */
export interface FakeCompletion {
  readonly result: unknown;
  readonly writes: HandlerWrites;
}

/**
 * A request for a test of a handler without a service.
 *
 *     await resize(fakeRequest({ json: { width: 100 } }));
 *
 * @param options.json what `request.json()` returns: the output of the input schema
 */
export function fakeRequest<Input, Secret extends string = never>(
  options: Omit<FakeRequestOptions<Secret>, 'payload'> & { readonly json: Input },
): FakeRequest<Input, Secret>;
export function fakeRequest<Secret extends string = never>(
  options?: FakeRequestOptions<Secret>,
): FakeRequest<unknown, Secret>;
export function fakeRequest(given: FakeRequestOptions & { readonly json?: unknown } = {}): FakeRequest {
  checkOptions<FakeRequestOptions>('fakeRequest()', given, OPTIONS);
  const { json, payload = json, ...options } = given;
  const reported: Progress[] = [];
  const saved: unknown[] = [];
  const completions: FakeCompletion[] = [];
  const { bytes, contentType } = payloadBytes(
    payload === undefined ? new Uint8Array() : payload,
    options.contentType,
  );
  const { metadata = {}, contentEncoding, contentLanguage } = options;
  const request = new PayloadRequest(
    inlinePayload(
      { inline: bytes },
      { contentType, contentEncoding, contentLanguage, metadata },
      {
        maxPayloadBytes: NUMBER_SETTINGS.maxPayloadBytes.default,
        maxBufferedBytes: NUMBER_SETTINGS.maxBufferedBytes.default,
        claimCheckSources: [],
      },
    ),
    {
      id: options.id ?? 'request-1',
      tenant: options.tenant,
      topic: options.topic,
      http: options.http,
      traceparent: options.traceparent,
      tracestate: options.tracestate,
      attempt: options.attempt ?? 1,
      isRehearsal: options.isRehearsal,
      deadline: options.deadline ?? new Date(Date.now() + 60_000),
      signals: [options.signal ?? new AbortController().signal],
      secrets: options.secrets ?? {},
      logger: options.logger ?? new CollectingLogger(),
      maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default,
      state: options.state,
      onCheckpoint: async (state) => void saved.push(structuredClone(state)),
      onComplete: async (result, writes) => void completions.push({ result, writes }),
      onProgress: (progress) => reported.push(progress),
    },
  );
  return Object.assign(request, {
    reported,
    saved,
    completions,
    ...(json !== undefined && { json: async () => json }),
  });
}
