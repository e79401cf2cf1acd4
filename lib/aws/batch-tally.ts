import { type BatchCounts, COUNTED_STATUSES, type CountedStatus } from '../core/model/batch.ts';

/** The state of a request of a page, as its record said at a revision. */
export interface TallyEntry {
  /** In the page. */
  readonly index: number;
  readonly status: CountedStatus;
  /** Of the record. */
  readonly revision: number;
}

/** How the counts of a batch change. */
export type CountChanges = BatchCounts;

const ENTRY_BYTES = 4;

/** The largest revision that an entry has room for: 3 bytes. */
const MAX_REVISION = 2 ** 24 - 1;

/**
 * The state of each request of a page that is counted, in 4 bytes: the status and the revision of the record. So a change that
 * comes twice, or after a later one, counts once.
 */
export class Tally {
  #bytes: Uint8Array<ArrayBuffer>;

  /** @param bytes as {@link bytes} returned them */
  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = new Uint8Array(bytes);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** The entry of a request; undefined if none is counted. */
  at(index: number): TallyEntry | undefined {
    const [code = 0, high = 0, middle = 0, low = 0] = this.#bytes.subarray(index * ENTRY_BYTES);
    const status = COUNTED_STATUSES[code - 1];
    return status && { index, status, revision: high * 65_536 + middle * 256 + low };
  }

  /** Takes over the entries that are newer. @returns how the counts change; undefined if no entry is newer */
  apply(entries: readonly TallyEntry[]): CountChanges | undefined {
    const changes = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
    let isChanged = false;
    for (const entry of entries) {
      const before = this.at(entry.index);
      const revision = Math.min(entry.revision, MAX_REVISION);
      if (before && before.revision >= revision) continue;
      if (before) changes[before.status]--;
      changes[entry.status]++;
      this.#set({ ...entry, revision });
      isChanged = true;
    }
    return isChanged ? changes : undefined;
  }

  #set({ index, status, revision }: TallyEntry): void {
    const start = index * ENTRY_BYTES;
    if (this.#bytes.length < start + ENTRY_BYTES) {
      const longer = new Uint8Array(start + ENTRY_BYTES);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    const code = COUNTED_STATUSES.indexOf(status) + 1;
    this.#bytes.set([code, revision >> 16, (revision >> 8) & 255, revision & 255], start);
  }
}
