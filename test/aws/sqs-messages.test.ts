import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { deliveries } from '../support/delivery.ts';
import { clientConfig, jsonAnswer, type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let source: SqsMessages;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(takeAll).start();
  source = new SqsMessages(new SQSClient(clientConfig(endpoint.url)), `${endpoint.url}/000000000000/input`);
});
afterEach(() => endpoint[Symbol.asyncDispose]());

/** SQS accepts every entry of a call. */
const takeAll: Script = (received, response) => {
  const { Entries } = JSON.parse(String(received.body));
  jsonAnswer(200, { Successful: Entries.map(({ Id }: { Id: string }) => ({ Id })), Failed: [] })(
    received,
    response,
  );
};

const REASON = {
  requestId: 'r-1',
  code: 'attempts_exhausted',
  detail: 'All 5 attempts failed',
  attempts: 5,
  submittedAt: 0,
  redrives: 0,
};

const BATCH = deliveries(Array.from({ length: 25 }, () => ''));

const CALLS: [string, string, () => Promise<unknown>][] = [
  [
    'a wait',
    'AmazonSQS.ChangeMessageVisibilityBatch',
    () => Promise.all(BATCH.map((message, index) => source.receive(message).retryAfter(index))),
  ],
  [
    'an end',
    'AmazonSQS.DeleteMessageBatch',
    () => Promise.all(BATCH.map((message) => source.receive(message).ack())),
  ],
];

describe.each(CALLS)('%s for 25 messages', (_, target, call) => {
  test('makes three calls, with the position of each entry as its id', async () => {
    await call();
    expect(endpoint.calls.map(({ headers }) => headers['x-amz-target'])).toEqual([target, target, target]);
    const entries = endpoint.calls.map(({ body }) => JSON.parse(String(body)).Entries);
    expect(entries.map(({ length }) => length).toSorted()).toEqual([10, 10, 5]);
    for (const some of entries) {
      expect(some.map(({ Id }: { Id: string }) => Id)).toEqual([...some.keys()].map(String));
    }
    const receipts = entries.flat().map(({ ReceiptHandle }) => ReceiptHandle);
    expect(new Set(receipts)).toEqual(new Set(BATCH.map(({ receipt }) => receipt)));
  });

  test('fails only for the messages that SQS refuses', async () => {
    endpoint.script = jsonAnswer(200, {
      Successful: Array.from({ length: 10 }, (_, index) => ({ Id: String(index) })).filter(
        ({ Id }) => Id !== '3',
      ),
      Failed: [{ Id: '3', SenderFault: true, Code: 'ReceiptHandleIsInvalid', Message: 'too old' }],
    });
    await expect(call()).rejects.toThrow('SQS rejected the entry: ReceiptHandleIsInvalid: too old');
  });

  test('fails if the call fails', async () => {
    endpoint.script = jsonAnswer(500, { __type: 'InternalFailure' });
    await expect(call()).rejects.toMatchObject({ name: 'InternalFailure' });
  });
});

test('each message of a partially successful call has its own result', async () => {
  endpoint.script = jsonAnswer(200, {
    Successful: [{ Id: '0' }],
    Failed: [{ Id: '1', SenderFault: true, Code: 'InvalidParameterValue', Message: 'over 12 hours' }],
  });
  const results = await Promise.allSettled(
    BATCH.slice(0, 2).map((message) => source.receive(message).extend(9)),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

test('each message gets its own wait', async () => {
  const [first, second] = BATCH;
  if (!first || !second) throw new Error('no messages');
  await Promise.all([source.receive(first).retryAfter(0), source.receive(second).retryAfter(42_300)]);
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
    QueueUrl: `${endpoint.url}/000000000000/input`,
    Entries: [
      { Id: '0', ReceiptHandle: 'receipt-0', VisibilityTimeout: 0 },
      { Id: '1', ReceiptHandle: 'receipt-1', VisibilityTimeout: 42_300 },
    ],
  });
});

test('a thousand waits take a hundred calls, fifty at a time', async () => {
  const client = new SQSClient({
    ...clientConfig(endpoint.url),
    requestHandler: { httpAgent: { maxSockets: 1_000 } },
  });
  // The test answers once fifty calls have arrived. It would answer any additional call as well.
  const open: (() => void)[] = [];
  const together: number[] = [];
  endpoint.script = (received, response) => {
    open.push(() => takeAll(received, response));
    if (open.length < 50) return;
    setTimeout(() => {
      together.push(open.length);
      for (const answer of open.splice(0)) answer();
    }, 20);
  };
  const batch = deliveries(Array.from({ length: 1_000 }, () => ''));
  const many = new SqsMessages(client, `${endpoint.url}/000000000000/input`);
  await Promise.all(batch.map((message) => many.receive(message).retryAfter(0)));
  expect(endpoint.calls).toHaveLength(100);
  expect(together).toEqual([50, 50]);
});

test('a message moves to the dead-letter queue with the reason, and stays until it is acknowledged', async () => {
  const sent = {
    Id: '0',
    MessageId: 'letter',
    MD5OfMessageBody: createHash('md5').update('{"n":1}').digest('hex'),
  };
  endpoint.script = jsonAnswer(200, { Successful: [sent], Failed: [] });
  const client = new SQSClient(clientConfig(endpoint.url));
  const deadLetters = new SqsOutputQueue(client, `${endpoint.url}/000000000000/dead`);
  const [message] = deliveries(['{"n":1}'], { attributes: { RequestId: 'r-1' } });
  if (!message) throw new Error('no message');
  const received = new SqsMessages(client, `${endpoint.url}/000000000000/input`, deadLetters).receive(
    message,
  );
  expect(await received.deadLetter(REASON)).toEqual({ moved: true, bare: false });
  expect(endpoint.calls.map(({ body }) => JSON.parse(String(body)))).toMatchObject([
    {
      QueueUrl: `${endpoint.url}/000000000000/dead`,
      Entries: [
        {
          MessageBody: '{"n":1}',
          MessageAttributes: {
            RequestId: { StringValue: 'r-1' },
            DeadLetterCode: { StringValue: 'attempts_exhausted' },
            DeadLetterAttempts: { StringValue: '5' },
          },
        },
      ],
    },
  ]);
});

test('without a dead-letter queue, no message moves', async () => {
  const [message] = BATCH;
  if (!message) throw new Error('no message');
  expect(await source.receive(message).deadLetter(REASON)).toMatchObject({ moved: false, refused: true });
  expect(endpoint.calls).toEqual([]);
});
