import { CodeDeployments } from '../../aws/code-deployments.ts';
import { FunctionAlias, type PublishedVersion } from '../../aws/function-alias.ts';
import { confirm } from '../../terminal/confirm.ts';
import { isForPeople, note, printable, printCells, printJson } from '../../terminal/output.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import { deploymentOf, findService } from '../deployment.ts';
import { formatRouting } from '../format-routing.ts';
import type { Run } from '../run.ts';
import { findRunningService } from '../running-service.ts';
import type { DeploymentOptions } from '../service-options.ts';
import { planRollback, type ReleaseState, RollbackImpossible, type RollbackPlan } from './plan.ts';

/** Options of `coatcheck rollback`. */
export interface RollbackOptions extends DeploymentOptions {
  readonly to?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** The parts of a service that a rollback changes. */
interface Release {
  readonly alias: FunctionAlias;
  /** Undefined on a local AWS, which has no CodeDeploy. */
  readonly deployments: CodeDeployments | undefined;
}

/**
 * Rolls back the service that the options name: prints what it would do, asks for confirmation, and does it.
 * @throws DeploymentUnknown, RollbackImpossible
 */
export async function runRollback(options: RollbackOptions, { signal }: Run): Promise<void> {
  await assertDeployed(options);
  const release = await openRelease(options, signal);
  const state = await readState(release, signal);
  const plan = planRollback(state, options.to);
  for (const line of previewOf(release, state, plan)) note(printable(line));
  if (!options.dryRun && plan.result !== 'unchanged') {
    if (!options.yes && !(await confirm('Continue?', signal))) return;
    await execute(release, state, plan, signal);
    note(printable(doneText(release, plan)));
  }
  await printResult(state, plan, options);
}

/** @throws RollbackImpossible for a service of this machine */
async function assertDeployed({ stack, service }: DeploymentOptions): Promise<void> {
  const running = stack === undefined && service === undefined ? await findRunningService() : undefined;
  if (!running) return;
  throw new RollbackImpossible(
    `coatcheck ${running.command} runs in this folder, and has no releases: it runs the code of its file. For a deployed service, name it with --stack`,
  );
}

async function openRelease(options: DeploymentOptions, signal: AbortSignal): Promise<Release> {
  const service = await findService({ ...options, signal, note });
  const output = deploymentOf(service);
  const aliasName = output('ReleaseAliasName');
  const aws = await awsOfQueue(output('InputQueueUrl'));
  const application = service.outputs.ReleaseApplicationName;
  return {
    alias: new FunctionAlias(aws, output('ProcessorFunctionName'), aliasName),
    deployments:
      application === undefined
        ? undefined
        : new CodeDeployments(aws, { application, group: output('ReleaseDeploymentGroupName') }),
  };
}

/** Reads the alias first: if it changes after that, its revision is out of date. */
async function readState({ alias, deployments }: Release, signal: AbortSignal): Promise<ReleaseState> {
  const routing = await alias.read(signal);
  const [deployment, versions] = await Promise.all([deployments?.running(signal), alias.versions(signal)]);
  return { alias: routing, versions, deployment };
}

function previewOf({ alias }: Release, state: ReleaseState, plan: RollbackPlan): string[] {
  const label = (version: string) => describe(version, state.versions);
  const now = `${alias.name}: ${formatRouting(state.alias, label)}`;
  switch (plan.result) {
    case 'deployment_stopped': {
      const to = plan.to === undefined ? 'the version before' : label(plan.to);
      return [
        now,
        `would stop the deployment ${plan.deployment} of CodeDeploy, which then moves all traffic back to ${to}`,
      ];
    }
    case 'alias_moved':
      return [now, 'no deployment runs', `would move all traffic to ${label(plan.to)}`];
    case 'unchanged':
      return [now, 'it already has all traffic'];
  }
}

/** `version 6 (1.4.2, published 2026-11-20T11:53:24.201+0000)` */
function describe(version: string, versions: readonly PublishedVersion[]): string {
  const { handlerVersion, publishedAt } = versions.find((each) => each.version === version) ?? {};
  const facts = [handlerVersion, publishedAt && `published ${publishedAt}`].filter(Boolean).join(', ');
  return facts === '' ? `version ${version}` : `version ${version} (${facts})`;
}

async function execute(
  { alias, deployments }: Release,
  state: ReleaseState,
  plan: RollbackPlan,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (plan.result === 'deployment_stopped') await deployments?.stop(plan.deployment, signal);
    if (plan.result === 'alias_moved') await alias.pointTo(plan.to, state.alias, signal);
  } catch (error) {
    if (!(error instanceof Error && CHANGED.includes(error.name))) throw error;
    throw new RollbackImpossible(
      'The release changed in the meantime, and nothing was done. Run npx coatcheck rollback again',
      { cause: error },
    );
  }
}

/** Errors of AWS if the preview is out of date. */
const CHANGED = ['PreconditionFailedException', 'DeploymentAlreadyCompletedException'];

function doneText({ alias }: Release, plan: RollbackPlan): string {
  if (plan.result === 'deployment_stopped') {
    return `stopped the deployment ${plan.deployment}; CodeDeploy moves the traffic back`;
  }
  return `${alias.name}: version ${plan.to}. CloudFormation doesn't know of this change: deploy code that works next`;
}

/** Prints what was done, or would be, for programs. */
async function printResult(
  { alias }: ReleaseState,
  plan: RollbackPlan,
  options: RollbackOptions,
): Promise<void> {
  if (isForPeople(options)) return;
  const { version, weights } = alias;
  if (options.json) await printJson({ from: { version, weights }, ...plan });
  else await printCells([version, plan.to ?? '', plan.result]);
}
