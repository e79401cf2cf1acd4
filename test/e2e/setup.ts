import type { TestProject } from 'vitest/node';
import { deploy, type StackOutputs } from '../../lib/local/deployment.ts';
import { RecordingProxy } from '../support/iam/recording-proxy.ts';
import { openTestAws } from '../support/local-aws.ts';
import { OidcIssuer } from '../support/oidc-issuer.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { E2E_FOLDER } from './folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly stacks: StackOutputs;
    /** Where the spans of the services are. */
    readonly spans: string;
    /** The file of recorded calls of AWS; empty if AWS isn't local. */
    readonly calls: string;
    /** The command that synthesizes the services. */
    readonly app: string;
  }
}

/**
 * Deploys the services under test to a new local AWS, or to the AWS at `AWS_ENDPOINT_URL`. All calls of the new one are
 * recorded.
 */
export default async function setup(project: TestProject) {
  const aws = await openTestAws(E2E_FOLDER);
  const calls = aws.emulator ? `${E2E_FOLDER}/calls.ndjson` : '';
  const proxy = calls === '' ? undefined : await RecordingProxy.open(aws.endpoint, calls);
  const endpoint = proxy?.url ?? aws.endpoint;
  const receiver = await new OtlpReceiver().start();
  const issuer = await OidcIssuer.start();
  const close = async () => {
    await issuer[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await aws[Symbol.asyncDispose]();
  };
  try {
    const app = `node test/e2e/app.ts ${receiver.url} ${issuer.url} ${proxy?.url ?? ''}`;
    const stacks = await deploy({ endpoint, app, folder: E2E_FOLDER });
    issuer.serve(`${stacks['E2e-raw']?.ApiUrl}/console/signed-in`);
    // To all projects: rights.test.ts is in one of its own.
    const { vitest } = project;
    vitest.provide('endpoint', endpoint);
    vitest.provide('calls', calls);
    vitest.provide('stacks', stacks);
    vitest.provide('spans', receiver.url);
    vitest.provide('app', app);
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}
