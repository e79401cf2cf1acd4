import { DAY_MILLISECONDS } from '../base/time.ts';
import { failureGroupOf } from '../model/failure-group.ts';
import type { RecordEvent } from '../model/record-event.ts';
import { type TransitionRefusal, transition } from '../model/record-transition.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';
import { type HandlerWrites, unwritable } from '../ports/handler-writes.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../ports/record-store.ts';
import { RecordContended, RecordMissing } from './errors.ts';

/** The effect of an event. */
export interface Applied {
  /** The record after the event, changed or not. */
  readonly stored: StoredRecord;
  /** The record before the event; undefined if there was none. */
  readonly before: RequestRecord | undefined;
  /** Why the event changed nothing, if it didn't. */
  readonly refused?: TransitionRefusal;
}

/** Most tries to write an event's change. A try fails if another writer changed the record first. */
const MAX_WRITES = 10;

/** How long a record waits for its upload: a week. */
const ABANDONED_MILLISECONDS = 7 * DAY_MILLISECONDS;

/** Applies events to records by {@link transition}, again if another writer changed the record meanwhile. */
export class RecordWriter {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #ageMilliseconds: number;

  /** @param ageDays how long a record is kept after its last change */
  constructor(store: RecordStore, now: () => number, ageDays: number) {
    this.#store = store;
    this.#now = now;
    this.#ageMilliseconds = ageDays * DAY_MILLISECONDS;
  }

  /** Reads the record; undefined if there is none, or if it has expired. */
  async read(request: RequestIdentity): Promise<RequestRecord | undefined> {
    return this.kept(await this.#store.read(request));
  }

  /**
   * Reads the record and applies an event.
   * @throws RecordMissing, RecordContended as {@link apply} does
   */
  async change(request: RequestIdentity, event: RecordEvent): Promise<Applied> {
    return this.apply(request, event, await this.#store.read(request));
  }

  /**
   * Applies an event to a record that the caller expects. If the record is as expected, that takes one write and no
   * read.
   * @param writes made in the same transaction. @default - none
   * @throws RecordMissing if there is no record, and the event can't create one
   * @throws RecordContended if other writers keep changing the record
   * @throws WritesFailed if the writes can't be made; the record is as before
   */
  async apply(
    request: RequestIdentity,
    event: RecordEvent,
    believed: StoredRecord | undefined,
    writes?: HandlerWrites,
  ): Promise<Applied> {
    let current = believed;
    for (let tries = 0; tries < MAX_WRITES; tries++) {
      const before = this.kept(current);
      const next = transition(before, event, this.#now());
      if ('refused' in next) {
        if (!current || !before) throw new RecordMissing(request.id);
        return { stored: current, before, refused: next.refused };
      }
      const record = next.record.status === 'failed' ? withFailureGroup(next.record) : next.record;
      const stored = this.stored(record, (current?.revision ?? 0) + 1);
      const result = await this.#write(stored, writes);
      if (result.written) return { stored, before };
      current = result.stored ?? (await this.#submittedLate(event, believed));
    }
    throw new RecordContended(request.id, MAX_WRITES);
  }

  async #write(next: StoredRecord, writes: HandlerWrites | undefined): Promise<WriteResult> {
    if (!writes) return this.#store.write(next);
    if (!this.#store.writeWith) throw unwritable(writes);
    return this.#store.writeWith(next, writes);
  }

  /**
   * Writes the record of the submission, whose message arrived before it. If the record started with the claim, every
   * duplicate of the message would take it for the submission's and overwrite it.
   */
  async #submittedLate(
    { type }: RecordEvent,
    believed: StoredRecord | undefined,
  ): Promise<StoredRecord | undefined> {
    if (type !== 'claim' || believed?.revision !== 1) return undefined;
    const result = await this.#store.write(believed);
    return result.written ? believed : result.stored;
  }

  /** Adds a revision and an expiry to a record. */
  stored(record: RequestRecord, revision: number): StoredRecord {
    if (record.status === 'awaiting_upload') {
      return { record, revision, keptUntil: record.updatedAt + ABANDONED_MILLISECONDS };
    }
    // The message of a scheduled request still comes, even if the request is cancelled.
    const neededAt = Math.max(record.updatedAt, record.request.notBefore ?? 0);
    return { record, revision, keptUntil: neededAt + this.#ageMilliseconds };
  }

  /** Stores delete expired records late: an expired record counts as missing. */
  kept(stored: StoredRecord | undefined): RequestRecord | undefined {
    return stored && stored.keptUntil > this.#now() ? stored.record : undefined;
  }
}

/** Adds the group of a failure. */
function withFailureGroup(record: RequestRecord): RequestRecord {
  if (record.failureGroup !== undefined) return record;
  return { ...record, failureGroup: failureGroupOf(record) };
}
