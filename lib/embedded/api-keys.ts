import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import type { Caller } from '../api/context.ts';
import { ProblemError } from '../api/problem.ts';

/** The keys of a service. */
export interface ApiKeys {
  /** Of callers that submit requests and ask for them. */
  readonly callers: readonly string[];
  /** Of operators, who may do everything. */
  readonly operators: readonly string[];
}

/** A key of a service. */
export interface KnownKey {
  readonly isOperator: boolean;
  /** Names the key in logs, and reveals nothing about it. */
  readonly name: string;
}

/** Finds keys: undefined for one that the service doesn't have. */
export function keyFinder({ callers, operators }: ApiKeys): (given: string) => KnownKey | undefined {
  const known = [
    ...operators.map((key) => ({ digest: digestOf(key), isOperator: true })),
    ...callers.map((key) => ({ digest: digestOf(key), isOperator: false })),
  ];
  return (given) => {
    const digest = digestOf(given);
    // Digests have the same length, and don't say how much of a key is right.
    const key = known.find((each) => timingSafeEqual(each.digest, digest));
    return key && { isOperator: key.isOperator, name: `key ${key.digest.toString('hex', 0, NAME_BYTES)}` };
  };
}

/** Admits callers with one of the keys in `Authorization: Bearer KEY`. The result throws a ProblemError 401 for others. */
export function callerByKey(keys: ApiKeys): (c: Context) => Caller {
  const find = keyFinder(keys);
  return (c) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '') ?? [];
    const key = given === undefined ? undefined : find(given);
    if (key) return key;
    throw new ProblemError({
      status: 401,
      code: 'unauthorized',
      detail: 'Not authenticated: send a key of the service as Authorization: Bearer KEY',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  };
}

/** Bytes of the digest that name a key: enough to tell the keys of a service apart, and they reveal nothing about the key. */
const NAME_BYTES = 4;

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
