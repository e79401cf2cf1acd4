import { CoatcheckError, RecordContended, RecordMissing } from './errors.ts';
import { Lease } from './lease.ts';
import type { Outcome } from './outcome.ts';
import type { PinnedPayload } from './pinned-payload.ts';
import type { RecordStore, StoredRecord } from './ports.ts';
import { identityDigest, type RequestIdentity } from './request-id.ts';
import {
  bringsOther,
  type ClaimEvent,
  created,
  type DeadLetter,
  deadLetterOf,
  isDeadLetter,
  type RecordEvent,
  type RecordedRequest,
  type Refusal,
  type RequestRecord,
  transition,
} from './request-record.ts';

/** What a claim found. */
export type Claim =
  | { readonly status: 'claimed'; readonly lease: Lease }
  | { readonly status: 'running'; readonly leaseEndsAt: number }
  /** Its own message runs it, with another payload. */
  | { readonly status: 'other_payload' }
  | {
      readonly status: 'finished';
      readonly outcome: Outcome;
      readonly deadLetter: DeadLetter;
      /** Whether it was begun with another payload than the message brings. */
      readonly otherPayload: boolean;
    };

/** A request to be claimed, with what its message says about its record. */
export interface Claimant extends RecordedRequest {
  /** When it was submitted, where that made a record, in milliseconds since 1970. */
  readonly submittedAt?: number;
  /** Its record was made before its payload came. */
  readonly ticketed?: boolean;
  /** When its message was put into the queue, in milliseconds since 1970. */
  readonly sentAt?: number;
  /** What its message brings; absent when that can't be read. */
  readonly pinned?: PinnedPayload;
  /** Messages sent before that are gone, in milliseconds since 1970. */
  readonly goneBefore?: number;
  /** Its message was delivered before, so that it probably has a record that says more: a claim does well to read it. */
  readonly redelivered?: boolean;
  /** Which redrive its message's dead letter waited for, counted from 0, if it came back as one. */
  readonly deadLetterOf?: number;
}

/** What an event did. */
export interface Applied {
  /** The record it made, or the one that refused it. */
  readonly stored: StoredRecord;
  /** What the record was before; undefined when there was none. */
  readonly before: RequestRecord | undefined;
  /** Why the event changed nothing, if it didn't. */
  readonly refused?: Refusal;
}

/** Writes that may be overtaken by others before an event is given up: each of them changed the record. */
const MAX_WRITES = 10;

/** Claims without an answer that are remembered: of those before, the leases run out. */
const MAX_UNANSWERED = 1_000;

/** After so long nobody will upload a payload any more: a week. */
const ABANDONED_MILLISECONDS = 7 * 86_400_000;

/**
 * Where requests stand, so that a duplicate neither repeats a success nor runs beside another attempt. Every change is
 * a {@link transition}, made again on what another writer made of the record meanwhile.
 */
export class RequestRecords {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #ageMilliseconds: number;
  /** Lease ids of claims whose answers were lost, by request: they may have been written, and were not begun. */
  readonly #unanswered = new Map<string, string>();

  /** @param ageDays how long a record is kept after its last change */
  constructor(store: RecordStore, now: () => number, ageDays: number) {
    this.#store = store;
    this.#now = now;
    this.#ageMilliseconds = ageDays * 86_400_000;
  }

  /** Where a request stands; undefined when nothing is known of it, or not any more. */
  async find(request: RequestIdentity): Promise<RequestRecord | undefined> {
    return this.#kept(await this.#store.read(request));
  }

  /**
   * Records a new request. It may have got further already: the message comes first, so that no record waits for a
   * message that was never sent.
   * @param at when it was submitted, in milliseconds since 1970
   * @param uploaded whether its payload is there already
   * @returns the record it has now
   */
  async submit(request: RecordedRequest, at: number, uploaded: boolean): Promise<RequestRecord> {
    const submitted = this.#submitted(request, at, uploaded);
    const result = await this.#store.write(submitted);
    return result.written ? submitted.record : (result.stored ?? submitted).record;
  }

  /** Takes a request for an attempt. @param leaseEndsAt until when nobody else may, in milliseconds since 1970 */
  async claim(claimant: Claimant, leaseEndsAt: number): Promise<Claim> {
    const { sentAt, goneBefore, pinned: payload } = claimant;
    const request = recordedOf(claimant);
    const { deadLetterOf: redrive } = claimant;
    const leaseId = this.#takeUnanswered(request) ?? crypto.randomUUID();
    const event = {
      type: 'claim',
      request,
      leaseEndsAt,
      leaseId,
      sentAt,
      payload,
      goneBefore,
      deadLetterOf: redrive,
    } as const;
    const { stored, before, refused } = await this.#claim(event, await this.#believed(claimant, request));
    const { outcome, leaseEndsAt: otherEndsAt = this.#now() } = stored.record;
    if (outcome) {
      const otherPayload = bringsOther(stored.record, { payload });
      // The letter of a request that may not be redriven any more belongs where it came from.
      const deadLetter = isDeadLetter(stored.record, event) ? 'due' : deadLetterOf(stored.record);
      return { status: 'finished', outcome, deadLetter, otherPayload };
    }
    if (refused === 'other_payload') return { status: 'other_payload' };
    if (refused) return { status: 'running', leaseEndsAt: otherEndsAt };
    const takenOver = before?.status === 'running' && before.leaseId !== leaseId;
    return { status: 'claimed', lease: new Lease(this, stored, takenOver) };
  }

  /**
   * A claim whose answer is lost is made once more, now or when the message comes again: under one lease id it is one
   * attempt, however often it is written.
   */
  async #claim(event: ClaimEvent, believed: StoredRecord | undefined): Promise<Applied> {
    const { request, leaseId } = event;
    try {
      return await this.apply(request, event, believed).catch((error) => {
        if (error instanceof CoatcheckError) throw error;
        return this.change(request, event);
      });
    } catch (error) {
      this.#unanswered.set(identityDigest('record', request), leaseId);
      const [oldest = ''] = this.#unanswered.keys();
      if (this.#unanswered.size > MAX_UNANSWERED) this.#unanswered.delete(oldest);
      throw error;
    }
  }

  #takeUnanswered(request: RequestIdentity): string | undefined {
    const digest = identityDigest('record', request);
    const leaseId = this.#unanswered.get(digest);
    this.#unanswered.delete(digest);
    return leaseId;
  }

  /**
   * Makes an event's change.
   * @throws RecordMissing, RecordContended as {@link apply} does
   */
  async change(request: RequestIdentity, event: RecordEvent): Promise<Applied> {
    return this.apply(request, event, await this.#store.read(request));
  }

  /**
   * Makes an event's change on a record one believes to know: if one does, that takes one write and no read.
   * @throws RecordMissing when there is no record, and the event is none to begin one with
   * @throws RecordContended when others changed the record again and again
   */
  async apply(
    request: RequestIdentity,
    event: RecordEvent,
    believed: StoredRecord | undefined,
  ): Promise<Applied> {
    let current = believed;
    for (let writes = 0; writes < MAX_WRITES; writes++) {
      const before = this.#kept(current);
      const next = transition(before, event, this.#now());
      if ('refused' in next) {
        if (!current || !before) throw new RecordMissing(request.id);
        return { stored: current, before, refused: next.refused };
      }
      const stored = this.#stored(next.record, (current?.revision ?? 0) + 1);
      const result = await this.#store.write(stored);
      if (result.written) return { stored, before };
      current = result.stored ?? (await this.#submittedLate(event, believed));
    }
    throw new RecordContended(request.id, MAX_WRITES);
  }

  /** What the record probably is, so that a claim takes one write: most requests are new or just submitted. */
  async #believed(
    { submittedAt, ticketed, redelivered }: Claimant,
    request: RecordedRequest,
  ): Promise<StoredRecord | undefined> {
    if (ticketed || redelivered) return this.#store.read(request);
    return submittedAt === undefined ? undefined : this.#submitted(request, submittedAt, true);
  }

  /**
   * The record of a message that came before it, written as it would have been: one that began with the claim would
   * be where every duplicate of the message believes the submission to be, and be overwritten.
   */
  async #submittedLate(
    { type }: RecordEvent,
    believed: StoredRecord | undefined,
  ): Promise<StoredRecord | undefined> {
    if (type !== 'claim' || believed?.revision !== 1) return undefined;
    const result = await this.#store.write(believed);
    return result.written ? believed : result.stored;
  }

  #submitted(request: RecordedRequest, at: number, uploaded: boolean): StoredRecord {
    const event = { type: 'submit', request: recordedOf(request), uploaded } as const;
    return this.#stored(created(event, at), 1);
  }

  #stored(record: RequestRecord, revision: number): StoredRecord {
    const age = record.status === 'awaiting_upload' ? ABANDONED_MILLISECONDS : this.#ageMilliseconds;
    return { record, revision, keptUntil: record.updatedAt + age };
  }

  /** Stores drop records late: one that is past its time is as good as gone. */
  #kept(stored: StoredRecord | undefined): RequestRecord | undefined {
    return stored && stored.keptUntil > this.#now() ? stored.record : undefined;
  }
}

/** What a record keeps of a request that may be described by more. */
function recordedOf(request: RecordedRequest): RecordedRequest {
  const { id, issuer, tenant, traceparent, tracestate, callbackUrl, expiresAt, uploadBytes } = request;
  return { id, issuer, tenant, traceparent, tracestate, callbackUrl, expiresAt, uploadBytes };
}
