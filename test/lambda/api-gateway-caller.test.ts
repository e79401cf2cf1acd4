import { describe, expect, test } from 'vitest';
import { type HttpProblem, ProblemError } from '../../lib/api/problem.ts';
import { callerOf } from '../../lib/lambda/api-gateway-caller.ts';

const NONE = { operatorClaim: '', operatorValue: '' } as const;
const RULES = { auth: 'jwt', tenantClaim: 'org', ...NONE } as const;

function refusalOf(ask: () => unknown): HttpProblem {
  try {
    ask();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('It was not refused');
}

function statusOf(ask: () => unknown): number {
  return refusalOf(ask).status;
}

describe('the caller with a token', () => {
  test.each(['acme', 'a b', 'a[0]', 'żółw', '['])('has the tenant in its claim: %s', (org) => {
    expect(callerOf({ authorizer: { jwt: { claims: { org } } } }, RULES)).toEqual({
      tenant: org,
      isOperator: false,
    });
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
  ])('is refused if its claim does not contain exactly one tenant: %j', (org) => {
    expect(statusOf(() => callerOf({ authorizer: { jwt: { claims: { org } } } }, RULES))).toBe(403);
  });

  test('is refused if another authorizer accepted it', () => {
    expect(statusOf(() => callerOf({ authorizer: { iam: {} } }, RULES))).toBe(401);
    expect(statusOf(() => callerOf({}, RULES))).toBe(401);
  });
});

test.each([
  ['none', {}, { isOperator: true }],
  ['jwt', { jwt: { claims: {} } }, { isOperator: false }],
  [
    'iam',
    { iam: { userArn: 'arn:aws:sts::123456789012:assumed-role/Operator/anna' } },
    { isOperator: true, name: 'arn:aws:sts::123456789012:assumed-role/Operator/anna' },
  ],
] as const)(
  'with %s authentication and no tenants, the caller is an operator or not',
  (auth, authorizer, caller) => {
    expect(callerOf({ authorizer }, { auth, tenantClaim: '', ...NONE })).toEqual(caller);
  },
);

describe('an operator with a token', () => {
  const callerWith = (claims: Record<string, unknown>, tenantClaim = '') =>
    callerOf(
      { authorizer: { jwt: { claims } } },
      { auth: 'jwt', tenantClaim, operatorClaim: 'groups', operatorValue: 'operators' },
    );

  test.each(['operators', '[operators]', '[staff operators]', 'openid operators', ['staff', 'operators']])(
    'is one whose claim contains the value: %j',
    (groups) => {
      expect(callerWith({ groups, sub: 'anna' })).toEqual({ isOperator: true, name: 'anna' });
    },
  );

  test.each([
    undefined,
    null,
    true,
    '',
    '[]',
    'operator',
    'operators2',
    'my-operators',
    'OPERATORS',
    'operators,staff',
    'staff\toperators',
    '[[operators]]',
    'operators\n',
    { operators: true },
    [['operators']],
  ])('is no other: %j', (groups) => {
    expect(callerWith({ groups, sub: 'anna' })).toEqual({ isOperator: false });
  });

  test('is none by another claim, or without a rule', () => {
    expect(callerWith({ roles: 'operators', scope: 'operators' })).toEqual({ isOperator: false });
    const claims = { '': '', groups: 'operators', undefined: '' };
    expect(callerOf({ authorizer: { jwt: { claims } } }, { ...RULES, tenantClaim: '' })).toEqual({
      isOperator: false,
    });
  });

  test('needs no tenant, and has the one of its token', () => {
    const groups = '[operators]';
    expect(callerWith({ groups }, 'org')).toEqual({ isOperator: true, name: undefined });
    expect(callerWith({ groups, org: 'acme' }, 'org')).toMatchObject({ isOperator: true, tenant: 'acme' });
    expect(statusOf(() => callerWith({ groups, org: '[acme]' }, 'org'))).toBe(403);
    expect(statusOf(() => callerWith({ groups: '[staff]' }, 'org'))).toBe(403);
  });

  test.each(['a\nb', 'x'.repeat(257), 7, ''])('has no name if its subject is no short text: %j', (sub) => {
    expect(callerWith({ groups: 'operators', sub })).toEqual({ isOperator: true, name: undefined });
  });
});

describe('D6: a refusal explains what to do', () => {
  test.each([
    ['iam', 'AWS4-HMAC-SHA256', /sign the call with AWS credentials .* service\.grantInvokeApi\(\)/],
    ['jwt', 'Bearer', /send a token .* as Authorization: Bearer TOKEN/],
  ] as const)('with %s authentication', (auth, scheme, detail) => {
    const problem = refusalOf(() => callerOf({}, { auth, tenantClaim: '', ...NONE }));
    expect(problem).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': scheme } });
    expect(problem.detail).toMatch(/^Not authenticated: /);
    expect(problem.detail).toMatch(detail);
  });

  test.each([
    [undefined, 'the token has no such claim'],
    [7, 'it is no text'],
    ['[secret]', 'it is a list'],
    ['', 'it has 0'],
    ['x'.repeat(129), 'it has 129'],
    ['secret\n', 'it has such characters'],
  ])('for a claim that is %j, without its content', (org, problem) => {
    const { detail } = refusalOf(() => callerOf({ authorizer: { jwt: { claims: { org } } } }, RULES));
    expect(detail).toContain(`The claim org of the token must name one tenant in 1 to 128 characters`);
    expect(detail).toContain(
      `, ${problem}. Have the issuer put it into its tokens, or deploy with the tenantClaim`,
    );
    expect(detail).not.toContain('secret');
  });
});
