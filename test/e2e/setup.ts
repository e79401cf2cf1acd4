import type { TestProject } from 'vitest/node';
import { deploy, type StackOutputs } from '../../lib/local/deployment.ts';
import { openTestAws } from '../support/local-aws.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly stacks: StackOutputs;
  }
}

/** Deploys the services under test to a local AWS of their own, or to the one `AWS_ENDPOINT_URL` names. */
export default async function setup(project: TestProject) {
  const aws = await openTestAws('.local/e2e');
  try {
    const stacks = await deploy({
      endpoint: aws.endpoint,
      app: 'node test/e2e/app.ts',
      folder: '.local/e2e',
    });
    project.provide('endpoint', aws.endpoint);
    project.provide('stacks', stacks);
  } catch (error) {
    await aws[Symbol.asyncDispose]();
    throw error;
  }
  return () => aws[Symbol.asyncDispose]();
}
