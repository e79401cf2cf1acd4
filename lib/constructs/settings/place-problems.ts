import { type IResource, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Problems of what is in another account or region than its service. @param what the path of its prop */
export function placeProblems(service: Construct, what: string, { env }: Pick<IResource, 'env'>): string[] {
  return (['account', 'region'] as const).flatMap((part) => {
    const [allowed, actual] = [Stack.of(service)[part], env[part]];
    if (allowed === actual || Token.isUnresolved(allowed) || Token.isUnresolved(actual)) return [];
    return [`${what} must be in the ${part} of the service, ${allowed}, got one in ${actual}`];
  });
}
