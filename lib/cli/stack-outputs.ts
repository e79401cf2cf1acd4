import { CoatcheckError } from '../core/errors.ts';

/** The outputs of a deployed stack, by name. */
export type Outputs = Readonly<Record<string, string>>;

/** Where a service is couldn't be found out. */
export class DeploymentUnknown extends CoatcheckError {
  readonly code = 'deployment_unknown';
}

/** There is nobody to ask AWS as, or no region to ask in. */
export class AwsNotSetUp extends DeploymentUnknown {}

/** Asks CloudFormation, with the SDK's usual settings. @throws DeploymentUnknown */
export async function stackOutputs(
  stack: string,
  signal: AbortSignal,
): Promise<{ readonly region: string; readonly outputs: Outputs }> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient();
  const region = await client.config.region().catch((error: unknown) => {
    throw new AwsNotSetUp(
      `No AWS region to look for the stack ${stack} in: set AWS_REGION or choose a profile by AWS_PROFILE`,
      { cause: error },
    );
  });
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }), {
      abortSignal: signal,
    });
    const outputs = Stacks?.[0]?.Outputs ?? [];
    const entries = outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
    return { region, outputs: Object.fromEntries(entries) };
  } catch (error) {
    signal.throwIfAborted();
    throw problemOf(error, stack, region);
  }
}

function problemOf(error: unknown, stack: string, region: string): DeploymentUnknown {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'CredentialsProviderError') {
    return new AwsNotSetUp(`No AWS credentials to look for the stack ${stack} with: ${message}`, {
      cause: error,
    });
  }
  if (name === 'ValidationError' && message.includes('does not exist')) {
    return new DeploymentUnknown(`There is no stack ${stack} in ${region}`, { cause: error });
  }
  return new DeploymentUnknown(
    `CloudFormation didn't describe the stack ${stack} in ${region}: ${name}: ${message}`,
    { cause: error },
  );
}
