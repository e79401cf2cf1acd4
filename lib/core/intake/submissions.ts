import { createHash } from 'node:crypto';
import { single } from '../base/byte-streams.ts';
import { PayloadEmpty, PayloadLimitExceeded } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { BINARY_TYPE } from '../base/media-type.ts';
import { serializeError } from '../base/serialize-error.ts';
import { DAY_MILLISECONDS } from '../base/time.ts';
import type { ClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest, InlinePayload } from '../model/decoded-request.ts';
import { isEarly } from '../model/not-before.ts';
import { identityDigest } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';
import { type RequestTerms, termsOf } from '../model/request-terms.ts';
import { runNowId } from '../model/schedule.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdempotencyKeys, KeyUse } from '../ports/idempotency-keys.ts';
import type { SubmissionPlace, SubmissionQueue } from '../ports/message-sink.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import type { StoredRecord } from '../ports/record-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { RecordableRequest, RequestRecords } from '../records/request-records.ts';
import { encodeSubmission, type Submission } from '../wire/submission.ts';
import { assertLane } from './assert-lane.ts';
import { assertReadable } from './assert-readable.ts';
import { assertSchedulable } from './assert-schedulable.ts';
import { RequestRefused } from './errors.ts';
import { type SubmissionName, submissionNameOf } from './submission-name.ts';

/** A request as its client submits it, with the payload. */
export interface SubmitRequest extends RequestTerms {
  readonly tenant?: string;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Requests of a tenant with the same key run one after another, where the queue keeps order. */
  readonly orderingKey?: string;
  /** {@link RequestRecord.backlog} */
  readonly backlog?: number;
  /** The id of the request, if its client chose one: while the request is kept, submissions with the same id are one. */
  readonly id?: string;
  /** For a day, submissions with the same key are one request. Not beside an {@link id}. */
  readonly idempotencyKey?: string;
  /** The schedule that it is a run of, outside of its times: its id says so, and its key is one of that schedule. */
  readonly schedule?: string;
}

/** The settings of {@link Submissions}. */
export interface SubmissionSettings {
  readonly payloadPrefix: string;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxJsonDepth: number;
  /** How long a stored payload is kept, in days. @default - as long as its message */
  readonly uploadAgeDays?: number;
}

/** The ports of {@link Submissions}. */
export interface SubmissionPorts {
  readonly records: RequestRecords;
  readonly keys: IdempotencyKeys;
  readonly queue: SubmissionQueue;
  readonly store: PayloadStore;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Makes an unguessable request id that sorts by its time, in milliseconds since 1970. */
  readonly newId: (at: number) => string;
}

/** A request that can be sent and recorded. */
export interface PreparedRequest {
  readonly message: string;
  readonly record: StoredRecord;
  readonly place: SubmissionPlace;
}

/** A payload that can be sent again. */
export type KeptPayload = InlinePayload | ClaimCheck;

/** A request that is in the queue, or was. */
export interface AcceptedRequest {
  readonly record: RequestRecord;
  /** Whether it is an earlier request, with the same key and content. */
  readonly isRepeated: boolean;
}

/** A request whose id the API issued. */
type OwnRequest = RecordableRequest & Pick<Submission, 'source'>;

/** How long an idempotency key is remembered: a day. */
export const KEY_RETENTION_MILLISECONDS = DAY_MILLISECONDS;

/** Longest time that accepting a request takes: no invocation behind an HTTP API lives longer. */
export const ACCEPTING_MILLISECONDS = 30_000;

/** Accepts requests: sends a message to the input queue, and writes a record. */
export class Submissions {
  readonly #ports: SubmissionPorts;
  readonly #settings: SubmissionSettings;

  constructor(ports: SubmissionPorts, settings: SubmissionSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /**
   * Accepts a request. When this resolves, the request is in the queue.
   * @param id that of a schedule or a row of an outbox: no other request of the tenant has it. @default - a new one
   * @returns its record, or that of the earlier request with the same id or key and the same content
   * @throws PayloadEmpty, PayloadLimitExceeded, IdempotencyKeyTaken, IdempotencyKeyBusy, RequestIdTaken, RequestIdBusy;
   *   RequestRefused for what no message can hold, for a time that it can't wait for, and for a priority without a lane; any
   *   error of a port, after which the request may or may not be accepted
   */
  async submit(input: SubmitRequest, id?: string): Promise<RequestRecord> {
    return (await this.accept(input, id)).record;
  }

  /** Does as {@link submit}, and says whether there was an earlier request. */
  async accept(input: SubmitRequest, id?: string): Promise<AcceptedRequest> {
    this.#assertTakable(input);
    const name = submissionNameOf(input);
    if (!name) {
      const now = this.#ports.clock.now();
      assertSchedulable(input, this.#ports.queue, now);
      const isIssued = id === undefined && input.schedule === undefined;
      const record = await this.#accept(input, id ?? this.#newId(input, now), now, isIssued);
      return { record, isRepeated: false };
    }
    return this.#acceptOnce(input, name);
  }

  /**
   * Prepares a request without sending it, for a store that sends and records several in one step.
   * @param objectName names the stored payload, if the message has no room for it: different for different payloads
   * @throws as {@link submit}, except for what concerns idempotency keys
   */
  async prepare(
    input: Omit<SubmitRequest, 'id' | 'idempotencyKey'>,
    id: string,
    objectName: string,
  ): Promise<PreparedRequest> {
    this.#assertTakable(input);
    const { clock, queue, records } = this.#ports;
    const now = clock.now();
    assertSchedulable(input, queue, now);
    const request = requestOf(input, id);
    const message = await this.#message(input, request, now, objectName);
    return { message, record: records.submitted(request, now), place: this.#placeOf(input, request) };
  }

  /**
   * Prepares a new request from the message of an earlier one. Its payload isn't stored again, and it can start at once.
   * @param id of the new request
   */
  prepareRetry(earlier: DecodedRequest & { readonly payload: KeptPayload }, id: string): PreparedRequest {
    const { clock, records } = this.#ports;
    const { payload, contentType = BINARY_TYPE, contentEncoding, contentLanguage, metadata } = earlier;
    const now = clock.now();
    const terms = {
      ...termsOf(earlier),
      notBefore: undefined,
      expiresAt: undefined,
      countsAsWaiting: undefined,
    };
    const { tenant } = earlier;
    const request = { id, source: '', tenant, metadata, ...terms, retryOf: earlier.id } as const;
    const kept =
      'inline' in payload
        ? { bytes: Buffer.from(payload.inline) }
        : { check: payload, size: payload.size ?? 0 };
    const about = { contentType, contentEncoding, contentLanguage };
    const message = encodeSubmission(
      { ...request, submittedAt: now, ...about, payload: kept },
      this.#settings,
    );
    const { priority } = request;
    return {
      message,
      record: records.submitted(request, now),
      place: { requestId: id, ...(priority !== undefined && { priority }) },
    };
  }

  /**
   * Submits a new request from the message of an earlier one. When this resolves, it is in the queue.
   * @param id of the new request: with the same id again, it is the same request
   */
  async retry(earlier: DecodedRequest & { readonly payload: KeptPayload }, id: string): Promise<void> {
    const { message, record, place } = this.prepareRetry(earlier, id);
    const { request, createdAt } = record.record;
    await this.#ports.queue.send(message, request.tenant, place);
    await this.#record({ ...request, metadata: earlier.metadata }, createdAt);
  }

  /** @throws PayloadEmpty, PayloadLimitExceeded, RequestRefused */
  #assertTakable(input: SubmitRequest): void {
    const { byteLength } = input.payload;
    if (byteLength === 0) throw new PayloadEmpty('of the request');
    if (byteLength > this.#settings.maxPayloadBytes) {
      throw new PayloadLimitExceeded('The payload', byteLength, this.#settings.maxPayloadBytes);
    }
    assertReadable(input);
    assertLane(input.priority, this.#ports.queue.priorities);
  }

  /**
   * Finds the record of an earlier request with the same id or key and the same content. Used before a request is rejected: it
   * may have been accepted already, and only the response was lost.
   * @throws IdempotencyKeyTaken, IdempotencyKeyBusy, RequestIdTaken, RequestIdBusy
   */
  async findEarlier(input: SubmitRequest): Promise<RequestRecord | undefined> {
    const name = submissionNameOf(input);
    if (!name) return undefined;
    const use = await this.#ports.keys.find(input.tenant, name.key, this.#ports.clock.now());
    return use && this.#earlierRecord(use, input, name);
  }

  /**
   * Has the message of a request that was cancelled before its time delivered now, so that the outcome is published. Never
   * rejects: otherwise the message comes at its time.
   */
  async promote({ request, status }: RequestRecord): Promise<void> {
    const { queue, clock, logger } = this.#ports;
    if (!queue.promote || status !== 'cancelled' || !isEarly(request, clock.now())) return;
    try {
      await queue.promote(request);
    } catch (error) {
      const fields = { ...requestFields(request), error: serializeError(error) };
      logger.warn('The outcome of a cancelled request is published at its time only', fields);
    }
  }

  async #acceptOnce(input: SubmitRequest, name: SubmissionName): Promise<AcceptedRequest> {
    const fresh = this.#use(input);
    assertSchedulable(input, this.#ports.queue, fresh.usedAt);
    const known = await this.#knownRecord(input, name);
    if (known) return { record: known, isRepeated: true };
    const use = await this.#ports.keys.take(input.tenant, name.key, fresh);
    const earlier =
      use.requestId === fresh.requestId ? undefined : await this.#earlierRecord(use, input, name);
    if (earlier) return { record: earlier, isRepeated: true };
    // Either the first call with the name crashed: it may have sent the message, and a second message is the same request. Or the
    // name is an id whose request is no longer kept: then this is a new request.
    const at = input.id === undefined ? use.usedAt : fresh.usedAt;
    const isIssued = input.id === undefined && input.schedule === undefined;
    return { record: await this.#accept(input, idOf(use, input), at, isIssued), isRepeated: false };
  }

  /**
   * The record of the request that has the chosen id; undefined if none has.
   * @throws RequestIdTaken if it is that of a message, an upload or a schedule
   */
  async #knownRecord(input: SubmitRequest, name: SubmissionName): Promise<RequestRecord | undefined> {
    if (input.id === undefined || !(await this.#find(input.id, input))) return undefined;
    const earlier = await this.findEarlier(input);
    if (!earlier) throw name.taken();
    return earlier;
  }

  /** The record of an earlier request with the name; undefined if the call that accepted it crashed. */
  async #earlierRecord(
    use: KeyUse,
    input: SubmitRequest,
    name: SubmissionName,
  ): Promise<RequestRecord | undefined> {
    if (use.fingerprint !== fingerprintOf(input)) throw name.taken();
    const earlier = await this.#find(idOf(use, input), input);
    const isBusy = this.#ports.clock.now() < use.usedAt + ACCEPTING_MILLISECONDS;
    if (!earlier && isBusy) throw name.busy();
    return earlier;
  }

  #find(id: string, { tenant }: SubmitRequest): Promise<RequestRecord | undefined> {
    return this.#ports.records.find({ id, source: '', tenant });
  }

  #use(input: SubmitRequest): KeyUse {
    const usedAt = this.#ports.clock.now();
    return {
      requestId: this.#newId(input, usedAt),
      fingerprint: fingerprintOf(input),
      usedAt,
      keptUntil: this.#rememberedUntil(input, usedAt),
    };
  }

  /** The id of a request that has none yet. */
  #newId({ schedule }: SubmitRequest, at: number): string {
    return schedule === undefined ? this.#ports.newId(at) : runNowId({ name: schedule }, at);
  }

  /** Until when the use of a name is remembered. */
  #rememberedUntil(input: SubmitRequest, usedAt: number): number {
    if (input.id === undefined) return usedAt + KEY_RETENTION_MILLISECONDS;
    const request = requestOf(input, input.id);
    // Each change of a record keeps it for longer: the last one comes while the first record would be kept.
    const { keptUntil } = this.#ports.records.submitted(request, usedAt);
    return this.#ports.records.submitted(request, keptUntil).keptUntil;
  }

  /**
   * Sends the message and writes the record in one transaction, if the queue can. Otherwise it sends the message first: a
   * record without a message would wait forever, but a message without a record creates one.
   * @param isIssued whether this service made the id. Two tenants can have the same other id
   */
  async #accept(input: SubmitRequest, id: string, at: number, isIssued: boolean): Promise<RequestRecord> {
    const { tenant } = input;
    const request = requestOf(input, id);
    const { queue, records } = this.#ports;
    const objectName = isIssued ? id : identityDigest('payload', request);
    const message = await this.#message(input, request, at, objectName);
    const place = this.#placeOf(input, request);
    const sendRecorded = queue.sendRecorded?.bind(queue);
    if (sendRecorded) {
      return records.submit(request, at, true, undefined, (record) =>
        sendRecorded(message, tenant, record, place),
      );
    }
    await queue.send(message, tenant, place);
    return this.#record(request, at, input.backlog);
  }

  #placeOf({ orderingKey, notBefore, priority }: SubmitRequest, request: OwnRequest): SubmissionPlace {
    return {
      requestId: request.id,
      ...(orderingKey !== undefined && { orderingKey }),
      ...(isEarly(request, this.#ports.clock.now()) && { notBefore }),
      ...(priority !== undefined && { priority }),
    };
  }

  async #message(
    input: SubmitRequest,
    request: OwnRequest,
    submittedAt: number,
    objectName: string,
  ): Promise<string> {
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
      if (this.#canSend(message, request)) return message;
    }
    this.#assertKept(request);
    const stored = await this.#stored(payload, contentType, objectName);
    return encodeSubmission({ ...submission, payload: stored }, this.#settings);
  }

  #canSend(message: string, request: OwnRequest): boolean {
    const { queue, clock } = this.#ports;
    if (Buffer.byteLength(message) > queue.maxBytes) return false;
    return !isEarly(request, clock.now()) || (queue.canDelay?.(message) ?? true);
  }

  /** @throws RequestRefused if the payload would be deleted before the request may start */
  #assertKept({ notBefore = 0 }: OwnRequest): void {
    const { uploadAgeDays = Number.POSITIVE_INFINITY } = this.#settings;
    if (notBefore <= this.#ports.clock.now() + uploadAgeDays * DAY_MILLISECONDS) return;
    throw new RequestRefused(
      'not_before_unsupported',
      `A payload that is stored is kept for ${uploadAgeDays} days, and the request may start at ` +
        `${new Date(notBefore).toISOString()}: schedule it earlier, or with a smaller payload`,
    );
  }

  async #stored(payload: Uint8Array, contentType: string, name: string) {
    const key = `${this.#settings.payloadPrefix}${name}`;
    const never = new AbortController().signal;
    const { check, size } = await this.#ports.store.save(key, single(payload), contentType, never);
    return { check, size };
  }

  /** Never rejects: the request is accepted even if its record can't be written, since the claim writes one. */
  async #record(request: RecordableRequest, at: number, backlog?: number): Promise<RequestRecord> {
    try {
      return await this.#ports.records.submit(request, at, true, backlog);
    } catch (error) {
      const fields = { ...requestFields(request), error: serializeError(error) };
      this.#ports.logger.warn('A request was accepted but could not be recorded yet', fields);
      return this.#ports.records.submitted(request, at, true, backlog).record;
    }
  }
}

/** The id of the request that a name is used for. */
function idOf({ requestId }: KeyUse, { id }: SubmitRequest): string {
  return id ?? requestId;
}

function requestOf(input: SubmitRequest, id: string): OwnRequest {
  return { id, source: '', tenant: input.tenant, metadata: input.metadata, ...termsOf(input) };
}

/** A digest of everything that distinguishes a request from another with the same key. */
export function fingerprintOf(input: SubmitRequest): string {
  const { payload, contentType, contentEncoding, contentLanguage, metadata, expiresAt } = input;
  const { notBefore, callbackUrl, minVersion, orderingKey, topic, priority } = input;
  const notes = Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1));
  // Without a callback URL the fingerprint stays the same as before callback URLs existed.
  const callback = callbackUrl === undefined ? [] : [callbackUrl];
  const versioned = minVersion === undefined ? [] : [{ minVersion }];
  const ordered = orderingKey === undefined ? [] : [{ orderingKey }];
  const about = topic === undefined ? [] : [{ topic }];
  const scheduled = notBefore === undefined ? [] : [{ notBefore }];
  const urgent = priority === undefined ? [] : [{ priority }];
  const coded = (contentEncoding ?? contentLanguage) ? [{ contentEncoding, contentLanguage }] : [];
  return createHash('sha256')
    .update(
      JSON.stringify([
        contentType,
        notes,
        expiresAt ?? null,
        ...callback,
        ...coded,
        ...versioned,
        ...ordered,
        ...about,
        ...scheduled,
        ...urgent,
      ]),
    )
    .update(payload)
    .digest('hex');
}
