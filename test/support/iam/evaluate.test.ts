import { describe, expect, test } from 'vitest';
import { type AuthorizationRequest, decide, type PolicyStatement } from './evaluate.ts';

const ROLE = 'arn:aws:iam::123456789012:role/role';

/** A statement about all actions and resources. */
function statement(parts: Partial<PolicyStatement>): PolicyStatement {
  return { effect: 'Allow', actions: ['*'], resources: ['*'], conditions: {}, ...parts };
}

/** The decision about a request. */
function decisionOf(request: Partial<AuthorizationRequest>, ...statements: PolicyStatement[]): string {
  const whole = { principal: ROLE, action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', context: {} };
  return decide({ ...whole, ...request }, statements);
}

/** Whether a condition is met. */
function isMet(conditions: PolicyStatement['conditions'], context: AuthorizationRequest['context']): boolean {
  return decisionOf({ context }, statement({ conditions })) === 'allowed';
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html */
describe("AWS's example of policies within an account", () => {
  const carlos = 'arn:aws:iam::123456789012:user/carlossalazar';
  const bucket = 'arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar';
  const statements = [
    statement({ actions: ['s3:GetBucketLocation', 's3:ListAllMyBuckets'], resources: ['arn:aws:s3:::*'] }),
    statement({ actions: ['s3:*'], resources: [`${bucket}/*`, bucket] }),
    statement({ effect: 'Deny', actions: ['s3:*'], resources: ['arn:aws:s3:::*log*'] }),
    statement({ actions: ['s3:*'], resources: [`${bucket}/*`, bucket], principals: [carlos] }),
  ];

  test.each([
    ['s3:PutObject', `${bucket}/file`, 'allowed'],
    ['s3:GetBucketLocation', 'arn:aws:s3:::another', 'allowed'],
    ['s3:PutObject', `${bucket}-logs/file`, 'explicitly denied'],
    ['s3:PutObject', 'arn:aws:s3:::another/file', 'implicitly denied'],
  ])('%s on %s: %s', (action, resource, decision) => {
    expect(decisionOf({ principal: carlos, action, resource }, ...statements)).toBe(decision);
  });

  test('the policy of a resource allows its principals by itself', () => {
    const [, , , ofBucket = statement({})] = statements;
    const request = { action: 's3:PutObject', resource: `${bucket}/file` };
    expect(decisionOf({ ...request, principal: carlos }, ofBucket)).toBe('allowed');
    expect(decisionOf({ ...request, principal: ROLE }, ofBucket)).toBe('implicitly denied');
  });
});

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_examples-multi-valued-context-keys.html */
test.each([
  ['ForAllValues:StringNotLike', ['key1*'], ['key1:legal'], false],
  ['ForAllValues:StringNotLike', ['key1*'], ['key1:hr', 'key1:personnel'], false],
  ['ForAllValues:StringNotLike', ['key1*'], ['key2:audit'], true],
  ['ForAllValues:StringNotLike', ['key1*'], undefined, true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['a', 'c'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], undefined, false],
])('%s %j with the keys %j: %s', (operator, expected, keys, met) => {
  expect(isMet({ [operator]: { 'aws:TagKeys': expected } }, keys ? { 'aws:TagKeys': keys } : {})).toBe(met);
});

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
test.each([
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', 'a', undefined, false],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', 'b', false],
  ['StringNotEquals', 'a', 'b', true],
  ['StringNotEquals', 'a', undefined, true],
  ['StringLike', 'results/*', 'results/a/b', true],
  ['StringLike', 'results/*', 'other/results/', false],
  ['StringLike', 'a?c', 'abc', true],
  ['Bool', 'false', 'true', false],
  ['Bool', 'true', undefined, false],
  ['ArnLike', 'arn:aws:s3:::b*', 'arn:aws:s3:::bucket', true],
  ['ArnLike', 'arn:aws:*:a', 'arn:aws:s3:::a', false],
  ['ArnEquals', 'arn:aws:sns:*:*:topic', 'arn:aws:sns:us-east-1:123456789012:topic', true],
])('%s %s with the value %s: %s', (operator, expected, value, met) => {
  expect(isMet({ [operator]: { 'a:Key': [expected] } }, value === undefined ? {} : { 'a:Key': value })).toBe(
    met,
  );
});

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html */
describe('several conditions', () => {
  const conditions = {
    StringEquals: { 'aws:PrincipalTag/department': ['finance', 'hr'], 'aws:PrincipalTag/role': ['audit'] },
    ArnLike: { 'aws:PrincipalArn': ['arn:aws:iam::222222222222:user/Ana'] },
  };
  const met = {
    'aws:PrincipalTag/department': 'hr',
    'aws:PrincipalTag/role': 'audit',
    'aws:PrincipalArn': 'arn:aws:iam::222222222222:user/Ana',
  };

  test('must all be met, each by one of its values', () => {
    expect(isMet(conditions, met)).toBe(true);
  });

  test.each(Object.keys(met))('are not met with another %s', (key) => {
    expect(isMet(conditions, { ...met, [key]: 'arn:aws:iam::222222222222:user/other' })).toBe(false);
  });

  test('with a negated operator are met if no value matches', () => {
    const negated = { StringNotEquals: { 'a:Key': ['a', 'b'] } };
    expect([isMet(negated, { 'a:Key': 'c' }), isMet(negated, { 'a:Key': 'b' })]).toEqual([true, false]);
  });
});

test('names of actions are case-insensitive, resources are not', () => {
  const allow = statement({ actions: ['S3:get*'], resources: ['arn:aws:s3:::b/k'] });
  expect(decisionOf({}, allow)).toBe('allowed');
  expect(decisionOf({ resource: 'arn:aws:s3:::b/K' }, allow)).toBe('implicitly denied');
});

test.each([
  [
    { conditions: { NumericLessThan: { 'a:Key': ['1'] } } },
    "the condition operator NumericLessThan isn't evaluated",
  ],
  [{ conditions: { StringEquals: { 'a:Key': ['a'] } } }, 'StringEquals needs a set operator for a, b'],
  [{ resources: ['arn:aws:s3:::$' + '{aws:username}'] }, "policy variables aren't evaluated"],
])('%j is an error', (parts, message) => {
  expect(() => decisionOf({ context: { 'a:Key': ['a', 'b'] } }, statement(parts))).toThrow(message);
});
