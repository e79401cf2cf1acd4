import type { CoatcheckClient } from '../client/index.ts';
import { firstOf } from './first-of.ts';
import type { ViewContext } from './parts.ts';
import { ifPermitted } from './view/problem.ts';

/** A service doesn't get them while a console runs. */
const ANSWERS = new WeakMap<CoatcheckClient, boolean>();

/** Whether the service has actions on many requests, and the caller may use them. Asks once. */
export async function hasActions({ parts, signal }: Pick<ViewContext, 'parts' | 'signal'>): Promise<boolean> {
  const { client } = parts;
  const known = ANSWERS.get(client);
  if (known !== undefined) return known;
  const newest = await ifPermitted(() => firstOf(client.actions.list({ limit: 1, signal }), 1));
  ANSWERS.set(client, newest !== undefined);
  return newest !== undefined;
}
