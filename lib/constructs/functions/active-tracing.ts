import { CfnResource } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledge } from '../observability/acknowledge.ts';

/**
 * Enables active tracing by X-Ray for a function. The CDK's own prop adds the permission to the default policy of the
 * role, where acknowledging its wildcard would also hide wildcards that the user adds.
 */
export function traceActively({ node }: LambdaFunction, role: Role): void {
  const policy = new Policy(role, 'Tracing', {
    statements: [
      new PolicyStatement({
        actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
        resources: ['*'],
      }),
    ],
    roles: [role],
  });
  acknowledge(policy, {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'The actions that send traces to X-Ray support no resource.',
  });
  if (!CfnResource.isCfnResource(node.defaultChild))
    throw new Error(`${node.path} has no CloudFormation resource`);
  node.defaultChild.addPropertyOverride('TracingConfig.Mode', 'Active');
}
