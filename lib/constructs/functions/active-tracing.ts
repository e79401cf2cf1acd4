import { CfnResource } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledge } from '../observability/acknowledge.ts';

/**
 * Turns on Lambda's active tracing and lets the function send spans to X-Ray. CDK's own prop adds the permissions to the
 * default policy of the role: to acknowledge them there would hide findings about what the user adds.
 */
export function traceActively({ node }: LambdaFunction, role: Role): void {
  const policy = new Policy(role, 'Tracing', {
    statements: [
      new PolicyStatement({
        // Lambda's active tracing asks for the first two, the OTLP endpoint for the others.
        actions: [
          'xray:PutTraceSegments',
          'xray:PutTelemetryRecords',
          'xray:PutSpans',
          'xray:PutSpansForIndexing',
        ],
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
