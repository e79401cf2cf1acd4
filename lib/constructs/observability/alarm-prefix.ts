import { Stack, Stage } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * CloudFormation names an alarm by its stack and its logical id, which the CDK makes from the path of the construct. Those of the
 * processors behind the service are among them.
 */
export function alarmPrefixOf(service: IConstruct): string {
  const path = service.node.scopes.filter((scope) => !(scope instanceof Stage) && !(scope instanceof Stack));
  const ids = path.map(({ node }) => node.id.replaceAll(/[^A-Za-z0-9]/g, ''));
  return `${Stack.of(service).stackName}-${ids.join('')}`;
}
