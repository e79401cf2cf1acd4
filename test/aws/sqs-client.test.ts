import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { queueClient } from '../../lib/aws/clients.ts';
import { regionOfQueue, sqsClient } from '../../lib/aws/sqs-client.ts';
import { consume } from '../../lib/consumer/index.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

async function endpoint(): Promise<ScriptedEndpoint> {
  const started = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** The queue's host, and another one that may be configured. */
async function hosts() {
  const [queue, configured] = await Promise.all([endpoint(), endpoint()]);
  return { queue, configured, QueueUrl: `${queue.url}/000000000000/input` };
}

function ask(client: ReturnType<typeof sqsClient>, QueueUrl: string) {
  return client.send(new GetQueueAttributesCommand({ QueueUrl }));
}

describe('D11: the endpoint that is called', () => {
  test.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS'])("is that of %s, not the queue's", async (name) => {
    const { queue, configured, QueueUrl } = await hosts();
    vi.stubEnv(name, configured.url);
    const client = sqsClient({});
    await ask(client, QueueUrl);
    await ask(client, QueueUrl);
    expect([queue.calls.length, configured.calls.length]).toEqual([0, 2]);
    expect(JSON.parse(configured.calls[0]?.body.toString() ?? '')).toMatchObject({ QueueUrl });
  });

  test("is that of a profile, not the queue's", async () => {
    const { queue, configured, QueueUrl } = await hosts();
    await writeFile(join(folder, 'config'), `[default]\nendpoint_url = ${configured.url}\n`);
    await ask(sqsClient({}), QueueUrl);
    expect([queue.calls.length, configured.calls.length]).toEqual([0, 1]);
  });

  test("is that of the code, not the queue's", async () => {
    const { queue, configured, QueueUrl } = await hosts();
    await ask(sqsClient({ endpoint: configured.url }), QueueUrl);
    expect([queue.calls.length, configured.calls.length]).toEqual([0, 1]);
  });

  test("is the queue's where none is configured", async () => {
    const { queue, QueueUrl } = await hosts();
    await ask(sqsClient({}), QueueUrl);
    expect(queue.calls).toHaveLength(1);
  });

  test('is the configured one for functions, too', async () => {
    const { queue, configured, QueueUrl } = await hosts();
    vi.stubEnv('AWS_ENDPOINT_URL', configured.url);
    await ask(queueClient(), QueueUrl);
    expect([queue.calls.length, configured.calls.length]).toEqual([0, 1]);
  });

  test('is the configured one for consumers, too', async () => {
    const { queue, configured, QueueUrl } = await hosts();
    vi.stubEnv('AWS_ENDPOINT_URL', configured.url);
    const enough = new AbortController();
    configured.script = (call, response) => {
      enough.abort();
      jsonAnswer(200, { Attributes: { VisibilityTimeout: '30' } })(call, response);
    };
    await consume({ queueUrl: QueueUrl, signal: enough.signal }, () => {});
    expect([queue.calls.length, configured.calls.length]).toEqual([0, 1]);
  });
});

test('D11: there is one place that makes clients for queues', async () => {
  const makers: string[] = [];
  for (const root of ['lib', 'functions', 'bin']) {
    for (const file of await readdir(join(PROJECT_FOLDER, root), { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const text = await readFile(join(PROJECT_FOLDER, root, file), 'utf8');
      if (/new SQSClient\(/.test(text)) makers.push(join(root, file));
    }
  }
  expect(makers).toEqual([join('lib', 'aws', 'sqs-client.ts')]);
});

test.each([
  ['https://sqs.eu-west-1.amazonaws.com/1/q', 'eu-west-1'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/1/q', 'cn-north-1'],
  ['https://sqs-fips.us-east-1.amazonaws.com/1/q', 'us-east-1'],
  ['https://vpce-0a-1b.sqs.eu-central-1.vpce.amazonaws.com/1/q', 'eu-central-1'],
  ['http://127.0.0.1:4566/1/q', undefined],
  ['https://sqs.eu-west-1.amazonaws.com.example.com/1/q', undefined],
])('the region of %s is %s', (url, region) => {
  expect(regionOfQueue(url)).toBe(region);
});
