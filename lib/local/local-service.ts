import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type DeployedService, DeployedServices, StackMissing } from '../aws/deployed-services.ts';
import { CoatcheckError, ConfigurationError } from '../core/base/errors.ts';
import { DEFAULT_STACK, type ServiceOutputName } from '../core/config/service-outputs.ts';
import { localConfig } from './clients.ts';
import { type DeployOptions, deploy } from './deployment.ts';
import { PROJECT_FOLDER } from './folder.ts';

/** The default processor. */
export const EXAMPLE_PROCESSOR = 'examples/csv-profile/processor.ts';

/** The local AWS has another processor, which isn't the example. */
class ProcessorInPlace extends CoatcheckError {
  override readonly name = 'ProcessorInPlace';
  readonly code = 'processor_in_place';

  /** @param deployed the deployed processor, if its stack names it */
  constructor(deployed: string | undefined, wanted: string, endpoint: string) {
    const what = deployed === undefined ? 'which another app deployed' : `with the processor ${deployed}`;
    const keep = deployed === undefined ? '' : `\nTo use that processor, add: -- --processor ${deployed}`;
    super(
      `The local AWS at ${endpoint} already has the stack ${DEFAULT_STACK}, ${what}. It was left unchanged.${keep}
To deploy ${wanted} instead, first restart that local AWS, or set the variables that it printed and run npx cdk destroy.`,
    );
  }
}

/** The deployed stack lacks an output. */
class OutputMissing extends CoatcheckError {
  override readonly name = 'OutputMissing';
  readonly code = 'output_missing';
}

/**
 * Reads the command line of the local modes: `--processor FILE` or nothing.
 * @returns the file's path relative to the project's folder
 * @throws ConfigurationError for other arguments, or a missing file
 */
export async function readProcessor(args: readonly string[]): Promise<string> {
  const { processor = resolve(PROJECT_FOLDER, EXAMPLE_PROCESSOR) } = parseOptions(args);
  const file = resolve(processor);
  const isFile = await stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isFile) throw new ConfigurationError(`--processor must be an existing file, got ${processor}`);
  return relative(PROJECT_FOLDER, file);
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { processor: { type: 'string' } } }).values;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`${problem}\nThe only option is --processor FILE`, { cause: error });
  }
}

/** What to deploy, and where. */
export interface LocalServiceOptions extends Pick<DeployOptions, 'endpoint' | 'step' | 'folder'> {
  /** As {@link readProcessor} returns it. */
  readonly processor: string;
  readonly signal: AbortSignal;
}

/** Returns an output of the service. @throws OutputMissing */
export type LocalService = (output: ServiceOutputName) => string;

/**
 * Deploys a processor to a local AWS, with the app in cdk.json. Replaces the example or an older version of the same
 * processor, but no other processor.
 * @throws ProcessorInPlace, DeploymentFailed
 */
export async function deployLocalService({
  processor,
  signal,
  ...options
}: LocalServiceOptions): Promise<LocalService> {
  const { endpoint } = options;
  const services = await DeployedServices.at(localConfig(endpoint), signal);
  const deployed = await servicesIn(services);
  if (
    deployed &&
    !deployed.some(({ outputs: { ProcessorEntry } }) => isReplaceable(ProcessorEntry, processor))
  ) {
    throw new ProcessorInPlace(deployed[0]?.outputs.ProcessorEntry, processor, endpoint);
  }
  await deploy({ ...options, signal, context: { processor } });
  const [service] = await services.list(DEFAULT_STACK);
  return (name) => {
    const value = service?.outputs[name];
    if (value !== undefined) return value;
    throw new OutputMissing(`The stack ${DEFAULT_STACK} on ${endpoint} has no output ${name}`);
  };
}

/** Undefined if the stack doesn't exist. */
async function servicesIn(services: DeployedServices): Promise<readonly DeployedService[] | undefined> {
  return services.list(DEFAULT_STACK).catch((error: unknown) => {
    if (error instanceof StackMissing) return undefined;
    throw error;
  });
}

function isReplaceable(deployed: string | undefined, wanted: string): boolean {
  return deployed === wanted || deployed === EXAMPLE_PROCESSOR;
}
