import type { ActionFilter, ActionTarget } from '../model/action.ts';
import { type RequestRecord, statusOf } from '../model/request-record.ts';
import type { RequestRecords } from '../records/request-records.ts';
import { factsOf, matches } from './request-facts.ts';

/** A request with a record as the target of an action. @param now milliseconds since 1970 */
export function targetOf(record: RequestRecord, now: number): ActionTarget {
  const { id, source, tenant } = record.request;
  return { id, source, tenant, status: statusOf(record, now) };
}

/**
 * Finds the failed requests that a filter names, for a retry with another payload: it needs no dead letters.
 * @param now milliseconds since 1970
 */
export async function failedTargets(
  filter: ActionFilter,
  records: Pick<RequestRecords, 'find'>,
  now: number,
): Promise<ActionTarget[]> {
  const { ids = [] } = filter;
  const tenant = filter.tenant || undefined;
  const found = await Promise.all(ids.map((id) => records.find({ id, source: '', tenant })));
  return found.flatMap((record) =>
    record?.status === 'failed' && matches(factsOf(record, now), filter) ? [targetOf(record, now)] : [],
  );
}
