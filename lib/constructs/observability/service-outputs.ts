import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { describeServiceOutput, type ServiceOutputName } from '../../core/config/service-outputs.ts';

/** The values of outputs; undefined for parts that the service doesn't have. */
type OutputValues = Readonly<Partial<Record<ServiceOutputName, string | undefined>>>;

/** The values of a service's outputs, so that none is forgotten. */
export type ServiceOutputValues = Readonly<
  Record<Exclude<ServiceOutputName, `Subscription${string}`>, string | undefined>
>;

/**
 * The stack outputs that the command line uses to find a service, or a subscription. They are free, need only the permission
 * `cloudformation:DescribeStacks`, and change with the deployment. A stack can have 200 outputs.
 *
 * The outputs of a service in a nested stack belong to the stack that is deployed, because users know its name.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
export class ServiceOutputs extends Construct {
  constructor(service: Construct, values: OutputValues) {
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

/** One stack may have the outputs of several nested services. */
function idIn(service: Construct, stack: Stack): string {
  return stack === Stack.of(service) ? 'Outputs' : `Outputs-${service.node.addr}`;
}

function pathIn(stack: Stack, { node }: Construct): string {
  return node.path.slice(stack.node.path.length).replace(/^\//, '');
}
