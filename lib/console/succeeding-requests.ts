import { MAX_FILTER_IDS } from '../core/model/action.ts';
import type { ViewContext } from './parts.ts';

/** The requests that would succeed, as a rehearsal says: the first ones, as many as a filter takes. */
export async function succeedingRequests(
  rehearsal: string,
  { parts, signal }: Pick<ViewContext, 'parts' | 'signal'>,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id, result } of parts.client.actions.requests(rehearsal, { limit: 100, signal })) {
    if (result === 'done') ids.push(id);
    if (ids.length === MAX_FILTER_IDS) break;
  }
  return ids;
}
