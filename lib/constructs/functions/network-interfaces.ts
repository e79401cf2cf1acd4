import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { acknowledge } from '../observability/acknowledge.ts';

/**
 * Lets Lambda connect a function with this role to the VPC of the service, if it has one. A policy of its own, for the
 * same reason as that of tracing: to acknowledge it in the default policy would hide findings about what the user adds.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export function allowNetworkInterfaces(role: Role, { function: { vpc } = {} }: AsyncServiceProps): void {
  if (!vpc) return;
  const policy = new Policy(role, 'NetworkInterfaces', {
    statements: [
      new PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        resources: ['*'],
      }),
    ],
    roles: [role],
  });
  acknowledge(policy, {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'Lambda requires these permissions for all resources before it connects a function to a VPC.',
  });
}
