import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  GetAliasCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { expect, inject, test } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { releaseTemplate, serviceOutput } from '../support/release-template.ts';

const endpoint = inject('endpoint');
const lambda = new LambdaClient(localConfig(endpoint));

/** A function with the versions 1 to 3; an alias invokes the last, and the first for a tenth. */
async function release(FunctionName: string): Promise<void> {
  const { Resources, Outputs } = releaseTemplate(FunctionName);
  const TemplateBody = JSON.stringify({
    Resources: { ...Resources, Input: { Type: 'AWS::SQS::Queue' } },
    Outputs: { ...Outputs, ...serviceOutput('InputQueueUrl', { Ref: 'Input' }) },
  });
  const client = new CloudFormationClient(localConfig(endpoint));
  await client.send(new CreateStackCommand({ StackName: FunctionName, TemplateBody }));
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName: FunctionName },
  );
  for (const COATCHECK_VERSION of ['1.1', '1.2']) {
    const Environment = { Variables: { COATCHECK_VERSION } };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
    await lambda.send(new PublishVersionCommand({ FunctionName }));
  }
  await lambda.send(
    new UpdateAliasCommand({
      FunctionName,
      Name: 'live',
      FunctionVersion: '3',
      RoutingConfig: { AdditionalVersionWeights: { '1': 0.1 } },
    }),
  );
}

test('rollback points the alias at the version before, then at that of --to', async () => {
  const stack = `rollback-${crypto.randomUUID()}`;
  await release(stack);
  const run = (...more: readonly string[]) =>
    coatcheck(['rollback', '--stack', stack, '--yes', ...more], { variables: awsVariables(endpoint) });
  const routing = async () => {
    const { FunctionVersion, RoutingConfig } = await lambda.send(
      new GetAliasCommand({ FunctionName: stack, Name: 'live' }),
    );
    return { FunctionVersion, weights: RoutingConfig?.AdditionalVersionWeights ?? {} };
  };

  const { exitCode, stdout, stderr } = await run();

  expect([exitCode, stdout]).toEqual([0, '3\t2\talias_moved\n']);
  expect(stderr).toMatch(/^live: version 3 \(1\.2, published .+\), 10% version 1 \(published .+\)\n/);
  expect(stderr).toMatch(/would move all traffic to version 2 \(1\.1, published .+\)\n/);
  expect(await routing()).toEqual({ FunctionVersion: '2', weights: {} });

  expect((await run('--to', '3')).stdout).toBe('2\t3\talias_moved\n');
  expect(await routing()).toEqual({ FunctionVersion: '3', weights: {} });
});
