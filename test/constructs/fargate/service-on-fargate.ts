import { Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { type AsyncServiceProps, type FargateProps, Host } from '../../../lib/constructs/index.ts';
import { emptyApp, serviceIn } from '../service-in-app.ts';

/** A service on Fargate in a stack of its own, `Stack/Service`, with a VPC. */
export function serviceOnFargate(
  fargate: Partial<FargateProps> = {},
  props: Partial<AsyncServiceProps> = {},
  stack = new Stack(emptyApp(), 'Stack'),
) {
  const vpc = new Vpc(stack, 'Vpc', { natGateways: 1, restrictDefaultSecurityGroup: false });
  return { vpc, ...serviceIn(stack, { host: Host.fargate({ vpc, ...fargate }), ...props }) };
}
