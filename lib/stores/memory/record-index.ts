import { positionOf } from '../../core/model/record-position.ts';
import type { RecordIndex, RecordListing, RecordPage } from '../../core/ports/record-store.ts';
import { Faults } from './faults.ts';
import type { MemoryRecordStore } from './record-store.ts';

/** Lists the records of a store in memory. */
export class MemoryRecordIndex implements RecordIndex {
  readonly faults = new Faults<'list'>();
  readonly #store: MemoryRecordStore;
  readonly #now: () => number;

  constructor(store: MemoryRecordStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  list(listing: RecordListing): Promise<RecordPage> {
    return this.faults.around('list', () => this.#page(listing));
  }

  #page({ tenant, after, limit }: RecordListing): RecordPage {
    const entries = this.#store
      .all()
      .filter(({ record }) => record.request.tenant === tenant)
      .map((stored) => ({ ...stored, position: positionOf(stored.record) }))
      .filter(({ position }) => after === undefined || position < after)
      .sort((one, other) => (one.position < other.position ? 1 : -1));
    const page = entries.slice(0, limit);
    const records = page.filter(({ keptUntil }) => keptUntil > this.#now()).map(({ record }) => record);
    return entries.length > limit ? { records, next: page.at(-1)?.position } : { records };
  }
}
