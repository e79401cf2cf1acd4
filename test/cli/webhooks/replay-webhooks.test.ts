import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { DeadLetterQueue } from '../../../lib/aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../../lib/aws/sqs-sender.ts';
import { TokenBucket } from '../../../lib/cli/token-bucket.ts';
import { openWebhook } from '../../../lib/cli/webhooks/dead-webhook.ts';
import type { HandledWebhook } from '../../../lib/cli/webhooks/each-batch.ts';
import { replayWebhooks } from '../../../lib/cli/webhooks/replay-webhooks.ts';
import { encodeWebhook } from '../../../lib/core/webhooks/message.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../../support/scripted-endpoint.ts';

/** A webhook that used up its attempts. */
const SPENT = {
  url: 'https://example.com/hook',
  id: 'id-a',
  attempt: 11,
  subject: { type: 'coatcheck.request.failed', request: { id: 'a', source: '' }, at: 0 },
  body: '{}',
};

test('puts a webhook back under its id, with all its attempts', async () => {
  const body = encodeWebhook({ ...SPENT, attempt: 1 });
  const MD5OfMessageBody = createHash('md5').update(body).digest('hex');
  await using endpoint = await new ScriptedEndpoint(
    jsonAnswer(200, { Successful: [{ Id: '0', MessageId: 'm', MD5OfMessageBody }], Failed: [] }),
  ).start();
  const sqs = new SQSClient(clientConfig(endpoint.url));
  const service = {
    deadLetters: new DeadLetterQueue(sqs, `${endpoint.url}/1/dead`),
    queue: new SqsSender(sqs, `${endpoint.url}/1/webhooks`),
  };
  const webhook = openWebhook({
    id: 'm-1',
    body: encodeWebhook(SPENT),
    attributes: {},
    groupId: 'example.com',
    sentAt: 0,
    receiveCount: 1,
    receipt: 'r-1',
  });

  const { signal } = new AbortController();
  const replayed: HandledWebhook[] = [];
  for await (const each of replayWebhooks([webhook], service, new TokenBucket(10, 10), signal))
    replayed.push(each);

  expect(replayed).toEqual([{ webhook, result: 'put_back', problem: undefined }]);
  const [sent, deleted] = endpoint.calls.map((call) => JSON.parse(String(call.body)));
  expect(sent.Entries).toMatchObject([{ MessageBody: body, MessageGroupId: 'example.com' }]);
  expect(deleted.Entries).toMatchObject([{ ReceiptHandle: 'r-1' }]);
});
