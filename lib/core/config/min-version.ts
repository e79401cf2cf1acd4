import { quote } from '../base/quote.ts';

/** Most numbers in a version that has an order: those of a semantic version, and a build. */
const MAX_NUMBERS = 4;

/** A version that has an order. A number of at most 15 digits is exact. */
export const ORDERED_VERSION = /^\d{1,15}(?:\.\d{1,15}){0,3}$/;

/** Whether a version can be compared with others: 1 to 4 whole numbers, separated by dots. */
export function hasOrder(version: string | undefined): version is string {
  return version !== undefined && ORDERED_VERSION.test(version);
}

/** The problem with the oldest version that a request asks for; undefined if it is valid. */
export function minVersionProblem(minVersion: unknown): string | undefined {
  if (typeof minVersion === 'string' && hasOrder(minVersion)) return undefined;
  return `must be 1 to ${MAX_NUMBERS} whole numbers with dots between them, like 42 or 1.4.2, got ${quote(minVersion)}`;
}

/** Whether a version is older than another. Compares number by number; numbers that are missing are 0. */
export function isOlder(version: string, than: string): boolean {
  const [numbers, others] = [version, than].map((each) => each.split('.').map(Number));
  for (let index = 0; index < MAX_NUMBERS; index++) {
    const difference = (numbers?.[index] ?? 0) - (others?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Whether code of a version must leave a request to newer code. A version without an order is too old for any. */
export function isTooOld(
  { minVersion }: { readonly minVersion?: string },
  handlerVersion: string | undefined,
): boolean {
  if (minVersion === undefined) return false;
  return !hasOrder(handlerVersion) || isOlder(handlerVersion, minVersion);
}
