import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let queue: SqsSubmissionQueue;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(500, {})).start();
  queue = new SqsSubmissionQueue(
    new SQSClient(clientConfig(endpoint.url)),
    `${endpoint.url}/000000000000/input`,
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function sent(body: string) {
  return { MessageId: 'm-1', MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
}

/** The first half of `printf '["acme"]' | sha256sum`, and so on. */
test.each([
  ['acme', { MessageGroupId: '07fad54f7446269afc481e306a48f046' }],
  [undefined, {}],
])('a message of tenant %j is sent in its group', async (tenant, group) => {
  endpoint.script = jsonAnswer(200, sent('hello'));
  await queue.send('hello', tenant);
  expect(endpoint.calls).toHaveLength(1);
  expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('AmazonSQS.SendMessage');
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
    QueueUrl: `${endpoint.url}/000000000000/input`,
    MessageBody: 'hello',
    ...group,
  });
});

test.each([
  [400, 'com.amazonaws.sqs#OverLimit', 'OverLimit'],
  [400, 'com.amazonaws.sqs#InvalidMessageContents', 'InvalidMessageContents'],
  [400, 'com.amazonaws.sqs#QueueDoesNotExist', 'QueueDoesNotExist'],
  [403, 'AccessDeniedException', 'AccessDeniedException'],
  [500, 'InternalFailure', 'InternalFailure'],
])('a message that is refused with %i %s rejects', async (status, type, name) => {
  endpoint.script = jsonAnswer(status, { __type: type, message: 'no' });
  await expect(queue.send('hello', 'acme')).rejects.toMatchObject({ name });
});

test('a message that arrived as another one rejects', async () => {
  endpoint.script = jsonAnswer(200, sent('hallo'));
  await expect(queue.send('hello', 'acme')).rejects.toThrow();
});
