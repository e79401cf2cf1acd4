import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import type { Caller } from '../api/context.ts';
import { ProblemError } from '../api/problem.ts';

/** Admits callers with one of these keys in `Authorization: Bearer KEY`. The result throws a ProblemError 401 for others. */
export function callerByKey(keys: readonly string[]): (c: Context) => Caller {
  const digests = keys.map(digestOf);
  return (c) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '') ?? [];
    const digest = given !== undefined && digestOf(given);
    // Digests have the same length, and don't say how much of a key is right.
    if (digest && digests.some((known) => timingSafeEqual(known, digest))) return {};
    throw new ProblemError({
      status: 401,
      code: 'unauthorized',
      detail: 'Not authenticated: send a key of the service as Authorization: Bearer KEY',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  };
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
