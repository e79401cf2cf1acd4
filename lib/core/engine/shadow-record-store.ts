import type { RequestIdentity } from '../model/request-id.ts';
import type { WriteKind } from '../ports/handler-writes.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../ports/record-store.ts';

/** Reads the records of a store, and keeps written records in memory. */
export class ShadowRecordStore implements RecordStore {
  readonly writeKinds: readonly WriteKind[] | undefined;
  readonly #store: RecordStore;
  readonly #written = new Map<string, StoredRecord>();

  constructor(store: RecordStore) {
    this.#store = store;
    this.writeKinds = store.writeKinds;
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    return this.#written.get(keyOf(request)) ?? this.#store.read(request);
  }

  async write(next: StoredRecord): Promise<WriteResult> {
    const { request } = next.record;
    const stored = await this.read(request);
    if ((stored?.revision ?? 0) !== next.revision - 1) return { written: false, stored };
    this.#written.set(keyOf(request), next);
    return { written: true };
  }

  /** Drops the writes of the handler. */
  writeWith(next: StoredRecord): Promise<WriteResult> {
    return this.write(next);
  }
}

function keyOf({ id, source, tenant }: RequestIdentity): string {
  return JSON.stringify([id, source, tenant]);
}
