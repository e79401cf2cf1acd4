#!/usr/bin/env bash
# AWS_ENDPOINT_URL names the endpoint of all services, such as that of an emulator. @aws-sdk/client-sqs 3.1175.0 calls it where a
# call names no queue. A call with a QueueUrl goes to the host of that URL: a program whose queue is configured by its URL sends the
# messages of a test to the real queue. Only an endpoint in code changes that. boto3 1.44.8 calls the endpoint of the environment.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @aws-sdk/client-sqs@3.1175.0 >/dev/null
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check boto3==1.44.8
cat > send.py <<'PY'
import sys

import boto3

boto3.client("sqs").send_message(QueueUrl=sys.argv[1], MessageBody="a")
PY
cat > send.js <<'JS'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const calls = [];

/** A server that answers as SQS does, and notes the calls. */
async function listen(name) {
  const server = createServer((request, response) => {
    calls.push(`${request.headers['x-amz-target'].split('.')[1]} at the ${name}`);
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify({ MessageId: '1', MD5OfMessageBody: '0cc175b9c0f1b6a831c399e269772661' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

const QueueUrl = `${await listen("queue's host")}/111111111111/orders`;
process.env.AWS_ENDPOINT_URL = await listen('endpoint');
process.env.AWS_REGION = process.env.AWS_DEFAULT_REGION = 'us-east-1';
process.env.AWS_ACCESS_KEY_ID = process.env.AWS_SECRET_ACCESS_KEY = 'test';

const client = new SQSClient();
await client.send(new ListQueuesCommand());
await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
const byJavaScript = calls.splice(0).join(', ');
await promisify(execFile)('python/bin/python', ['send.py', QueueUrl]);
const byPython = calls.splice(0).join(', ');
console.log(`Node ${process.version}, AWS_ENDPOINT_URL is the endpoint`);
console.log('expected: all calls at the endpoint');
console.log(`observed: @aws-sdk/client-sqs 3.1175.0: ${byJavaScript}`);
console.log(`observed: boto3 1.44.8: ${byPython}`);
const known = byJavaScript === "ListQueues at the endpoint, SendMessage at the queue's host" && byPython === 'SendMessage at the endpoint';
process.exit(known ? 0 : 1);
JS
env -u AWS_PROFILE -u AWS_ENDPOINT_URL_SQS node send.js 2>/dev/null
