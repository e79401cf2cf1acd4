import { isObject } from '../core/base/json-object.ts';
import { quote } from '../core/base/quote.ts';
import type { BatchKey } from '../core/ports/batch-store.ts';

/** The batch whose timer invokes a function. @throws TypeError for an event that no timer sends */
export function batchOfTimer(event: unknown): BatchKey {
  const { id, tenant } = isObject(event) ? event : {};
  if (typeof id === 'string' && (tenant === undefined || typeof tenant === 'string')) {
    return { id, ...(tenant !== undefined && { tenant }) };
  }
  throw new TypeError(`Expected the timer of a batch, got ${quote(event, 200)}`);
}
