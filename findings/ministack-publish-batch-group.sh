#!/usr/bin/env bash
# SNS passes the MessageGroupId of a message to the standard queues that are subscribed to a standard topic, which are fair
# among groups. MiniStack 1.5.33 does so for Publish, and drops the group in PublishBatch.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @aws-sdk/client-sns@3.1169.0 @aws-sdk/client-sqs@3.1169.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check ministack==1.5.33
cat > group.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
const server = spawn('python/bin/ministack', [], { stdio: 'ignore', env: { ...process.env, GATEWAY_PORT: `${port}` } });
const config = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const [sns, sqs] = [new SNSClient(config), new SQSClient(config)];

async function queue() {
  for (;;) {
    try {
      return (await sqs.send(new CreateQueueCommand({ QueueName: 'queue' }))).QueueUrl;
    } catch {
      await sleep(100);
    }
  }
}

const QueueUrl = await queue();
const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'topic' }));
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
const Policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Attributes.QueueArn }],
});
await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes.QueueArn, Attributes: { RawMessageDelivery: 'true' } }));

async function groupOf(published) {
  await published;
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, MessageSystemAttributeNames: ['MessageGroupId'] }),
  );
  return Messages[0]?.Attributes?.MessageGroupId ?? 'no group';
}

const message = { Message: 'a', MessageGroupId: 'acme' };
const one = await groupOf(sns.send(new PublishCommand({ TopicArn, ...message })));
const batch = await groupOf(sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [{ Id: '0', ...message }] })));
console.log(`Publish: ${one}, PublishBatch: ${batch}`);
server.kill();
JS
echo "MiniStack 1.5.33, a message with the group acme"
echo "expected: Publish: acme, PublishBatch: acme"
seen="$(node group.mjs)"
echo "observed: $seen"
[ "$seen" = 'Publish: acme, PublishBatch: no group' ]
