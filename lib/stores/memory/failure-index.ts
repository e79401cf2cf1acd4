import { failurePositionOf } from '../../core/model/failure-position.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import {
  type FailureCount,
  type FailureIndex,
  type FailureListing,
  type FailureNote,
  MAX_GROUP_TENANTS,
  type TenantScope,
} from '../../core/ports/failure-index.ts';
import type { RecordPage } from '../../core/ports/record-store.ts';
import { Faults } from './faults.ts';
import type { MemoryRecordStore } from './record-store.ts';

/** Finds the failed requests of a store in memory. */
export class MemoryFailureIndex implements FailureIndex {
  readonly faults = new Faults<'count' | 'list'>();
  readonly #store: MemoryRecordStore;
  readonly #notes = new Map<string, FailureNote>();

  constructor(store: MemoryRecordStore) {
    this.#store = store;
  }

  count(scope: TenantScope, id?: string): Promise<readonly FailureCount[]> {
    return this.faults.around('count', () => this.#count(scope, id));
  }

  #count(scope: TenantScope, id: string | undefined): FailureCount[] {
    const groups = Map.groupBy(this.#failed(scope), ({ failureGroup = '' }) => failureGroup);
    return [...groups]
      .filter(([group]) => id === undefined || group === id)
      .map(([group, records]) => ({
        id: group,
        count: records.length,
        first: positionAt(records, -1),
        latest: positionAt(records, 0),
        tenants: [...new Set(records.flatMap(({ request }) => request.tenant ?? []))].slice(
          0,
          MAX_GROUP_TENANTS,
        ),
      }));
  }

  async latest(counts: readonly FailureCount[]): Promise<ReadonlyMap<string, RequestRecord>> {
    const found = this.#failed('all').map((record) => [failurePositionOf(record), record] as const);
    const byPosition = new Map(found);
    return new Map(
      counts.flatMap(({ id, latest }) => {
        const record = byPosition.get(latest);
        return record ? [[id, record] as const] : [];
      }),
    );
  }

  list(listing: FailureListing): Promise<RecordPage> {
    return this.faults.around('list', () => this.#list(listing));
  }

  #list({ id, scope, after, limit }: FailureListing): RecordPage {
    const records = this.#failed(scope).filter(
      (record) => record.failureGroup === id && (after === undefined || failurePositionOf(record) < after),
    );
    const page = records.slice(0, limit);
    return records.length > limit ? { records: page, next: positionAt(page, -1) } : { records: page };
  }

  async notes(ids: readonly string[]): Promise<ReadonlyMap<string, FailureNote>> {
    return new Map([...this.#notes].filter(([id]) => ids.includes(id)));
  }

  async note(id: string, note: FailureNote): Promise<void> {
    this.#notes.set(id, note);
  }

  /** That which failed last first. */
  #failed(scope: TenantScope): RequestRecord[] {
    return this.#store
      .all()
      .map(({ record }) => record)
      .filter(({ failureGroup }) => failureGroup !== undefined)
      .filter(({ request }) => scope === 'all' || request.tenant === scope.tenant)
      .sort((one, other) => (failurePositionOf(one) < failurePositionOf(other) ? 1 : -1));
  }
}

function positionAt(records: readonly RequestRecord[], index: number): string {
  const record = records.at(index);
  return record ? failurePositionOf(record) : '';
}
