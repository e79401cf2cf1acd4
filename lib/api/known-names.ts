import { z } from '@hono/zod-openapi';

/** Headers of this API begin so. All others may be a standard's, or a proxy's. */
const OWN_HEADER = /^coatcheck-/;

/** What a presigned call carries in its query. */
const SIGNATURE_PARAMETER = /^x-amz-/i;

/**
 * The headers of a call. Of those that begin with `coatcheck-` it takes only these: a misspelt one would be ignored.
 * @param prefixes beginnings of further names it takes
 */
export function ownHeaders<Shape extends z.ZodRawShape>(shape: Shape, prefixes: readonly string[] = []) {
  const own = Object.keys(shape).filter((name) => OWN_HEADER.test(name));
  const isKnown = (name: string) =>
    !OWN_HEADER.test(name) || own.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
  const names = [...own, ...prefixes.map((prefix) => `${prefix}NAME`)];
  return z.looseObject(shape).check(knownNames('header', names, isKnown));
}

/** The query of a call: it takes these parameters, and those of a signature. */
export function ownQuery<Shape extends z.ZodRawShape>(shape: Shape) {
  const own = Object.keys(shape);
  const isKnown = (name: string) => own.includes(name) || SIGNATURE_PARAMETER.test(name);
  return z.looseObject(shape).check(knownNames('query parameter', own, isKnown));
}

/** A JSON object that takes these members only. */
export function ownMembers<Shape extends z.ZodRawShape>(shape: Shape) {
  const own = Object.keys(shape);
  return z.strictObject(shape, {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys' ? unknownNames('member', own, keys.map(String)) : undefined,
  });
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
  const shown = unknown.map((name) => JSON.stringify(name.slice(0, 50))).slice(0, 3);
  const taken = own.length === 0 ? `no such ${kind}` : own.join(', ');
  return `unknown ${kind} ${shown.join(', ')}: this call takes ${taken}`;
}
