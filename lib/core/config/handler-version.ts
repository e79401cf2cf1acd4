import { quote } from '../base/quote.ts';

/** Longest version of a handler, in characters. A digest of a container image has 71. */
export const VERSION_MAX_LENGTH = 128;

const VERSION = /^[A-Za-z0-9][\w.+:-]*$/;

/**
 * The problem with the version of a handler, which its user chooses: a commit, a release, a build number; undefined if it
 * is valid.
 * @param name the name of the value in the message: the path of a prop or the name of a variable
 */
export function versionProblem(name: string, version: unknown): string | undefined {
  if (typeof version === 'string' && version.length <= VERSION_MAX_LENGTH && VERSION.test(version))
    return undefined;
  return (
    `${name} must have 1 to ${VERSION_MAX_LENGTH} letters, digits and . _ + : -, and start with a letter or digit, ` +
    `got ${quote(version)}`
  );
}
