import type { TestProject } from 'vitest/node';
import { deploy, type StackOutputs } from '../../lib/local/deployment.ts';
import { openTestAws } from '../support/local-aws.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly stacks: StackOutputs;
    /** Where the spans of the services are. */
    readonly spans: string;
  }
}

/** Deploys the services under test to a new local AWS, or to the AWS at `AWS_ENDPOINT_URL`. */
export default async function setup(project: TestProject) {
  const aws = await openTestAws('.local/e2e');
  const receiver = await new OtlpReceiver().start();
  const close = async () => {
    await receiver[Symbol.asyncDispose]();
    await aws[Symbol.asyncDispose]();
  };
  try {
    const stacks = await deploy({
      endpoint: aws.endpoint,
      app: `node test/e2e/app.ts ${receiver.url}`,
      folder: '.local/e2e',
    });
    project.provide('endpoint', aws.endpoint);
    project.provide('stacks', stacks);
    project.provide('spans', receiver.url);
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}
