import type { ViewContext } from './parts.ts';

/** Most ids that the filter of an action takes. */
export const MAX_IDS = 1_000;

/** The requests that would succeed, as a rehearsal says: the first ones, as many as a filter takes. */
export async function succeedingRequests(
  rehearsal: string,
  { parts, signal }: Pick<ViewContext, 'parts' | 'signal'>,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id, result } of parts.client.actions.requests(rehearsal, { limit: 100, signal })) {
    if (result === 'done') ids.push(id);
    if (ids.length === MAX_IDS) break;
  }
  return ids;
}
