import { type IResource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ConfigurationError } from '../../core/base/errors.ts';

/**
 * Checks a grant to a principal of another stack. Its policy names the resource and, across accounts, the policy of the resource
 * names it. A name that CloudFormation generates is known in its own account and region only.
 * @param arn of the resource
 * @throws ConfigurationError if a name isn't known where it is needed
 */
export function assertReachable({ grantPrincipal }: IGrantable, resource: IResource, arn: string): void {
  if (!Construct.isConstruct(grantPrincipal)) return;
  const stack = Stack.of(grantPrincipal);
  if (stack === resource.stack) return;
  try {
    stack.resolve(arn);
    if (isOfOtherAccount(grantPrincipal.principalAccount, resource)) {
      resource.stack.resolve(grantPrincipal.policyFragment.principalJson);
    }
  } catch (cause) {
    throw new ConfigurationError(
      `${grantPrincipal.node.path} can't be granted access to ${resource.node.path}: it is in ${environmentOf(stack)}, the ` +
        `resource in ${environmentOf(resource.stack)}, and names that are generated at deployment are known only in their own ` +
        `account and region. ${WAY_OUT}`,
      { cause },
    );
  }
}

/** How a principal of another account gets access. */
export const WAY_OUT =
  'Make a role in the stack of the service that the principal may assume, for example with assumedBy: new ' +
  "AccountPrincipal('111122223333'), and grant access to that role";

/** Whether a principal is of another account than a resource, as far as both are known. */
export function isOfOtherAccount(account: string | undefined, { stack }: Pick<IResource, 'stack'>): boolean {
  if (account === undefined) return false;
  return [TokenComparison.DIFFERENT, TokenComparison.ONE_UNRESOLVED].includes(
    Token.compareStrings(account, stack.account),
  );
}

function environmentOf({ account, region }: Stack): string {
  const shown = (value: string, what: string) => (Token.isUnresolved(value) ? `an unknown ${what}` : value);
  return `${shown(account, 'account')}/${shown(region, 'region')}`;
}
