import { isObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';

/** The name of a metadata entry. */
export const METADATA_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Why a name of metadata is refused. */
export function metadataNameProblem(name: string): string {
  return `A metadata name must be 1 to 64 lower-case letters, digits and - . _, got ${quote(name)}`;
}

/**
 * Refuses metadata named `__proto__`, before zod leaves it out of a record: nothing after that would see the name.
 * @returns the value, for `z.preprocess()`
 */
export function refuseProto(
  value: unknown,
  { addIssue }: { readonly addIssue: (problem: string) => void },
): unknown {
  if (isObject(value) && Object.hasOwn(value, '__proto__')) addIssue(metadataNameProblem('__proto__'));
  return value;
}
