import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqsInputQueue } from '../../lib/aws/sqs-input-queue.ts';
import { deliveries } from '../support/delivery.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let queue: SqsInputQueue;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, { Successful: [], Failed: [] })).start();
  queue = new SqsInputQueue(new SQSClient(clientConfig(endpoint.url)), `${endpoint.url}/000000000000/input`);
});
afterEach(() => endpoint[Symbol.asyncDispose]());

const BATCH = deliveries(Array.from({ length: 25 }, () => ''));

const CALLS: [string, string, () => Promise<void>][] = [
  [
    'a wait',
    'AmazonSQS.ChangeMessageVisibilityBatch',
    () => queue.defer(BATCH.map((delivery, delaySeconds) => ({ delivery, delaySeconds }))),
  ],
  ['an end', 'AmazonSQS.DeleteMessageBatch', () => queue.acknowledge(BATCH)],
];

describe.each(CALLS)('%s for 25 messages', (_, target, call) => {
  test('takes three calls, each with entries told apart by their place', async () => {
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

  test('says how many were refused', async () => {
    endpoint.script = jsonAnswer(200, {
      Successful: [],
      Failed: [{ Id: '3', SenderFault: true, Code: 'ReceiptHandleIsInvalid', Message: 'too old' }],
    });
    await expect(call()).rejects.toThrow(
      '3 of 25 entries refused, the first with ReceiptHandleIsInvalid: too old',
    );
  });

  test('says that one failed only when every call is answered', async () => {
    let answered = 0;
    endpoint.script = (received, response) => {
      const { Entries } = JSON.parse(String(received.body));
      if (Entries.length === 5) return jsonAnswer(500, { __type: 'InternalFailure' })(received, response);
      setTimeout(() => {
        answered++;
        jsonAnswer(200, { Successful: [], Failed: [] })(received, response);
      }, 50);
    };
    await expect(call()).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(answered).toBe(2);
  });
});

test('a wait is set message by message', async () => {
  const [first, second] = BATCH;
  if (!first || !second) throw new Error('no messages');
  await queue.defer([
    { delivery: first, delaySeconds: 0 },
    { delivery: second, delaySeconds: 42_300 },
  ]);
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
    QueueUrl: `${endpoint.url}/000000000000/input`,
    Entries: [
      { Id: '0', ReceiptHandle: 'receipt-0', VisibilityTimeout: 0 },
      { Id: '1', ReceiptHandle: 'receipt-1', VisibilityTimeout: 42_300 },
    ],
  });
});

test('a thousand waits are set in a hundred calls, fifty at a time', async () => {
  const client = new SQSClient({
    ...clientConfig(endpoint.url),
    requestHandler: { httpAgent: { maxSockets: 1_000 } },
  });
  // Fifty calls are answered when all of them are there; one more would be answered with them.
  const open: (() => void)[] = [];
  const together: number[] = [];
  endpoint.script = (received, response) => {
    open.push(() => jsonAnswer(200, { Successful: [], Failed: [] })(received, response));
    if (open.length < 50) return;
    setTimeout(() => {
      together.push(open.length);
      for (const answer of open.splice(0)) answer();
    }, 20);
  };
  const batch = deliveries(Array.from({ length: 1_000 }, () => ''));
  const many = new SqsInputQueue(client, `${endpoint.url}/000000000000/input`);
  await many.defer(batch.map((delivery) => ({ delivery, delaySeconds: 0 })));
  expect(endpoint.calls).toHaveLength(100);
  expect(together).toEqual([50, 50]);
});

test('nothing to do is no call', async () => {
  await queue.defer([]);
  await queue.acknowledge([]);
  expect(endpoint.calls).toEqual([]);
});
