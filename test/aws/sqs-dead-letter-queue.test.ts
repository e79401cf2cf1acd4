import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { sqsClient } from '../../lib/aws/sqs-client.ts';
import { DeadLetterQueue } from '../../lib/aws/sqs-dead-letter-queue.ts';
import {
  clientConfig,
  jsonAnswer,
  type ReceivedCall,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';

const actionOf = ({ headers }: ReceivedCall) => String(headers['x-amz-target']).replace('AmazonSQS.', '');

/** A queue that hands out these messages at once, and none after. */
async function queueOf(...ids: readonly string[]) {
  let waiting = ids.map((MessageId) => ({
    MessageId,
    ReceiptHandle: `r-${MessageId}`,
    Body: 'x',
    MD5OfBody: createHash('md5').update('x').digest('hex'),
  }));
  const endpoint = await new ScriptedEndpoint((call, response) => {
    const { Entries = [] } = JSON.parse(call.body.toString());
    const answers: Readonly<Record<string, unknown>> = {
      GetQueueAttributes: { Attributes: { ApproximateNumberOfMessages: String(ids.length) } },
      ReceiveMessage: { Messages: waiting },
      DeleteMessageBatch: { Successful: Entries.map(({ Id }: { readonly Id: string }) => ({ Id })) },
    };
    const action = actionOf(call);
    if (action === 'ReceiveMessage') waiting = [];
    jsonAnswer(200, answers[action] ?? {})(call, response);
  }).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  const givenBack = () =>
    endpoint.calls
      .filter((call) => actionOf(call) === 'ChangeMessageVisibilityBatch')
      .flatMap(({ body }) => JSON.parse(body.toString()).Entries);
  const queue = new DeadLetterQueue(sqsClient(clientConfig(endpoint.url)), `${endpoint.url}/1/dead`);
  return { queue, givenBack };
}

const { signal } = new AbortController();

test('F: what a walk passed and did not delete is given back at once', async () => {
  const { queue, givenBack } = await queueOf('a', 'b', 'c');
  for await (const messages of queue.walk(50, signal)) {
    await queue.delete(messages.filter(({ id }) => id === 'a'));
    expect(givenBack()).toEqual([]);
  }
  expect(givenBack()).toEqual([
    { Id: '0', ReceiptHandle: 'r-b', VisibilityTimeout: 0 },
    { Id: '1', ReceiptHandle: 'r-c', VisibilityTimeout: 0 },
  ]);
});

test('F: a walk that is left early gives back what it passed', async () => {
  const { queue, givenBack } = await queueOf('a');
  for await (const _ of queue.walk(50, signal)) break;
  expect(givenBack()).toMatchObject([{ ReceiptHandle: 'r-a', VisibilityTimeout: 0 }]);
});
