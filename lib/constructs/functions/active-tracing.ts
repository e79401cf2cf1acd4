import { CfnResource } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledge } from '../observability/acknowledge.ts';

/**
 * Has X-Ray trace a function. CDK's own prop does so too, and writes what that needs into the policy of all the function
 * may do: there it couldn't be acknowledged without hiding what the user adds.
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
    reason: 'Sending traces to X-Ray knows no resources.',
  });
  if (!CfnResource.isCfnResource(node.defaultChild))
    throw new Error(`${node.path} has no CloudFormation resource`);
  node.defaultChild.addPropertyOverride('TracingConfig.Mode', 'Active');
}
