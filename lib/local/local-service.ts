import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type DeployedService, Services, StackMissing } from '../aws/deployed-services.ts';
import { CoatcheckError, ConfigurationError } from '../core/base/errors.ts';
import { DEFAULT_STACK, type ServiceOutputName } from '../core/config/service-outputs.ts';
import { localConfig } from './clients.ts';
import { type DeployOptions, deploy } from './deployment.ts';
import { PROJECT_FOLDER } from './folder.ts';

/** What is deployed unless a processor is named. */
export const EXAMPLE_PROCESSOR = 'examples/csv-profile/processor.ts';

/** The local AWS has a processor that is neither the example nor the one that was to be deployed. */
class ProcessorInPlace extends CoatcheckError {
  readonly code = 'processor_in_place';

  /** @param deployed the processor that is there, if its stack says so */
  constructor(deployed: string | undefined, wanted: string, endpoint: string) {
    const what = deployed === undefined ? 'which another app deployed' : `with the processor ${deployed}`;
    const keep = deployed === undefined ? '' : `\nTo use that processor, add: -- --processor ${deployed}`;
    super(
      `The local AWS at ${endpoint} already has the stack ${DEFAULT_STACK}, ${what}. It is left as it is.${keep}
To deploy ${wanted} instead, first restart that local AWS, or set the variables it printed and run npx cdk destroy.`,
    );
  }
}

/** What was deployed has no such output. */
class OutputMissing extends CoatcheckError {
  readonly code = 'output_missing';
}

/**
 * Reads the command line of the local modes: `--processor FILE` or nothing.
 * @returns the file's path from the project's folder
 * @throws ConfigurationError for anything else, and when there is no such file
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
  /** As {@link readProcessor} gives it. */
  readonly processor: string;
  readonly signal: AbortSignal;
}

/** Gives an output of the service. @throws OutputMissing */
export type LocalService = (output: ServiceOutputName) => string;

/**
 * Deploys a processor to a local AWS, by the app in cdk.json. It replaces the example or an older state of the same
 * processor, never a processor that someone deployed.
 * @throws ProcessorInPlace, DeploymentFailed
 */
export async function deployLocalService({
  processor,
  signal,
  ...options
}: LocalServiceOptions): Promise<LocalService> {
  const { endpoint } = options;
  const services = await Services.at(localConfig(endpoint), signal);
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
    throw new OutputMissing(`The stack ${DEFAULT_STACK} on ${endpoint} should have the output ${name}`);
  };
}

/** Undefined where the stack isn't there. */
async function servicesIn(services: Services): Promise<readonly DeployedService[] | undefined> {
  return services.list(DEFAULT_STACK).catch((error: unknown) => {
    if (error instanceof StackMissing) return undefined;
    throw error;
  });
}

function isReplaceable(deployed: string | undefined, wanted: string): boolean {
  return deployed === wanted || deployed === EXAMPLE_PROCESSOR;
}
