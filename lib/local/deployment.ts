import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { type Step, silently } from '../terminal/step.ts';
import { localClients } from './clients.ts';
import { correctCors } from './cors.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION, toolEnvironment } from './environment.ts';
import { DeploymentFailed } from './errors.ts';
import { ENDPOINT_FILE, LOCAL_FOLDER, makeFolder, PROJECT_FOLDER } from './folder.ts';
import { withLock } from './lock.ts';
import { run, tailOf } from './run.ts';

/** What to deploy, and where. */
export interface DeployOptions {
  readonly endpoint: string;
  /** Command that synthesizes the app. @default - the one in cdk.json */
  readonly app?: string;
  /** Context for the app (`-c`). */
  readonly context?: Readonly<Record<string, string>>;
  /** Names of stacks. @default - all stacks of the app */
  readonly stacks?: readonly string[];
  /** Folder for outputs.json, the endpoint, deploy.log and the synthesized templates. @default - the project's `.local` */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly step?: Step;
}

/** Outputs by stack and name. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Runs `cdk deploy`, after `cdk bootstrap` if necessary. Deployments with the same folder wait for each other.
 * @throws DeploymentFailed with the CDK's output
 */
export async function deploy(options: DeployOptions): Promise<StackOutputs> {
  const { step = silently, signal } = options;
  const folder = resolve(options.folder ?? LOCAL_FOLDER);
  await makeFolder(folder);
  const bootstrapAndDeploy = async () => {
    if (!(await isBootstrapped(options.endpoint))) {
      await step('Bootstrapping for the CDK', () => bootstrap(options, folder));
    }
    return await step('Deploying', async (note) => {
      const outputs = await deployStacks(options, folder);
      await correctCors(options.endpoint, signal);
      await writeFile(join(folder, ENDPOINT_FILE), options.endpoint);
      note(`${Object.keys(outputs).join(', ')}; outputs in ${relative('', join(folder, 'outputs.json'))}`);
      return outputs;
    });
  };
  return await withLock(join(folder, 'deploying'), bootstrapAndDeploy, signal);
}

/** Checks for the bootstrap stack's bucket. */
function isBootstrapped(endpoint: string): Promise<boolean> {
  const Bucket = `cdk-hnb659fds-assets-${LOCAL_ACCOUNT}-${LOCAL_REGION}`;
  return localClients(endpoint)
    .s3.send(new HeadBucketCommand({ Bucket }))
    .then(
      () => true,
      () => false,
    );
}

async function bootstrap(options: DeployOptions, folder: string): Promise<void> {
  const args = ['bootstrap', `aws://${LOCAL_ACCOUNT}/${LOCAL_REGION}`];
  // In a folder without cdk.json, so that the app isn't synthesized.
  await cdk(args, { options, folder, cwd: folder, what: 'Bootstrapping' });
}

async function deployStacks(options: DeployOptions, folder: string): Promise<StackOutputs> {
  const outputsFile = join(folder, 'outputs.json');
  const app = options.app === undefined ? [] : ['--app', options.app];
  const stacks = options.stacks ?? ['--all'];
  const places = ['--output', join(folder, 'cdk.out'), '--outputs-file', outputsFile];
  await writeFile(outputsFile, '{}');
  const context = Object.entries(options.context ?? {}).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const args = ['deploy', ...stacks, ...app, ...context, ...places, '--require-approval', 'never'];
  await cdk(args, { options, folder, cwd: PROJECT_FOLDER, what: 'Deploying' });
  return readOutputs(JSON.parse(await readFile(outputsFile, 'utf8')));
}

interface CdkContext {
  readonly options: DeployOptions;
  readonly folder: string;
  readonly cwd: string;
  /** Name of the step for the error message. */
  readonly what: string;
}

async function cdk(args: readonly string[], { options, folder, cwd, what }: CdkContext): Promise<void> {
  const program = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const { succeeded, output } = await run(process.execPath, [program, ...args, '--no-notices'], {
    cwd,
    env: { ...toolEnvironment(options.endpoint), CDK_DISABLE_CLI_TELEMETRY: 'true', FORCE_COLOR: '0' },
    signal: options.signal,
  });
  const log = join(folder, 'deploy.log');
  await writeFile(log, output);
  if (!succeeded) throw new DeploymentFailed(what, essenceOf(output), log);
}

/** Lines of every deployment, and stack traces. */
const NOISE =
  /^\s+at |^Node\.js v|Synthesis time|: (start|success): |creating CloudFormation changeset|: deploying\.{3}|_(IN_PROG|COMPLET)\w*\s+\|/;

/** The last lines that the CDK printed about a failure. */
function essenceOf(output: string): string {
  const lines = output.split(/\r?\n/).filter((line) => !NOISE.test(line));
  return tailOf(lines.join('\n').replaceAll(/^[❌‣]\s*/gmu, ''));
}

function readOutputs(json: unknown): StackOutputs {
  const stacks = Object.entries(Object(json)).map(([stack, outputs]) => [
    stack,
    Object.fromEntries(Object.entries(Object(outputs)).map(([name, value]) => [name, String(value)])),
  ]);
  return Object.fromEntries(stacks);
}
