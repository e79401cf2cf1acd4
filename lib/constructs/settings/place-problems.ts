import { type IResource, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Problems of an existing resource in another account or region than its service. @param prop the path of its prop */
export function placeProblems(service: Construct, prop: string, resource: IResource): string[] {
  return (['account', 'region'] as const).flatMap((part) => {
    const [allowed, actual] = [Stack.of(service)[part], resource.env[part]];
    if (allowed === actual || Token.isUnresolved(allowed) || Token.isUnresolved(actual)) return [];
    return [`${prop} must be in the ${part} of the service, ${allowed}, got one in ${actual}`];
  });
}
