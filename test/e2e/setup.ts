import type { TestProject } from 'vitest/node';
import { deploy } from '../../lib/local/deployment.ts';
import { RecordingProxy } from '../support/iam/recording-proxy.ts';
import { openTestAws } from '../support/local-aws.ts';
import { OidcIssuer } from '../support/oidc-issuer.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { forgetDeployment, noteDeployment } from './deployment.ts';
import { E2E_FOLDER } from './folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the spans of the services are. */
    readonly spans: string;
    /** The file of recorded calls of AWS; empty if AWS isn't local. */
    readonly calls: string;
    /** The command that synthesizes the services. */
    readonly app: string;
  }
}

/**
 * Begins to deploy the services under test to a new local AWS, or to the AWS at `AWS_ENDPOINT_URL`. All calls of the new one
 * are recorded. Tests of other projects run meanwhile; those of this one wait for the deployment: see stacks.ts.
 */
export default async function setup({ vitest }: TestProject) {
  const aws = await openTestAws(E2E_FOLDER);
  const calls = aws.emulator ? `${E2E_FOLDER}/calls.ndjson` : '';
  const proxy = calls === '' ? undefined : await RecordingProxy.open(aws.endpoint, calls);
  const endpoint = proxy?.url ?? aws.endpoint;
  const receiver = await new OtlpReceiver().start();
  const issuer = await OidcIssuer.start();
  const app = `node test/e2e/app.ts ${receiver.url} ${issuer.url} ${proxy?.url ?? ''}`;
  await forgetDeployment();
  const deployed = noteDeployment(async () => {
    const stacks = await deploy({ endpoint, app, folder: E2E_FOLDER });
    issuer.serve(`${stacks['E2e-raw']?.ApiUrl}/console/signed-in`);
    return stacks;
  });
  // To all projects: rights.test.ts is in one of its own.
  vitest.provide('endpoint', endpoint);
  vitest.provide('calls', calls);
  vitest.provide('spans', receiver.url);
  vitest.provide('app', app);
  return async () => {
    await deployed;
    await issuer[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await aws[Symbol.asyncDispose]();
  };
}
