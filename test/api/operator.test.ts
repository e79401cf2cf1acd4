import { expect, test } from 'vitest';
import { assertOperator } from '../../lib/api/operator.ts';
import { ProblemError } from '../../lib/api/problem.ts';

test('only an operator may make the calls of operators', () => {
  assertOperator({ isOperator: true });
  expect(() => assertOperator({ isOperator: false })).toThrow(ProblemError);
  expect(() => assertOperator({ isOperator: false })).toThrow(
    /service\.grantOperateApi\(\).*ApiAuth\.jwt\(\{ operators \}\).*COATCHECK_OPERATOR_KEYS/,
  );
});
