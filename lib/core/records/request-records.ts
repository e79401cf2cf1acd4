import { CoatcheckError } from '../base/errors.ts';
import { keptMetadata, type Metadata } from '../model/kept-metadata.ts';
import { isEarly } from '../model/not-before.ts';
import type { Outcome } from '../model/outcome.ts';
import type { PinnedPayload } from '../model/pinned-payload.ts';
import type { ClaimEvent, RecordEvent } from '../model/record-event.ts';
import { bringsOther, created, isDeadLetter } from '../model/record-transition.ts';
import { identityDigest, type RequestIdentity } from '../model/request-id.ts';
import {
  type DeadLetterState,
  deadLetterOf,
  type RecordedRequest,
  type RequestRecord,
} from '../model/request-record.ts';
import { termsOf } from '../model/request-terms.ts';
import type { RecordStore, StoredRecord } from '../ports/record-store.ts';
import { Lease } from './lease.ts';
import { type Applied, RecordWriter } from './record-writer.ts';

/** The result of a claim. */
export type Claim =
  | { readonly status: 'claimed'; readonly lease: Lease }
  | { readonly status: 'running'; readonly leaseEndsAt: number }
  /** The code is older than the request asks for. */
  | { readonly status: 'version_too_old' }
  /** The request must not start before this time, in milliseconds since 1970. */
  | { readonly status: 'too_early'; readonly notBefore: number }
  /** Another message runs the request, with another payload. */
  | { readonly status: 'other_payload' }
  | {
      readonly status: 'finished';
      readonly outcome: Outcome;
      readonly deadLetter: DeadLetterState;
      /** Whether the request was started with another payload than that of the message. */
      readonly otherPayload: boolean;
    };

/** A request to record. */
export interface RecordableRequest extends RecordedRequest {
  /** All metadata: the record keeps the declared part. @default {} */
  readonly metadata?: Metadata;
}

/** A request to claim, with what its message says about the record. */
export interface Claimant extends RecordableRequest {
  /** The version of the code that claims it, if it has one. */
  readonly handlerVersion?: string;
  /** Whether to leave the request to newer code, if this code is too old for it. */
  readonly awaitsVersion?: boolean;
  /** Whether to claim it before its time, since it can't wait and so fails. */
  readonly mayBeEarly?: boolean;
  /** When it was submitted, in milliseconds since 1970, if the submission created a record. */
  readonly submittedAt?: number;
  /** The record was created before the payload arrived. */
  readonly ticketed?: boolean;
  /** When its message was sent, in milliseconds since 1970. */
  readonly sentAt?: number;
  /** The payload of its message; absent if it can't be read. */
  readonly pinned?: PinnedPayload;
  /** The queue has deleted all messages sent before this time, in milliseconds since 1970. */
  readonly goneBefore?: number;
  /** Its message was delivered before. So it probably has a record, which a claim should read first. */
  readonly redelivered?: boolean;
  /** The number of redrives before this one, if its message is a redriven dead letter. */
  readonly deadLetterOf?: number;
}

/** Most claims without a response that are remembered. The leases of older ones expire. */
const MAX_UNANSWERED = 1_000;

/** The records of requests. They ensure that a duplicate neither repeats a success nor runs concurrently. */
export class RequestRecords {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #writer: RecordWriter;
  readonly #metadataNames: readonly string[];
  /**
   * Lease ids of claims whose responses were lost, by request. They may be written, but their attempts never started.
   */
  readonly #unanswered = new Map<string, string>();

  /**
   * @param ageDays how long a record is kept after its last change
   * @param metadataNames the keys of metadata that new records keep. @default - none
   */
  constructor(store: RecordStore, now: () => number, ageDays: number, metadataNames: readonly string[] = []) {
    this.#store = store;
    this.#now = now;
    this.#writer = new RecordWriter(store, now, ageDays);
    this.#metadataNames = metadataNames;
  }

  /** Finds the record of a request; undefined if there is none, or if it has expired. */
  find(request: RequestIdentity): Promise<RequestRecord | undefined> {
    return this.#writer.read(request);
  }

  /**
   * Records a new request. The message is sent first, so that no record waits for a message that was never sent; so an
   * attempt may already have created the record.
   * @param at when it was submitted, in milliseconds since 1970
   * @param uploaded whether the payload is already stored
   * @param backlog {@link RequestRecord.backlog}
   * @param write writes the record. @default - by itself
   * @returns the current record
   */
  async submit(
    request: RecordableRequest,
    at: number,
    uploaded: boolean,
    backlog?: number,
    write = (first: StoredRecord) => this.#store.write(first),
  ): Promise<RequestRecord> {
    const submitted = this.submitted(request, at, uploaded, backlog);
    const result = await write(submitted);
    const stored = result.written ? submitted : (result.stored ?? submitted);
    // An earlier request with the id may have expired. The claim replaces its record.
    return this.#writer.kept(stored) ?? submitted.record;
  }

  /**
   * Claims a request for an attempt.
   * @param leaseEndsAt when the lease expires, in milliseconds since 1970
   * @param waitToTakeOver awaited before the attempt takes over from one that never reported its end. @returns when the
   * lease then expires. @default - it takes over at once
   */
  async claim(
    claimant: Claimant,
    leaseEndsAt: number,
    waitToTakeOver?: () => Promise<number>,
  ): Promise<Claim> {
    const { handlerVersion, awaitsVersion, mayBeEarly, sentAt, goneBefore, pinned: payload } = claimant;
    const request = recordedOf(claimant);
    const { deadLetterOf: redrive } = claimant;
    const leaseId = this.#takeUnanswered(request) ?? crypto.randomUUID();
    const event = {
      type: 'claim',
      request,
      metadata: this.#kept(claimant),
      leaseEndsAt,
      leaseId,
      handlerVersion,
      awaitsVersion,
      sentAt,
      payload,
      goneBefore,
      deadLetterOf: redrive,
      mayTakeOver: waitToTakeOver === undefined,
      mayBeEarly,
    } as const;
    const { stored, before, refused } = await this.#claimInTurn(
      event,
      await this.#believed(claimant),
      waitToTakeOver,
    );
    if (refused === 'version_too_old') return { status: refused };
    const { outcome, leaseEndsAt: otherEndsAt = this.#now() } = stored.record;
    if (outcome) {
      const otherPayload = bringsOther(stored.record, { payload });
      // A redriven dead letter beyond MAX_REDRIVES goes back to the dead-letter queue.
      const deadLetter = isDeadLetter(stored.record, event) ? 'due' : deadLetterOf(stored.record);
      return { status: 'finished', outcome, deadLetter, otherPayload };
    }
    if (refused === 'other_payload') return { status: 'other_payload' };
    const { notBefore = 0 } = stored.record.request;
    if (refused === 'too_early' || stored.record.status === 'queued')
      return { status: 'too_early', notBefore };
    if (refused) return { status: 'running', leaseEndsAt: otherEndsAt };
    return { status: 'claimed', lease: new Lease(this.#writer, stored, before) };
  }

  async #claimInTurn(
    event: ClaimEvent,
    believed: StoredRecord | undefined,
    waitToTakeOver?: () => Promise<number>,
  ): Promise<Applied> {
    const applied = await this.#claim(event, believed);
    if (applied.refused !== 'abandoned' || !waitToTakeOver) return applied;
    const leaseEndsAt = await waitToTakeOver();
    return this.#claim({ ...event, leaseEndsAt, mayTakeOver: true }, applied.stored);
  }

  /**
   * Writes a claim. A claim whose response is lost is repeated once now, and again at the next delivery. It keeps its
   * lease id, so that it counts as one attempt however often it is written.
   */
  async #claim(event: ClaimEvent, believed: StoredRecord | undefined): Promise<Applied> {
    const { request, leaseId } = event;
    try {
      return await this.#writer.apply(request, event, believed).catch((error) => {
        if (error instanceof CoatcheckError) throw error;
        return this.#writer.change(request, event);
      });
    } catch (error) {
      this.#unanswered.set(identityDigest('record', request), leaseId);
      const [oldest = ''] = this.#unanswered.keys();
      if (this.#unanswered.size > MAX_UNANSWERED) this.#unanswered.delete(oldest);
      throw error;
    }
  }

  #takeUnanswered(request: RequestIdentity): string | undefined {
    if (this.#unanswered.size === 0) return undefined;
    const digest = identityDigest('record', request);
    const leaseId = this.#unanswered.get(digest);
    this.#unanswered.delete(digest);
    return leaseId;
  }

  /**
   * Applies an event to the record.
   * @throws RecordMissing if there is no record, and the event can't create one
   * @throws RecordContended if other writers keep changing the record
   */
  change(request: RequestIdentity, event: RecordEvent): Promise<Applied> {
    return this.#writer.change(request, event);
  }

  /** The record that a claim expects, so that it takes one write: most requests are new or just submitted. */
  async #believed(request: Claimant): Promise<StoredRecord | undefined> {
    const { submittedAt, ticketed, redelivered } = request;
    if (ticketed || redelivered) return this.#store.read(request);
    if (submittedAt === undefined) return undefined;
    // A message arrives before the time of its request only if the request was cancelled.
    const cancelled = isEarly(request, this.#now()) ? await this.#store.read(request) : undefined;
    return cancelled ?? this.submitted(request, submittedAt);
  }

  /** The first record of a request. @param at when it was submitted, in milliseconds since 1970 */
  submitted(request: RecordableRequest, at: number, uploaded = true, backlog?: number): StoredRecord {
    const metadata = this.#kept(request);
    const event = { type: 'submit', request: recordedOf(request), metadata, uploaded, backlog } as const;
    return this.#writer.stored(created(event, at), 1);
  }

  #kept({ metadata = {} }: RecordableRequest): Metadata | undefined {
    return keptMetadata(metadata, this.#metadataNames);
  }
}

/** The members of a request that its record contains. */
function recordedOf(request: RecordedRequest): RecordedRequest {
  const { id, source, tenant, uploadBytes } = request;
  return { id, source, tenant, ...termsOf(request), uploadBytes };
}
