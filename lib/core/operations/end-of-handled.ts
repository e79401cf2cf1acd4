import type { Action, ActionItem } from '../model/action.ts';
import type { EndStatus } from '../ports/action-targets.ts';
import type { RequestRecords } from '../records/request-records.ts';

/** How a request ended after an action ran it again; undefined while it waits or runs. */
export async function endOfHandled(
  { action }: Action,
  { retriedAs, redrives = 0, ...item }: ActionItem,
  records: Pick<RequestRecords, 'find'>,
): Promise<EndStatus | undefined> {
  const request = retriedAs === undefined ? item : { ...item, id: retriedAs, source: '' };
  const record = await records.find(request);
  // The engine keeps no record of a message that it rejects.
  if (!record) return 'unknown';
  const isWaiting = action === 'redrive' && record.attemptsExhausted && (record.redrives ?? 0) <= redrives;
  return isWaiting ? undefined : record.outcome?.status;
}
