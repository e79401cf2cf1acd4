import { describe, expect, test } from 'vitest';
import { callerOf } from '../../functions/api/caller.ts';
import { ApiError } from '../../lib/api/problem.ts';

const RULES = { auth: 'jwt', tenantClaim: 'org' } as const;

function statusOf(ask: () => unknown): number {
  try {
    ask();
  } catch (error) {
    if (error instanceof ApiError) return error.problem.status;
    throw error;
  }
  throw new Error('It was not refused');
}

describe('the caller of a token', () => {
  test.each(['acme', 'a b', 'a[0]', 'żółw', '['])('has the tenant its claim names: %s', (org) => {
    expect(callerOf({ authorizer: { jwt: { claims: { org } } } }, RULES)).toEqual({ tenant: org });
  });

  test.each([
    '',
    '[]',
    '[acme]',
    '[a b]',
    '[a\nb]',
    'a\u0000',
    'x'.repeat(129),
    undefined,
    null,
    7,
    ['acme'],
  ])('is nobody when its claim names no tenant, or several: %j', (org) => {
    expect(statusOf(() => callerOf({ authorizer: { jwt: { claims: { org } } } }, RULES))).toBe(403);
  });

  test('is nobody where another authorizer let him in', () => {
    expect(statusOf(() => callerOf({ authorizer: { iam: {} } }, RULES))).toBe(401);
    expect(statusOf(() => callerOf({}, RULES))).toBe(401);
  });
});
