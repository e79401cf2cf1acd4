import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord, TransitionRefusal } from '../model/request-record.ts';
import { type RecordEvent, transition } from '../model/request-record.ts';
import type { RecordStore, StoredRecord } from '../ports/record-store.ts';
import { RecordContended, RecordMissing } from './errors.ts';

/** What an event did. */
export interface Applied {
  /** The record it made, or the one that refused it. */
  readonly stored: StoredRecord;
  /** What the record was before; undefined when there was none. */
  readonly before: RequestRecord | undefined;
  /** Why the event changed nothing, if it didn't. */
  readonly refused?: TransitionRefusal;
}

/** Writes that may be overtaken by others before an event is given up: each of them changed the record. */
const MAX_WRITES = 10;

/** After so long nobody will upload a payload any more: a week. */
const ABANDONED_MILLISECONDS = 7 * 86_400_000;

/** Makes changes to records, each a {@link transition}, again on what another writer made of the record meanwhile. */
export class RecordWriter {
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #ageMilliseconds: number;

  /** @param ageDays how long a record is kept after its last change */
  constructor(store: RecordStore, now: () => number, ageDays: number) {
    this.#store = store;
    this.#now = now;
    this.#ageMilliseconds = ageDays * 86_400_000;
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
      const before = this.kept(current);
      const next = transition(before, event, this.#now());
      if ('refused' in next) {
        if (!current || !before) throw new RecordMissing(request.id);
        return { stored: current, before, refused: next.refused };
      }
      const stored = this.stored(next.record, (current?.revision ?? 0) + 1);
      const result = await this.#store.write(stored);
      if (result.written) return { stored, before };
      current = result.stored ?? (await this.#submittedLate(event, believed));
    }
    throw new RecordContended(request.id, MAX_WRITES);
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

  /** A record as it is stored. */
  stored(record: RequestRecord, revision: number): StoredRecord {
    const age = record.status === 'awaiting_upload' ? ABANDONED_MILLISECONDS : this.#ageMilliseconds;
    return { record, revision, keptUntil: record.updatedAt + age };
  }

  /** Stores drop records late: one that is past its time is as good as gone. */
  kept(stored: StoredRecord | undefined): RequestRecord | undefined {
    return stored && stored.keptUntil > this.#now() ? stored.record : undefined;
  }
}
