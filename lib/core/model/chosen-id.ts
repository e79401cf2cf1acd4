import { quote } from '../base/quote.ts';

/** Longest request id, and longest name of a tenant, in characters. */
export const REQUEST_ID_MAX_LENGTH = 256;

/** An id that a client of the API chooses, in a header too: printable ASCII, up to {@link REQUEST_ID_MAX_LENGTH} characters. */
export const CHOSEN_ID = /^[!-~](?:[ -~]{0,254}[!-~])?$/;

/** The problem with an id that a client of the API chose; undefined if it is valid. */
export function chosenIdProblem(id: string): string | undefined {
  if (CHOSEN_ID.test(id)) return undefined;
  return `must have 1 to ${REQUEST_ID_MAX_LENGTH} printable ASCII characters, without a space at either end, got ${quote(id)}`;
}
