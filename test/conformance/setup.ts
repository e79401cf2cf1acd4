import type { TestProject } from 'vitest/node';
import { openTestAws } from '../support/local-aws.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly endpoint: string;
  }
}

/** One local AWS for every suite; each makes buckets and queues of its own. */
export default async function setup(project: TestProject) {
  const aws = await openTestAws('.local/conformance');
  project.provide('endpoint', aws.endpoint);
  return () => aws[Symbol.asyncDispose]();
}
