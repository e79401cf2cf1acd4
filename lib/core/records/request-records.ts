import { CoatcheckError } from '../base/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { PinnedPayload } from '../model/pinned-payload.ts';
import { identityDigest, type RequestIdentity } from '../model/request-id.ts';
import {
  bringsOther,
  type ClaimEvent,
  created,
  type DeadLetterState,
  deadLetterOf,
  isDeadLetter,
  type RecordEvent,
  type RecordedRequest,
  type RequestRecord,
} from '../model/request-record.ts';
import type { RecordStore, StoredRecord } from '../ports/record-store.ts';
import { Lease } from './lease.ts';
import { type Applied, RecordWriter } from './record-writer.ts';

/** What a claim found. */
export type Claim =
  | { readonly status: 'claimed'; readonly lease: Lease }
  | { readonly status: 'running'; readonly leaseEndsAt: number }
  /** Its own message runs it, with another payload. */
  | { readonly status: 'other_payload' }
  | {
      readonly status: 'finished';
      readonly outcome: Outcome;
      readonly deadLetter: DeadLetterState;
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

/** Claims without an answer that are remembered: of those before, the leases run out. */
const MAX_UNANSWERED = 1_000;

/** Where requests stand, so that a duplicate neither repeats a success nor runs beside another attempt. */
export class RequestRecords {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #writer: RecordWriter;
  /** Lease ids of claims whose answers were lost, by request: they may have been written, and were not begun. */
  readonly #unanswered = new Map<string, string>();

  /** @param ageDays how long a record is kept after its last change */
  constructor(store: RecordStore, now: () => number, ageDays: number) {
    this.#store = store;
    this.#now = now;
    this.#writer = new RecordWriter(store, now, ageDays);
  }

  /** Where a request stands; undefined when nothing is known of it, or not any more. */
  async find(request: RequestIdentity): Promise<RequestRecord | undefined> {
    return this.#writer.kept(await this.#store.read(request));
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
    return { status: 'claimed', lease: new Lease(this.#writer, stored, takenOver) };
  }

  /**
   * A claim whose answer is lost is made once more, now or when the message comes again: under one lease id it is one
   * attempt, however often it is written.
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
   * Makes an event's change.
   * @throws RecordMissing when there is no record, and the event is none to begin one with
   * @throws RecordContended when others changed the record again and again
   */
  change(request: RequestIdentity, event: RecordEvent): Promise<Applied> {
    return this.#writer.change(request, event);
  }

  /** What the record probably is, so that a claim takes one write: most requests are new or just submitted. */
  async #believed(
    { submittedAt, ticketed, redelivered }: Claimant,
    request: RecordedRequest,
  ): Promise<StoredRecord | undefined> {
    if (ticketed || redelivered) return this.#store.read(request);
    return submittedAt === undefined ? undefined : this.#submitted(request, submittedAt, true);
  }

  #submitted(request: RecordedRequest, at: number, uploaded: boolean): StoredRecord {
    const event = { type: 'submit', request: recordedOf(request), uploaded } as const;
    return this.#writer.stored(created(event, at), 1);
  }
}

/** What a record keeps of a request that may be described by more. */
function recordedOf(request: RecordedRequest): RecordedRequest {
  const { id, source, tenant, traceparent, tracestate, callbackUrl, expiresAt, uploadBytes } = request;
  return { id, source, tenant, traceparent, tracestate, callbackUrl, expiresAt, uploadBytes };
}
