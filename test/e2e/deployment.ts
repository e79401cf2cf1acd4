import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StackOutputs } from '../../lib/local/deployment.ts';
import { E2E_FOLDER } from './folder.ts';

/** The result of the deployment, which setup.ts writes and the processes of the tests read. */
const FILE = `${E2E_FOLDER}/deployment.json`;

const POLL_MILLISECONDS = 200;

type Deployment = { readonly stacks: StackOutputs } | { readonly failure: string };

/** Removes the result of an earlier deployment. */
export function forgetDeployment(): Promise<void> {
  return rm(FILE, { force: true });
}

/** Deploys, and writes the result for {@link readDeployment}, also of a failure. */
export async function noteDeployment(deploy: () => Promise<StackOutputs>): Promise<void> {
  const deployment = await deploy().then(
    (stacks): Deployment => ({ stacks }),
    (error: unknown): Deployment => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  // In one step: readers never find a part.
  await writeFile(`${FILE}.new`, JSON.stringify(deployment));
  await rename(`${FILE}.new`, FILE);
}

/**
 * Waits for the deployment.
 * @returns the outputs of its stacks
 * @throws Error if it failed
 */
export async function readDeployment(): Promise<StackOutputs> {
  while (!existsSync(FILE)) await sleep(POLL_MILLISECONDS);
  const deployment: Deployment = JSON.parse(await readFile(FILE, 'utf8'));
  if ('failure' in deployment) throw new Error(`The services aren't deployed. ${deployment.failure}`);
  return deployment.stacks;
}
