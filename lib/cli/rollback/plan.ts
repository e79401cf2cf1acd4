import type { RunningDeployment } from '../../aws/code-deployments.ts';
import type { AliasState, PublishedVersion } from '../../aws/function-alias.ts';
import { CoatcheckError } from '../../core/base/errors.ts';

/** There is nothing to roll back, or nothing to roll back to. */
export class RollbackImpossible extends CoatcheckError {
  override readonly name = 'RollbackImpossible';
  readonly code = 'rollback_impossible';
}

/** What is known of a release. */
export interface ReleaseState {
  readonly alias: AliasState;
  /** The published versions, the newest first. */
  readonly versions: readonly PublishedVersion[];
  readonly deployment: RunningDeployment | undefined;
}

/** What a rollback does. */
export type RollbackPlan =
  /** Stops a deployment of CodeDeploy, which moves all traffic back. */
  | {
      readonly result: 'deployment_stopped';
      readonly deployment: string;
      /** Undefined if all traffic has moved: CodeDeploy knows the version before. */
      readonly to: string | undefined;
    }
  /** Moves all traffic to a version. */
  | { readonly result: 'alias_moved'; readonly to: string }
  /** The version already has all traffic. */
  | { readonly result: 'unchanged'; readonly to: string };

/**
 * Decides what a rollback does.
 * @param wanted the number of a version; the one before by default
 * @throws RollbackImpossible
 */
export function planRollback(state: ReleaseState, wanted?: string): RollbackPlan {
  const { alias, deployment } = state;
  if (deployment) return planStop(state, deployment, wanted);
  const to = wanted === undefined ? previousOf(state) : existing(state, wanted);
  const isAlone = alias.version === to && Object.keys(alias.weights).length === 0;
  return { result: isAlone ? 'unchanged' : 'alias_moved', to };
}

function planStop(
  { alias }: ReleaseState,
  { id, isRollback }: RunningDeployment,
  wanted?: string,
): RollbackPlan {
  if (isRollback) {
    throw new RollbackImpossible(
      `CodeDeploy already moves traffic back, by the deployment ${id}. Wait until it has ended`,
    );
  }
  if (wanted !== undefined) {
    throw new RollbackImpossible(
      `--to can't be used while the deployment ${id} of CodeDeploy moves traffic. Stop it first with npx coatcheck rollback, without --to`,
    );
  }
  // While CodeDeploy moves traffic, the new version has a weight.
  const isMoving = Object.keys(alias.weights).length > 0;
  return { result: 'deployment_stopped', deployment: id, to: isMoving ? alias.version : undefined };
}

/** The newest version before the newest that runs. */
function previousOf({ alias, versions }: ReleaseState): string {
  const newest = Math.max(...[alias.version, ...Object.keys(alias.weights)].map(Number));
  const previous = versions.find(({ version }) => Number(version) < newest);
  if (previous) return previous.version;
  throw new RollbackImpossible(
    `There is no version before ${newest} to go back to: Lambda has ${listOf(versions)}`,
  );
}

function existing({ versions }: ReleaseState, wanted: string): string {
  if (versions.some(({ version }) => version === wanted)) return wanted;
  throw new RollbackImpossible(`There is no version ${wanted}: Lambda has ${listOf(versions)}`);
}

function listOf(versions: readonly PublishedVersion[]): string {
  return versions.map(({ version }) => version).join(', ') || 'no published version';
}
