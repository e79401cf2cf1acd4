import { askedOnce } from './asked-once.ts';
import { firstOf } from './first-of.ts';
import { ifPermitted } from './view/problem.ts';

/** Whether the service has actions on many requests, and the caller may use them. */
export const hasActions = askedOnce(async ({ parts, signal }): Promise<boolean> => {
  const newest = await ifPermitted(() => firstOf(parts.client.actions.list({ limit: 1, signal }), 1));
  return newest !== undefined;
});
