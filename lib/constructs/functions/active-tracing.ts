import { CfnResource } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledge } from '../observability/acknowledge.ts';

/** What X-Ray's OTLP endpoint asks for. */
const SPAN_ACTIONS = ['xray:PutSpans', 'xray:PutSpansForIndexing'];

/** What Lambda's active tracing asks for. */
const SEGMENT_ACTIONS = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

/**
 * Turns on Lambda's active tracing and lets the function send spans to X-Ray. CDK's own prop adds the permissions to the
 * default policy of the role: to acknowledge them there would hide findings about what the user adds.
 */
export function traceActively({ node }: LambdaFunction, role: Role): void {
  allowTracing(role, [...SEGMENT_ACTIONS, ...SPAN_ACTIONS]);
  if (!CfnResource.isCfnResource(node.defaultChild))
    throw new Error(`${node.path} has no CloudFormation resource`);
  node.defaultChild.addPropertyOverride('TracingConfig.Mode', 'Active');
}

/** Lets a task send spans to X-Ray. */
export function allowSpans(role: Role): void {
  allowTracing(role, SPAN_ACTIONS);
}

function allowTracing(role: Role, actions: string[]): void {
  const policy = new Policy(role, 'Tracing', {
    statements: [new PolicyStatement({ actions, resources: ['*'] })],
    roles: [role],
  });
  acknowledge(policy, {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'The actions that send traces to X-Ray support no resource.',
  });
}
