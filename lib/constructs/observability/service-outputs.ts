import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { describeServiceOutput, type ServiceOutputName } from '../../core/config/service-outputs.ts';

/** The values of a service's outputs. What the service doesn't have is undefined. */
export type ServiceOutputValues = Readonly<Record<ServiceOutputName, string | undefined>>;

/**
 * The stack outputs by which the command line finds a service. They cost nothing, need no right but
 * `cloudformation:DescribeStacks`, and change with the deployment. A stack may have 200 outputs.
 *
 * Outputs of a service in a nested stack belong to the stack that is deployed, whose name people know.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
export class ServiceOutputs extends Construct {
  constructor(service: Construct, values: ServiceOutputValues) {
    const stack = deployedStackOf(service);
    super(stack === Stack.of(service) ? service : stack, idIn(service, stack));
    const path = pathIn(stack, service);
    for (const [name, value] of Object.entries(values) as [ServiceOutputName, string | undefined][]) {
      if (value === undefined) continue;
      new CfnOutput(this, name, { value, description: describeServiceOutput({ service: path, name }) });
    }
  }
}

function deployedStackOf(service: Construct): Stack {
  let stack = Stack.of(service);
  while (stack.nestedStackParent) stack = stack.nestedStackParent;
  return stack;
}

/** Another stack may hold the outputs of several nested services. */
function idIn(service: Construct, stack: Stack): string {
  return stack === Stack.of(service) ? 'Outputs' : `Outputs-${service.node.addr}`;
}

function pathIn(stack: Stack, { node }: Construct): string {
  return node.path.slice(stack.node.path.length).replace(/^\//, '');
}
