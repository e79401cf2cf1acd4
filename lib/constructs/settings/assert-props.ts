import { ConfigurationError } from '../../core/base/errors.ts';

/** @param what has the props @throws ConfigurationError that lists the problems with props, if there are any */
export function assertProps(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw invalidProps(what, problems);
}

/** The error that lists problems with props. */
export function invalidProps(what: string, problems: readonly string[]): ConfigurationError {
  return new ConfigurationError([`The props of ${what} are invalid:`, ...problems].join('\n  - '));
}
