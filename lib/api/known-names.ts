import * as z from 'zod';
import { quote } from '../core/base/quote.ts';

/** Prefix of this API's own headers. Others may come from a standard or a proxy. */
const OWN_HEADER = /^coatcheck-/;

/** Query parameters of a presigned call. */
const SIGNATURE_PARAMETER = /^x-amz-/i;

/**
 * The headers of a call. Unknown headers that begin with `coatcheck-` are rejected, so that a typo isn't ignored.
 * @param prefixes prefixes of further headers that are allowed
 */
export function ownHeaders<Shape extends z.ZodRawShape>(shape: Shape, prefixes: readonly string[] = []) {
  const own = Object.keys(shape).filter((name) => OWN_HEADER.test(name));
  const isKnown = (name: string) =>
    !OWN_HEADER.test(name) || own.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
  return z.looseObject(shape).check(knownNames('header', namesWith(own, prefixes), isKnown));
}

/**
 * The query of a call. Parameters other than these and those of a signature are rejected.
 * @param prefixes prefixes of further parameters that are allowed
 */
export function ownQuery<Shape extends z.ZodRawShape>(shape: Shape, prefixes: readonly string[] = []) {
  const own = Object.keys(shape);
  const isKnown = (name: string) =>
    own.includes(name) ||
    SIGNATURE_PARAMETER.test(name) ||
    prefixes.some((prefix) => name.startsWith(prefix));
  return z.looseObject(shape).check(knownNames('query parameter', namesWith(own, prefixes), isKnown));
}

/** A JSON object that rejects unknown members. */
export function ownMembers<Shape extends z.ZodRawShape>(shape: Shape) {
  const own = Object.keys(shape);
  return z.strictObject(shape, {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys' ? unknownNames('member', own, keys.map(String)) : undefined,
  });
}

function namesWith(own: readonly string[], prefixes: readonly string[]): string[] {
  return [...own, ...prefixes.map((prefix) => `${prefix}NAME`)];
}

function knownNames(kind: string, own: readonly string[], isKnown: (name: string) => boolean) {
  return ({ value, issues }: z.core.ParsePayload<Readonly<Record<string, unknown>>>) => {
    const unknown = Object.keys(value).filter((name) => !isKnown(name));
    if (unknown.length === 0) return;
    issues.push({ code: 'custom', input: value, message: unknownNames(kind, own, unknown) });
  };
}

/** @example `unknown query parameter "stauts": it takes status, cursor, limit` */
function unknownNames(kind: string, own: readonly string[], unknown: readonly string[]): string {
  const quoted = unknown.slice(0, 3).map((name) => quote(name, 50));
  const taken = own.length === 0 ? `no such ${kind}` : own.join(', ');
  return `unknown ${kind} ${quoted.join(', ')}: this call takes ${taken}`;
}
