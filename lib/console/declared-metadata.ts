import type { CoatcheckClient } from '../client/index.ts';
import type { ViewContext } from './parts.ts';
import { ifPermitted } from './view/problem.ts';

/** A service doesn't declare others while a console runs. */
const ANSWERS = new WeakMap<CoatcheckClient, readonly string[]>();

/** The keys of metadata that requests can be listed by; none if the caller may not see the settings. Asks once. */
export async function declaredMetadata({
  parts,
  signal,
}: Pick<ViewContext, 'parts' | 'signal'>): Promise<readonly string[]> {
  const { client } = parts;
  const known = ANSWERS.get(client);
  if (known) return known;
  const settings = (await ifPermitted(() => client.settings({ signal }))) ?? [];
  const value = settings.find(({ name }) => name === 'recordMetadata')?.value;
  const names = Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
  ANSWERS.set(client, names);
  return names;
}
