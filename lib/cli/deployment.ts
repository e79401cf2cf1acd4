import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { LOCAL_FOLDER } from '../local/folder.ts';
import { AwsNotSetUp, DeploymentUnknown, type Outputs, stackOutputs } from './stack-outputs.ts';

/** The stack that `cdk deploy` makes unless it is told otherwise. */
const DEFAULT_STACK = 'Coatcheck';

/** What a local API may take to answer, its function's first start included. */
const LOCAL_TIMEOUT_MILLISECONDS = 10_000;

/** Where to look for a service. */
export interface Search {
  /** @default the local deployment if it runs, else the stack Coatcheck */
  readonly stack?: string;
  /** Where the local deployment left its outputs. @default the project's `.local` */
  readonly localFolder?: string;
  readonly signal: AbortSignal;
  /** Told which service it is where nobody named it. */
  readonly note: (text: string) => void;
}

/** What one has to know of a deployed service. @throws DeploymentUnknown when it doesn't have it */
export type Deployment = (output: OutputName) => string;

type OutputName =
  | 'ApiUrl'
  | 'InputQueueUrl'
  | 'OutputQueueUrl'
  | 'DeadLetterQueueUrl'
  | 'RequestTableName'
  | 'WebhookQueueUrl'
  | 'WebhookDeadLetterQueueUrl';

/** @throws DeploymentUnknown */
export async function findDeployment(search: Search): Promise<Deployment> {
  const { stack, localFolder = LOCAL_FOLDER, signal, note } = search;
  if (stack !== undefined) return deploymentOf(stack, (await stackOutputs(stack, signal)).outputs);
  const file = join(localFolder, 'outputs.json');
  const local = await localOutputs(file);
  if (local && (await answers(local, signal))) {
    note(`using the local deployment in ${relative('', file)}`);
    const newer = `. If it was deployed by hand since, look there: --stack ${DEFAULT_STACK}`;
    return deploymentOf(`${DEFAULT_STACK} in ${relative('', file)}`, local, newer);
  }
  const { region, outputs } = await defaultStack(local, signal);
  note(`using the stack ${DEFAULT_STACK} in ${region}`);
  return deploymentOf(DEFAULT_STACK, outputs);
}

async function defaultStack(local: Outputs | undefined, signal: AbortSignal) {
  try {
    return await stackOutputs(DEFAULT_STACK, signal);
  } catch (error) {
    if (!(error instanceof AwsNotSetUp)) throw error;
    const hint = local
      ? `The local AWS doesn't run any more, which had ${local.ApiUrl}: start it by npm run local, or name a service by --api`
      : 'Or name a service by --api';
    throw new DeploymentUnknown(`${error.message}\n${hint}`, { cause: error });
  }
}

/** @param hint what else may help where an output is missing */
function deploymentOf(stack: string, outputs: Outputs, hint = ''): Deployment {
  return (name) => {
    const value = outputs[name];
    if (value !== undefined) return value;
    throw new DeploymentUnknown(`The stack ${stack} has no output ${name}: ${whyNot(name)}${hint}`);
  };
}

function whyNot(name: OutputName): string {
  if (name === 'ApiUrl') return 'it was deployed without the HTTP API, or by an app that has no such output';
  if (name.startsWith('Webhook'))
    return 'it was deployed without webhooks, or by an app that has no such output';
  return 'it is no service of Coatcheck, or of an app that has no such output';
}

/** Undefined when nothing with an API was deployed locally. */
async function localOutputs(file: string): Promise<Outputs | undefined> {
  let stacks: Readonly<Record<string, Outputs>>;
  try {
    stacks = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
  const outputs = stacks?.[DEFAULT_STACK];
  return outputs?.ApiUrl === undefined ? undefined : outputs;
}

/** An emulator that was started anew answers too, but doesn't know the API any more. */
async function answers({ ApiUrl }: Outputs, signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.timeout(LOCAL_TIMEOUT_MILLISECONDS);
    const response = await fetch(`${ApiUrl}/v1/status`, { signal: AbortSignal.any([signal, timeout]) });
    await response.body?.cancel();
    return response.status !== 404;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
