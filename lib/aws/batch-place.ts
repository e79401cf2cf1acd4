import { BATCH_KEY_PREFIX } from '../core/config/record-table.ts';
import type { Batch } from '../core/model/batch.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { BatchKey } from '../core/ports/batch-store.ts';

/** Where a request is in its batch: the number of the page, which is a call that added requests, and its index in the page. */
export interface BatchPlace {
  readonly page: number;
  readonly index: number;
}

/** The key of the item of a batch. */
export function batchItemKey({ id, tenant }: BatchKey): string {
  return `${BATCH_KEY_PREFIX}${tenant === undefined ? digestOf('batch', id) : digestOf('batch', id, tenant)}`;
}

/**
 * Names a batch in the records of its requests. A batch that is created again with the same idempotency key, after the first one
 * is gone, has the same id but another name.
 */
export function batchName(batch: Pick<Batch, 'id' | 'tenant' | 'createdAt'>): string {
  return `${batchItemKey(batch)}#${batch.createdAt}`;
}

/** The key of the item of the batch with a name, and when that batch was created. */
export function batchNamed(name: string): { readonly key: string; readonly createdAt: number } {
  const end = name.lastIndexOf('#');
  return { key: name.slice(0, end), createdAt: Number(name.slice(end + 1)) };
}

/** The key of the item with the keys of a page. */
export function pageItemKey(name: string, page: number): string {
  return `${name}#${page}`;
}

/** The key of the item with the {@link Tally} of a page. */
export function tallyItemKey(name: string, page: number): string {
  return `${name}#${page}#tally`;
}

/** A place as text. */
export function placeText({ page, index }: BatchPlace): string {
  return `${page}.${index}`;
}

/** Reads back what {@link placeText} wrote; undefined for another text. */
export function readPlace(text: string): BatchPlace | undefined {
  const [, page, index] = /^(\d{1,9})\.(\d{1,9})$/.exec(text) ?? [];
  return index === undefined ? undefined : { page: Number(page), index: Number(index) };
}
