import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import { Grant, type IGrantable, type IPrincipal, UnknownPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ConfigurationError } from '../../core/base/errors.ts';
import { WAY_OUT } from './assert-reachable.ts';

/**
 * Grants calls of an HTTP API. Its only policies are those of principals: it has none itself, and accepts no callers of another
 * account.
 * @throws ConfigurationError for a principal of another account, or one without a policy of its own
 */
export function grantCalls(grantee: IGrantable, api: Construct, resourceArns: string[]): Grant {
  const { grantPrincipal: principal } = grantee;
  const { account } = Stack.of(api);
  const { principalAccount = account } = principal;
  if (Token.compareStrings(principalAccount, account) === TokenComparison.DIFFERENT) {
    throw new ConfigurationError(
      `${api.node.path} can be called only by principals of its own account, ${account}, got ${nameOf(principal)} of ` +
        `${principalAccount}. ${WAY_OUT}`,
    );
  }
  const grant = Grant.addToPrincipal({ grantee, actions: ['execute-api:Invoke'], resourceArns });
  // The CDK warns about what it knows nothing of, such as the role of an imported function.
  if (grant.success || principal instanceof UnknownPrincipal) return grant;
  throw new ConfigurationError(
    `${api.node.path} can be called only by principals with a policy of their own, such as a Role, got ${nameOf(principal)}. ` +
      WAY_OUT,
  );
}

function nameOf(principal: IPrincipal): string {
  return Construct.isConstruct(principal) ? principal.node.path : principal.constructor.name;
}
