import { askedOnce } from './asked-once.ts';
import { ifPermitted } from './view/problem.ts';

/** The keys of metadata that requests can be listed by; none if the caller may not see the settings. */
export const declaredMetadata = askedOnce(async ({ parts, signal }): Promise<readonly string[]> => {
  const settings = (await ifPermitted(() => parts.client.settings({ signal }))) ?? [];
  const value = settings.find(({ name }) => name === 'recordMetadata')?.value;
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
});
