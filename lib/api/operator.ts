import type { Caller } from './context.ts';
import { ProblemError } from './problem.ts';

/** @throws ProblemError 403 `operator_required` */
export function assertOperator({ isOperator }: Caller): void {
  if (isOperator) return;
  throw new ProblemError({
    status: 403,
    code: 'operator_required',
    detail:
      'Only operators may make this call: on AWS, call with credentials that service.grantOperateApi() was given, or with a token that ' +
      'ApiAuth.jwt({ operators }) names; ' +
      'coatcheck serve needs a key of COATCHECK_OPERATOR_KEYS',
  });
}
