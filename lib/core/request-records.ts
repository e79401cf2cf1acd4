import { RecordContended, RecordMissing } from './errors.ts';
import { Lease } from './lease.ts';
import type { Outcome } from './outcome.ts';
import type { RecordStore, StoredRecord } from './ports.ts';
import type { RequestIdentity } from './request-id.ts';
import {
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
  | { readonly status: 'finished'; readonly outcome: Outcome };

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

/**
 * Where requests stand, so that a duplicate neither repeats a success nor runs beside another attempt. Every change is
 * a {@link transition}, made again on what another writer made of the record meanwhile.
 */
export class RequestRecords {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #ageMilliseconds: number;

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

  /** Takes a request for an attempt. @param leaseEndsAt until when nobody else may, in milliseconds since 1970 */
  async claim(
    { id, issuer, tenant, traceparent, expiresAt }: RecordedRequest,
    leaseEndsAt: number,
  ): Promise<Claim> {
    const request = { id, issuer, tenant, traceparent, expiresAt };
    const { stored, before, refused } = await this.apply(
      request,
      { type: 'claim', request, leaseEndsAt },
      // Most requests are new.
      undefined,
    );
    const { outcome, leaseEndsAt: otherEndsAt = this.#now() } = stored.record;
    if (outcome) return { status: 'finished', outcome };
    if (refused) return { status: 'running', leaseEndsAt: otherEndsAt };
    return { status: 'claimed', lease: new Lease(this, stored, before?.status === 'running') };
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
      current = result.stored;
    }
    throw new RecordContended(request.id, MAX_WRITES);
  }

  #stored(record: RequestRecord, revision: number): StoredRecord {
    return { record, revision, keptUntil: record.updatedAt + this.#ageMilliseconds };
  }

  /** Stores drop records late: one that is past its time is as good as gone. */
  #kept(stored: StoredRecord | undefined): RequestRecord | undefined {
    return stored && stored.keptUntil > this.#now() ? stored.record : undefined;
  }
}
