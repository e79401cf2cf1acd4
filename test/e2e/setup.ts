import { createServer } from 'node:net';
import type { TestProject } from 'vitest/node';
import { deploy, type StackOutputs } from '../../lib/local/deployment.ts';
import { openLocalAws } from '../../lib/local/emulator.ts';
import { readLocalSettings } from '../../lib/local/environment.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly endpoint: string;
    readonly stacks: StackOutputs;
  }
}

/** Deploys the services under test to a local AWS of their own, or to the one `AWS_ENDPOINT_URL` names. */
export default async function setup(project: TestProject) {
  const aws = await openLocalAws({ ...readLocalSettings(process.env), port: await freePort() });
  try {
    const stacks = await deploy({
      endpoint: aws.endpoint,
      app: 'node test/e2e/app.ts',
      folder: '.local/e2e',
      step: (_, work) => work(() => {}),
    });
    project.provide('endpoint', aws.endpoint);
    project.provide('stacks', stacks);
  } catch (error) {
    await aws[Symbol.asyncDispose]();
    throw error;
  }
  return () => aws[Symbol.asyncDispose]();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
