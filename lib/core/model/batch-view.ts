import {
  type Batch,
  type BatchCounts,
  type BatchState,
  type BatchStatus,
  batchProgressOf,
  batchSizeOf,
  batchStatusOf,
  estimatedEndOf,
  sealsItselfAt,
} from './batch.ts';
import { type BatchImport, type ImportView, importViewOf } from './batch-import.ts';
import type { StoredResult } from './stored-result.ts';

/** A batch, and how far it is. */
export interface BatchView {
  readonly id: string;
  readonly tenant?: string;
  readonly status: BatchStatus;
  /** The topic of items that don’t have one. */
  readonly topic?: string;
  /** No item that has no time of its own starts before it. */
  readonly notBefore?: Date;
  /** No item starts after it. */
  readonly expiresAt?: Date;
  readonly createdAt: Date;
  /** When a client asked to seal it while an import ran; absent once it is sealed. */
  readonly sealRequestedAt?: Date;
  /** When it is sealed without a further call, if no item is added until then; absent once sealing was requested. */
  readonly sealsAt?: Date;
  /** No items can be added since then. */
  readonly sealedAt?: Date;
  readonly endedAt?: Date;
  /** Items by their status. `queued` are those that wait, scheduled ones too; `running` includes those that are being cancelled. */
  readonly counts: BatchCounts & { readonly total: number };
  /** The fraction of the items that have ended, from 0 to 1. */
  readonly progress: number;
  /** When it ends if its items go on ending as fast as since its start; absent before the first end and after the last. */
  readonly estimatedEndAt?: Date;
  /** The file with a line for each item. @default - it isn't written yet, or the host writes none */
  readonly manifest?: StoredResult;
  /** The latest import of items from an object. @default - there was none */
  readonly import?: ImportView;
}

/** The view of a stored batch. @param now milliseconds since 1970 */
export function batchViewOf(
  {
    batch,
    state,
    manifest,
    import: imported,
  }: {
    readonly batch: Batch;
    readonly state: BatchState;
    readonly manifest?: StoredResult | undefined;
    readonly import?: BatchImport | undefined;
  },
  now: number,
): BatchView {
  const { id, tenant, topic, createdAt } = batch;
  const { counts } = state;
  const status = batchStatusOf(batch, state);
  return {
    id,
    ...(tenant !== undefined && { tenant }),
    status,
    ...(topic !== undefined && { topic }),
    ...dated('notBefore', batch.notBefore),
    ...dated('expiresAt', batch.expiresAt),
    createdAt: new Date(createdAt),
    ...(state.sealedAt === undefined && dated('sealRequestedAt', state.sealRequestedAt)),
    ...(status === 'open' && !state.sealRequestedAt && dated('sealsAt', sealsItselfAt(batch, state))),
    ...dated('sealedAt', state.sealedAt),
    ...dated('endedAt', state.endedAt),
    counts: { total: batchSizeOf(counts), ...counts },
    progress: batchProgressOf(state),
    ...dated('estimatedEndAt', estimatedEndOf(batch, state, now)),
    ...(manifest && { manifest }),
    ...(imported && { import: importViewOf(imported, state) }),
  };
}

function dated<Name extends string>(
  name: Name,
  time: number | undefined,
): { readonly [name in Name]?: Date } {
  const entry: { [name in Name]?: Date } = {};
  if (time !== undefined) entry[name] = new Date(time);
  return entry;
}
