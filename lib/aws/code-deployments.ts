import {
  CodeDeployClient,
  type CodeDeployClientConfig,
  type DeploymentCreator,
  type DeploymentStatus,
  GetDeploymentCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy';

/** A deployment that hasn't ended. */
export interface RunningDeployment {
  readonly id: string;
  /** Whether it moves traffic back to an earlier version. */
  readonly isRollback: boolean;
}

/** A deployment group of CodeDeploy. */
export interface DeploymentGroup {
  readonly application: string;
  readonly group: string;
}

const RUNNING: DeploymentStatus[] = ['Created', 'Queued', 'InProgress'];

const ROLLBACKS: readonly (DeploymentCreator | undefined)[] = [
  'codeDeployRollback',
  'CloudFormationRollback',
];

/** The deployments of a deployment group of CodeDeploy. */
export class CodeDeployments {
  readonly #client: CodeDeployClient;
  readonly #group: DeploymentGroup;

  constructor(config: CodeDeployClientConfig, group: DeploymentGroup) {
    this.#client = new CodeDeployClient(config);
    this.#group = group;
  }

  /** The deployment that runs; undefined if there is none. CodeDeploy runs one at a time in a group. */
  async running(abortSignal: AbortSignal): Promise<RunningDeployment | undefined> {
    const { application, group } = this.#group;
    const { deployments = [] } = await this.#client.send(
      new ListDeploymentsCommand({
        applicationName: application,
        deploymentGroupName: group,
        includeOnlyStatuses: RUNNING,
      }),
      { abortSignal },
    );
    const [id] = deployments;
    if (id === undefined) return undefined;
    const { deploymentInfo } = await this.#client.send(new GetDeploymentCommand({ deploymentId: id }), {
      abortSignal,
    });
    return { id, isRollback: ROLLBACKS.includes(deploymentInfo?.creator) };
  }

  /**
   * Stops a deployment. CodeDeploy then moves all traffic back, after this returns.
   * @throws DeploymentAlreadyCompletedException of the SDK if it has ended
   */
  async stop(deploymentId: string, abortSignal: AbortSignal): Promise<void> {
    await this.#client.send(new StopDeploymentCommand({ deploymentId, autoRollbackEnabled: true }), {
      abortSignal,
    });
  }
}
