import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { SqsBacklogGauge } from '../../lib/aws/sqs-backlog-gauge.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

test('a number that SQS leaves out is not taken for none', async () => {
  await using endpoint = await new ScriptedEndpoint(
    jsonAnswer(200, { Attributes: { ApproximateNumberOfMessages: '5' } }),
  ).start();
  const gauge = new SqsBacklogGauge(new SQSClient(clientConfig(endpoint.url)), `${endpoint.url}/1/input`);
  await expect(gauge.read()).rejects.toThrow("SQS didn't say how many messages the queue has");
});
