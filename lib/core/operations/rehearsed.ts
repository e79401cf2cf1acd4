import type { ItemSettlement } from '../model/action.ts';
import type { Rehearsal } from '../model/rehearsal.ts';

/** Longest text about how a request would end: one item of the store holds the texts of a hundred requests. */
const MAX_DETAIL_LENGTH = 300;

/** The settlement of a request before its rehearsal, so that a request that ends the process isn't rehearsed again and again. */
export const REHEARSAL_DIED: ItemSettlement = {
  result: 'skipped',
  detail: 'undecided: the process ended while it was rehearsed, alone or with others',
};

/** There was no time to rehearse a request. */
export const REHEARSAL_LATE: ItemSettlement = {
  result: 'skipped',
  detail: 'undecided: there was no time to rehearse it',
};

/** The settlement of a dead letter that was rehearsed: how the worst of its requests would end. */
export function settlementOf(requests: readonly Rehearsal[] | undefined): ItemSettlement {
  if (!requests) return REHEARSAL_LATE;
  for (const { result, code = 'unknown', message = '' } of requests.toSorted(byResult)) {
    if (result === 'succeeds') continue;
    const how = result === 'fails' ? 'would fail' : 'undecided';
    const detail = `${how}: ${code}: ${message}`.slice(0, MAX_DETAIL_LENGTH);
    return { result: result === 'fails' ? 'failed' : 'skipped', detail };
  }
  return { result: 'done' };
}

const WORST_FIRST = ['fails', 'undecided', 'succeeds'] as const satisfies readonly Rehearsal['result'][];

function byResult(one: Rehearsal, other: Rehearsal): number {
  return WORST_FIRST.indexOf(one.result) - WORST_FIRST.indexOf(other.result);
}
