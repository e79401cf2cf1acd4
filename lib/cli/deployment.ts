import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AwsNotSetUp,
  type DeployedService,
  DeployedServices,
  DeploymentUnknown,
  StackMissing,
} from '../aws/deployed-services.ts';
import { DEFAULT_STACK, type ServiceOutputName } from '../core/config/service-outputs.ts';
import { localConfig } from '../local/clients.ts';
import { ENDPOINT_FILE, LOCAL_FOLDER } from '../local/folder.ts';

/** Timeout of a call to the local AWS. */
const LOCAL_TIMEOUT_MILLISECONDS = 10_000;

/** Where to search for services. */
export interface SearchPlace {
  /** Folder in which the local deployment wrote its endpoint. @default the project's `.local` */
  readonly localFolder?: string;
  readonly signal: AbortSignal;
}

/** What has outputs. */
type Kind = 'service' | 'subscription';

/** Which service to search for, and where. */
export interface Search extends SearchPlace {
  /** @default the local deployment if it runs, else the stack Coatcheck, else the only service */
  readonly stack?: string;
  /** Path of its construct in the stack. @default the only one */
  readonly service?: string;
  /** Whether `service` is the path of an `OutcomeSubscription`. @default 'service' */
  readonly kind?: Kind;
  /** Called with the chosen service unless a stack was given. */
  readonly note: (text: string) => void;
}

/** Returns an output of a deployed service. @throws DeploymentUnknown if the service doesn't have it */
export type Deployment = (output: ServiceOutputName) => string;

/** Finds the outputs of the one service that matches. @throws DeploymentUnknown as {@link findService} does */
export async function findDeployment(search: Search): Promise<Deployment> {
  return deploymentOf(await findService(search));
}

/** Finds the one service that matches. @throws DeploymentUnknown if none or several match; it lists the candidates */
export async function findService(search: Search): Promise<DeployedService> {
  const [service] = await findSharing(search);
  return service;
}

/**
 * Finds the one service that matches, and behind it those that share its table: its front door, and the processors that were added.
 * @throws DeploymentUnknown as {@link findService} does
 */
export function findSharing({
  stack,
  service,
  kind = 'service',
  note,
  ...place
}: Search): Promise<readonly [DeployedService, ...DeployedService[]]> {
  return lookAround(place, stack, async (services, where) => {
    const found = await candidatesOf(services, { stack, service });
    const candidates = found.filter((each) => kindOf(each) === kind);
    const matching =
      service === undefined ? frontDoors(candidates) : candidates.filter((each) => each.service === service);
    const [only] = matching;
    if (!only || matching.length > 1) {
      throw new DeploymentUnknown(problemOf({ stack, service, kind, matching, candidates, where }));
    }
    if (stack === undefined) note(`using ${nameOf(only)} ${where}`);
    return [only, ...candidates.filter((each) => each !== only && sharesTable(each, only))];
  });
}

/** Lists all services, and subscriptions to their outcomes, in the place that a search without a stack uses. @throws DeploymentUnknown */
export function listServices(place: SearchPlace): Promise<readonly DeployedService[]> {
  return lookAround(place, undefined, (services) => services.list());
}

/**
 * Searches the local AWS if it has services, else the AWS of the user's settings. A named stack is searched for with
 * the user's settings only.
 * @param look receives a description of the place for messages: `in eu-west-1`
 */
async function lookAround<T>(
  { localFolder = LOCAL_FOLDER, signal }: SearchPlace,
  stack: string | undefined,
  look: (services: DeployedServices, where: string) => Promise<T>,
): Promise<T> {
  const endpoint = await localEndpoint(localFolder);
  if (endpoint !== undefined && stack === undefined && !process.env.AWS_ENDPOINT_URL) {
    const services = await DeployedServices.at({ ...localConfig(endpoint), maxAttempts: 1 }, signal);
    if (await hasServices(services, signal)) return look(services, `on the local AWS at ${endpoint}`);
  }
  try {
    const services = await DeployedServices.at({}, signal);
    return await look(services, placeOf(services));
  } catch (error) {
    if (!(error instanceof AwsNotSetUp)) throw error;
    throw new DeploymentUnknown(`${error.message}\n${hintFor(endpoint, stack)}`, { cause: error });
  }
}

/** An emulator has a region, too: only its endpoint distinguishes it from AWS. */
function placeOf({ region }: DeployedServices): string {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  return endpoint ? `in ${region} at ${endpoint}` : `in ${region}`;
}

function hintFor(endpoint: string | undefined, stack: string | undefined): string {
  if (stack !== undefined) return 'For a stack on the local AWS, set the variables that npm run local prints';
  if (endpoint === undefined)
    return 'Or start coatcheck dev or coatcheck serve in this folder, or name a service with --api';
  return `The local AWS at ${endpoint} has no service, or has stopped: start it with npm run local. Or start coatcheck dev or coatcheck serve in this folder, or name a service with --api`;
}

/** A restarted emulator answers, but has no services. */
async function hasServices(services: DeployedServices, signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.timeout(LOCAL_TIMEOUT_MILLISECONDS);
    return (await services.list(undefined, timeout)).length > 0;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function candidatesOf(
  services: DeployedServices,
  { stack, service }: Pick<Search, 'stack' | 'service'>,
): Promise<readonly DeployedService[]> {
  if (stack !== undefined) return services.list(stack);
  if (service !== undefined) return services.list();
  const usual = await services.list(DEFAULT_STACK).catch(ignoreMissing);
  return usual.length > 0 ? usual : services.list();
}

/** The services that were added to none of the others: their paths begin with that of their front door. */
function frontDoors(services: readonly DeployedService[]): readonly DeployedService[] {
  const isBehind = ({ stack, service }: DeployedService) =>
    services.some((other) => other.stack === stack && service.startsWith(`${other.service}/`));
  return services.filter((each) => !isBehind(each));
}

function sharesTable(one: DeployedService, other: DeployedService): boolean {
  const { RequestTableName: table } = one.outputs;
  return table !== undefined && table === other.outputs.RequestTableName;
}

function ignoreMissing(error: unknown): readonly DeployedService[] {
  if (error instanceof StackMissing) return [];
  throw error;
}

interface Mismatch {
  readonly stack: string | undefined;
  readonly service: string | undefined;
  readonly kind: Kind;
  readonly matching: readonly DeployedService[];
  readonly candidates: readonly DeployedService[];
  readonly where: string;
}

function problemOf({ stack, service, kind, matching, candidates, where }: Mismatch): string {
  const place = stack === undefined ? where : `in the stack ${stack}`;
  if (candidates.length === 0) {
    return `There is no Coatcheck ${kind} ${place}. A ${kind} that an older version deployed is found once it is deployed again`;
  }
  if (matching.length === 0)
    return `There is no ${kind} ${service} ${place}. Available:${listOf(candidates)}`;
  return `There are ${matching.length} ${kind}s ${place}. Choose one with --stack and --${kind}:${listOf(matching)}`;
}

function listOf(services: readonly DeployedService[]): string {
  return services.map((each) => `\n--stack ${each.stack} --${kindOf(each)} ${each.service}`).join('');
}

function nameOf(found: DeployedService): string {
  return `the ${kindOf(found)} ${found.service} of the stack ${found.stack}`;
}

/** What the outputs describe. */
export function kindOf({ outputs }: DeployedService): Kind {
  return outputs.SubscriptionQueueUrl === undefined ? 'service' : 'subscription';
}

/** Gives access to the outputs of a service. */
export function deploymentOf(found: DeployedService): Deployment {
  return (name) => {
    const value = found.outputs[name];
    if (value !== undefined) return value;
    throw new DeploymentUnknown(`${nameOf(found)} has no ${name}: ${whyNot(name)}`.replace(/^t/, 'T'));
  };
}

function whyNot(name: ServiceOutputName): string {
  if (name === 'ApiUrl') return 'it was deployed without the HTTP API';
  if (name === 'ReleaseAliasName') {
    return 'it was deployed without releases. Set the prop release of AsyncService, for a processor on Lambda, and deploy it';
  }
  if (name.startsWith('Webhook')) return 'it was deployed without webhooks';
  return 'it was deployed by an older version. Deploy it again';
}

/** Undefined if nothing was deployed locally. */
async function localEndpoint(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, ENDPOINT_FILE), 'utf8').catch(() => undefined);
  return text?.trim() || undefined;
}
