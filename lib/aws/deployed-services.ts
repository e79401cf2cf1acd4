import type { CloudFormationClient, CloudFormationClientConfig, Stack } from '@aws-sdk/client-cloudformation';
import { CoatcheckError } from '../core/base/errors.ts';
import { readServiceOutput, type ServiceOutputName } from '../core/config/service-outputs.ts';

/** A deployed service, described by the outputs of its stack. */
export interface DeployedService {
  readonly stack: string;
  /** The path of the service's construct in the stack. */
  readonly service: string;
  readonly outputs: Readonly<Partial<Record<ServiceOutputName, string>>>;
}

/** A service couldn't be found or identified. */
export class DeploymentUnknown extends CoatcheckError {
  override name: string = 'DeploymentUnknown';
  readonly code = 'deployment_unknown';
}

/** No AWS credentials or no region are configured. */
export class AwsNotSetUp extends DeploymentUnknown {
  override readonly name = 'AwsNotSetUp';
}

/** The stack doesn't exist. */
export class StackMissing extends DeploymentUnknown {
  override readonly name = 'StackMissing';
}

/** Finds the services of one region by the outputs of their CloudFormation stacks. */
export class DeployedServices {
  readonly #client: CloudFormationClient;
  readonly region: string;
  readonly #signal: AbortSignal;

  private constructor(client: CloudFormationClient, region: string, signal: AbortSignal) {
    this.#client = client;
    this.region = region;
    this.#signal = signal;
  }

  /**
   * @param config overrides what the SDK finds in the environment
   * @throws AwsNotSetUp if no region is configured
   */
  static async at(config: CloudFormationClientConfig, signal: AbortSignal): Promise<DeployedServices> {
    const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
    const client = new CloudFormationClient(config);
    const region = await client.config.region().catch((error: unknown) => {
      throw new AwsNotSetUp(
        'No AWS region to look for services in: set AWS_REGION or choose a profile by AWS_PROFILE',
        { cause: error },
      );
    });
    return new DeployedServices(client, region, signal);
  }

  /**
   * Lists the services of a stack, or of all stacks.
   * @param timeout ends the search earlier
   * @throws StackMissing, AwsNotSetUp, DeploymentUnknown, or the reason of the signal that fired
   */
  async list(stack?: string, timeout?: AbortSignal): Promise<DeployedService[]> {
    const signal = timeout ? AbortSignal.any([this.#signal, timeout]) : this.#signal;
    const found: DeployedService[] = [];
    for await (const each of this.#stacks(stack, signal)) found.push(...servicesOf(each));
    return found;
  }

  async *#stacks(StackName: string | undefined, abortSignal: AbortSignal): AsyncGenerator<Stack, void> {
    const { DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
    let NextToken: string | undefined;
    do {
      const page = await this.#client
        .send(new DescribeStacksCommand({ StackName, NextToken }), { abortSignal })
        .catch((error: unknown) => {
          this.#signal.throwIfAborted();
          throw this.#problemOf(error, StackName);
        });
      yield* page.Stacks ?? [];
      NextToken = page.NextToken;
    } while (NextToken);
  }

  #problemOf(error: unknown, stack: string | undefined): DeploymentUnknown {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const what = stack === undefined ? 'services' : `the stack ${stack}`;
    if (name === 'CredentialsProviderError') {
      return new AwsNotSetUp(`No AWS credentials to look for ${what} with: ${message}`, { cause: error });
    }
    if (name === 'ValidationError' && message.includes('does not exist')) {
      return new StackMissing(`There is no stack ${stack} in ${this.region}`, { cause: error });
    }
    return new DeploymentUnknown(
      `CloudFormation didn't describe ${what} in ${this.region}: ${name}: ${message}`,
      { cause: error },
    );
  }
}

function servicesOf({ StackName: stack = '', Outputs = [] }: Stack): DeployedService[] {
  const services = new Map<string, Partial<Record<ServiceOutputName, string>>>();
  for (const { Description = '', OutputValue } of Outputs) {
    const output = readServiceOutput(Description);
    if (!output) continue;
    const { service, name } = output;
    const outputs = services.get(service) ?? {};
    outputs[name] = OutputValue;
    services.set(service, outputs);
  }
  return [...services].map(([service, outputs]) => ({ stack, service, outputs }));
}
