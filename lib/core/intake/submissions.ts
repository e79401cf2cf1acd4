import { createHash } from 'node:crypto';
import { single } from '../base/byte-streams.ts';
import { PayloadEmpty, PayloadTooLarge } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import { created, type RecordedRequest, type RequestRecord } from '../model/request-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdempotencyKeys, KeyUse } from '../ports/idempotency-keys.ts';
import type { SubmissionQueue } from '../ports/message-sink.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { RequestRecords } from '../records/request-records.ts';
import { encodeSubmission, type Submission } from '../wire/submission.ts';
import { IdempotencyKeyBusy, IdempotencyKeyReused } from './errors.ts';

/** A request as its client hands it in, payload and all. */
export interface SubmitRequest extends TraceContext {
  readonly tenant?: string;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whom to tell the outcome, if anybody in particular. */
  readonly callbackUrl?: string;
  /** Milliseconds since 1970 after which nobody waits for it any more. */
  readonly expiresAt?: number;
  /** The same order under the same key is the same request. */
  readonly idempotencyKey?: string;
}

/** What submissions need of the settings. */
export interface SubmissionSettings {
  readonly payloadPrefix: string;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxJsonDepth: number;
}

/** What submissions reach the world through. */
export interface SubmissionPorts {
  readonly records: RequestRecords;
  readonly keys: IdempotencyKeys;
  readonly queue: SubmissionQueue;
  readonly store: PayloadStore;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A request id nobody can guess, which sorts by its time: milliseconds since 1970. */
  readonly newId: (at: number) => string;
}

/** A request with an id of our own. */
type OwnRequest = RecordedRequest & Pick<Submission, 'source'>;

/** How long an idempotency key stands for its request: a day. */
export const KEY_RETENTION_MILLISECONDS = 86_400_000;

/** How long whoever takes a request may be at it: no invocation behind an HTTP API lives longer. */
export const TAKING_MILLISECONDS = 30_000;

/** Until a client should ask again what became of a request that is just being taken. */
const BUSY_RETRY_SECONDS = 1;

/** Takes orders: an order becomes a message on the input queue and a record, in this order. */
export class Submissions {
  readonly #ports: SubmissionPorts;
  readonly #settings: SubmissionSettings;

  constructor(ports: SubmissionPorts, settings: SubmissionSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /**
   * Takes an order. Once this resolves the request is in the queue.
   * @returns the record of its request, or of the one that was made of the same order under the same key before
   * @throws PayloadEmpty, PayloadTooLarge, IdempotencyKeyReused, IdempotencyKeyBusy, or what a port threw: then it is
   *   not known whether it was taken
   */
  async submit(input: SubmitRequest): Promise<RequestRecord> {
    const { byteLength } = input.payload;
    if (byteLength === 0) throw new PayloadEmpty('of the request');
    if (byteLength > this.#settings.maxPayloadBytes) {
      throw new PayloadTooLarge('The payload', byteLength, this.#settings.maxPayloadBytes);
    }
    const { idempotencyKey } = input;
    if (idempotencyKey === undefined) {
      const now = this.#ports.clock.now();
      return this.#take(input, this.#ports.newId(now), now);
    }
    return this.#takeOnce(input, idempotencyKey);
  }

  /**
   * The record of the request that was made of the same order under the same key before, if there is one. For an order
   * that isn't to be taken: it may have been, and the answer lost.
   * @throws IdempotencyKeyReused, IdempotencyKeyBusy
   */
  async takenBefore(input: SubmitRequest): Promise<RequestRecord | undefined> {
    const { idempotencyKey: key, tenant } = input;
    if (key === undefined) return undefined;
    const use = await this.#ports.keys.find(tenant, key, this.#ports.clock.now());
    return use && this.#takenFor(use, input, key);
  }

  async #takeOnce(input: SubmitRequest, key: string): Promise<RequestRecord> {
    const fresh = this.#use(input);
    const use = await this.#ports.keys.take(input.tenant, key, fresh);
    const taken = use.requestId === fresh.requestId ? undefined : await this.#takenFor(use, input, key);
    // Whoever had the key first is gone and may have sent the message: sent again it is the same request.
    return taken ?? this.#take(input, use.requestId, use.usedAt);
  }

  /** The record of the request an earlier use of a key was for; undefined when whoever used it is gone. */
  async #takenFor(use: KeyUse, input: SubmitRequest, key: string): Promise<RequestRecord | undefined> {
    const { records, clock } = this.#ports;
    if (use.fingerprint !== fingerprintOf(input)) throw new IdempotencyKeyReused(key);
    const taken = await records.find({ id: use.requestId, source: '', tenant: input.tenant });
    if (!taken && clock.now() < use.usedAt + TAKING_MILLISECONDS) {
      throw new IdempotencyKeyBusy(key, BUSY_RETRY_SECONDS);
    }
    return taken;
  }

  #use(input: SubmitRequest): KeyUse {
    const usedAt = this.#ports.clock.now();
    return {
      requestId: this.#ports.newId(usedAt),
      fingerprint: fingerprintOf(input),
      usedAt,
      keptUntil: usedAt + KEY_RETENTION_MILLISECONDS,
    };
  }

  /** The message first: a record without a message would wait for ever, a message without a record gets one. */
  async #take(input: SubmitRequest, id: string, at: number): Promise<RequestRecord> {
    const { tenant, traceparent, tracestate, callbackUrl, expiresAt } = input;
    const trace = { traceparent, tracestate };
    const request = { id, source: '', tenant, ...trace, callbackUrl, expiresAt } as const;
    await this.#ports.queue.send(await this.#message(input, request, at), tenant);
    return this.#record(request, at);
  }

  async #message(input: SubmitRequest, request: OwnRequest, submittedAt: number): Promise<string> {
    const { contentType, contentEncoding, contentLanguage, metadata, payload } = input;
    const submission: Submission = {
      ...request,
      submittedAt,
      contentType,
      contentEncoding,
      contentLanguage,
      metadata,
      payload: { bytes: payload },
    };
    if (payload.byteLength <= this.#settings.inlineLimitBytes) {
      const message = encodeSubmission(submission, this.#settings);
      if (Buffer.byteLength(message) <= this.#ports.queue.maxBytes) return message;
    }
    const stored = await this.#stored(payload, contentType, request.id);
    return encodeSubmission({ ...submission, payload: stored }, this.#settings);
  }

  async #stored(payload: Uint8Array, contentType: string, id: string) {
    const key = `${this.#settings.payloadPrefix}${id}`;
    const never = new AbortController().signal;
    const { check, size } = await this.#ports.store.save(key, single(payload), contentType, never);
    return { check, size };
  }

  /** The request is taken, whether its record can be written or not: whoever claims it writes one. */
  async #record(request: RecordedRequest, at: number): Promise<RequestRecord> {
    try {
      return await this.#ports.records.submit(request, at, true);
    } catch (error) {
      const fields = { ...requestFields(request), error: serializeError(error) };
      this.#ports.logger.warn('A request was taken and could not be recorded yet', fields);
      return created({ type: 'submit', request, uploaded: true }, at);
    }
  }
}

/** Stands for all of an order that decides what its request is. */
function fingerprintOf(input: SubmitRequest): string {
  const { payload, contentType, contentEncoding, contentLanguage, metadata, expiresAt, callbackUrl } = input;
  const notes = Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1));
  // An order without one has the fingerprint it had before there were any.
  const callback = callbackUrl === undefined ? [] : [callbackUrl];
  const coded = (contentEncoding ?? contentLanguage) ? [{ contentEncoding, contentLanguage }] : [];
  return createHash('sha256')
    .update(JSON.stringify([contentType, notes, expiresAt ?? null, ...callback, ...coded]))
    .update(payload)
    .digest('hex');
}
