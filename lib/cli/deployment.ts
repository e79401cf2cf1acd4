import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AwsNotSetUp,
  type DeployedService,
  DeploymentUnknown,
  Services,
  StackMissing,
} from '../aws/deployed-services.ts';
import { DEFAULT_STACK, type ServiceOutputName } from '../core/config/service-outputs.ts';
import { localConfig } from '../local/clients.ts';
import { ENDPOINT_FILE, LOCAL_FOLDER } from '../local/folder.ts';

/** How long the local AWS may take to answer. */
const LOCAL_TIMEOUT_MILLISECONDS = 10_000;

/** Where to look for services. */
export interface Place {
  /** Where the local deployment left its endpoint. @default the project's `.local` */
  readonly localFolder?: string;
  readonly signal: AbortSignal;
}

/** Which service to look for, and where. */
export interface Search extends Place {
  /** @default the local deployment if it runs, else the stack Coatcheck, else the only service there is */
  readonly stack?: string;
  /** The path of its construct in the stack. @default the only one */
  readonly service?: string;
  /** Called with the service that was chosen where no stack was named. */
  readonly note: (text: string) => void;
}

/** Gives an output of a deployed service. @throws DeploymentUnknown when it doesn't have it */
export type Deployment = (output: ServiceOutputName) => string;

/** Finds the one service that is meant. @throws DeploymentUnknown with those there are when none or several match */
export function findDeployment({ stack, service, note, ...place }: Search): Promise<Deployment> {
  return lookAround(place, stack, async (services, where) => {
    const candidates = await candidatesOf(services, { stack, service });
    const matching = candidates.filter((each) => service === undefined || each.service === service);
    const [found] = matching;
    if (!found || matching.length > 1) {
      throw new DeploymentUnknown(problemOf({ stack, service, matching, candidates, where }));
    }
    if (stack === undefined) note(`using ${nameOf(found)} ${where}`);
    return deploymentOf(found);
  });
}

/** All services, where a search without a stack looks. @throws DeploymentUnknown */
export function listServices(place: Place): Promise<readonly DeployedService[]> {
  return lookAround(place, undefined, (services) => services.list());
}

/**
 * Looks for services on the local AWS if it has any, else by the user's AWS settings. A stack that is named is looked
 * for by the user's AWS settings only.
 * @param look gets, for people, where the services are: `in eu-west-1`
 */
async function lookAround<T>(
  { localFolder = LOCAL_FOLDER, signal }: Place,
  stack: string | undefined,
  look: (services: Services, where: string) => Promise<T>,
): Promise<T> {
  const endpoint = await localEndpoint(localFolder);
  if (endpoint !== undefined && stack === undefined && !process.env.AWS_ENDPOINT_URL) {
    const services = await Services.at({ ...localConfig(endpoint), maxAttempts: 1 }, signal);
    if (await hasServices(services, signal)) return look(services, `on the local AWS at ${endpoint}`);
  }
  try {
    const services = await Services.at({}, signal);
    return await look(services, `in ${services.region}`);
  } catch (error) {
    if (!(error instanceof AwsNotSetUp)) throw error;
    throw new DeploymentUnknown(`${error.message}\n${hintFor(endpoint, stack)}`, { cause: error });
  }
}

function hintFor(endpoint: string | undefined, stack: string | undefined): string {
  if (stack !== undefined) return 'For a stack on the local AWS, set the variables that npm run local prints';
  if (endpoint === undefined) return 'Or name a service by --api';
  return `The local AWS at ${endpoint} has no service or doesn't run any more: start it by npm run local, or name a service by --api`;
}

/** An emulator that was started anew answers too, and has none. */
async function hasServices(services: Services, signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.timeout(LOCAL_TIMEOUT_MILLISECONDS);
    return (await services.list(undefined, timeout)).length > 0;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function candidatesOf(
  services: Services,
  { stack, service }: Pick<Search, 'stack' | 'service'>,
): Promise<readonly DeployedService[]> {
  if (stack !== undefined) return services.list(stack);
  if (service !== undefined) return services.list();
  const usual = await services.list(DEFAULT_STACK).catch(ignoreMissing);
  return usual.length > 0 ? usual : services.list();
}

function ignoreMissing(error: unknown): readonly DeployedService[] {
  if (error instanceof StackMissing) return [];
  throw error;
}

interface Mismatch {
  readonly stack: string | undefined;
  readonly service: string | undefined;
  readonly matching: readonly DeployedService[];
  readonly candidates: readonly DeployedService[];
  readonly where: string;
}

function problemOf({ stack, service, matching, candidates, where }: Mismatch): string {
  const place = stack === undefined ? where : `in the stack ${stack}`;
  if (candidates.length === 0) {
    return `There is no Coatcheck service ${place}. One that an older version deployed is found after it is deployed again`;
  }
  if (matching.length === 0)
    return `There is no service ${service} ${place}. There are:${listOf(candidates)}`;
  return `There are ${matching.length} services ${place}. Choose one by --stack and --service:${listOf(matching)}`;
}

function listOf(services: readonly DeployedService[]): string {
  return services.map(({ stack, service }) => `\n--stack ${stack} --service ${service}`).join('');
}

function nameOf({ stack, service }: DeployedService): string {
  return `the service ${service} of the stack ${stack}`;
}

/** The outputs of a service. */
export function deploymentOf(found: DeployedService): Deployment {
  return (name) => {
    const value = found.outputs[name];
    if (value !== undefined) return value;
    throw new DeploymentUnknown(`${nameOf(found)} has no ${name}: ${whyNot(name)}`.replace(/^t/, 'T'));
  };
}

function whyNot(name: ServiceOutputName): string {
  if (name === 'ApiUrl') return 'it was deployed without the HTTP API';
  if (name.startsWith('Webhook')) return 'it was deployed without webhooks';
  return 'an older version deployed it. Deploy it again';
}

/** Undefined when nothing was deployed locally. */
async function localEndpoint(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, ENDPOINT_FILE), 'utf8').catch(() => undefined);
  return text?.trim() || undefined;
}
