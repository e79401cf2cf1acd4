import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let pauses: SqsPauses;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint((call, response) => {
    const { MessageBody } = JSON.parse(String(call.body));
    const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
    jsonAnswer(200, { MessageId: 'm-1', MD5OfMessageBody })(call, response);
  }).start();
  pauses = new SqsPauses(new SQSClient(clientConfig(endpoint.url)), `${endpoint.url}/000000000000/pauses`);
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function sent() {
  return endpoint.calls.map(({ body }) => JSON.parse(String(body)));
}

test('a pause is asked for at once', async () => {
  await pauses.request({ seconds: 30, reason: 'no database' });
  expect(sent()).toEqual([
    {
      QueueUrl: `${endpoint.url}/000000000000/pauses`,
      MessageBody: '{"type":"pause","seconds":30,"reason":"no database"}',
      DelaySeconds: 0,
    },
  ]);
});

test('a message is held back as long as it should be', async () => {
  await pauses.send('{"type":"resume"}', 900);
  expect(sent()).toMatchObject([{ MessageBody: '{"type":"resume"}', DelaySeconds: 900 }]);
});

test('a queue that refuses rejects', async () => {
  endpoint.script = jsonAnswer(403, { __type: 'AccessDeniedException', message: 'no' });
  await expect(pauses.request({ seconds: 30, reason: 'x' })).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});
