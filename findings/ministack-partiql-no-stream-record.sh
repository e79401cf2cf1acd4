#!/usr/bin/env bash
# DynamoDB writes a change to the stream of the table whichever call makes it. MiniStack 1.5.33 does so for PutItem and UpdateItem, and not
# for INSERT and UPDATE statements of PartiQL, although they change the item.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @aws-sdk/client-dynamodb@3.1162.0 @aws-sdk/client-dynamodb-streams@3.1141.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check ministack==1.5.33
cat > stream.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, ExecuteStatementCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
const server = spawn('python/bin/ministack', [], { stdio: 'ignore', env: { ...process.env, GATEWAY_PORT: `${port}` } });
const config = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const [table, streams] = [new DynamoDBClient(config), new DynamoDBStreamsClient(config)];
const create = new CreateTableCommand({
  TableName: 'table',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
});
let created;
while (!created) created = await table.send(create).catch(() => sleep(100));
const StreamArn = created.TableDescription.LatestStreamArn;

await table.send(new PutItemCommand({ TableName: 'table', Item: { pk: { S: 'put' }, n: { N: '1' } } }));
await table.send(new ExecuteStatementCommand({ Statement: `INSERT INTO "table" VALUE {'pk': 'inserted', 'n': 1}` }));
await table.send(new ExecuteStatementCommand({ Statement: `UPDATE "table" SET n = 2 WHERE pk = 'inserted'` }));
const { Item } = await table.send(new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'inserted' } }, ConsistentRead: true }));

const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
const seen = [];
for (const { ShardId } of StreamDescription.Shards) {
  const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
  const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator }));
  seen.push(...Records.map(({ eventName, dynamodb }) => `${eventName} ${dynamodb.Keys.pk.S}`));
}
console.log(`item: n = ${Item.n.N}, stream: ${seen.join(', ')}`);
server.kill();
JS
echo "MiniStack 1.5.33: PutItem, then INSERT and UPDATE by ExecuteStatement"
echo "expected: item: n = 2, stream: INSERT put, INSERT inserted, MODIFY inserted"
seen="$(node stream.mjs)"
echo "observed: $seen"
[ "$seen" = 'item: n = 2, stream: INSERT put' ]
