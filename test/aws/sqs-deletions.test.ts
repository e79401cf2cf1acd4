import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { Deletions } from '../../lib/aws/sqs-deletions.ts';
import {
  clientConfig,
  jsonAnswer,
  type ReceivedCall,
  type Script,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';

const URL = 'http://localhost/000000000000/outcomes';

/** An SQS that gives these answers to `DeleteMessageBatch`, then succeeds. */
async function openDeletions(...answers: Script[]) {
  const endpoint = await new ScriptedEndpoint((call, response) =>
    (answers.shift() ?? allDeleted)(call, response),
  ).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  return { deletions: new Deletions(new SQSClient(clientConfig(endpoint.url)), URL), calls: endpoint.calls };
}

interface Entry {
  readonly Id: string;
  readonly ReceiptHandle: string;
}

function entriesOf({ body }: ReceivedCall): Entry[] {
  return JSON.parse(String(body)).Entries;
}

const receiptsOf = (call: ReceivedCall) => entriesOf(call).map(({ ReceiptHandle }) => ReceiptHandle);

const allDeleted: Script = (call, response) =>
  jsonAnswer(200, { Successful: entriesOf(call).map(({ Id }) => ({ Id })) })(call, response);

/** SQS deletes all entries but one. */
const allBut = (index: string, SenderFault: boolean, isMentioned = true): Script => {
  const Failed = isMentioned ? [{ Id: index, Code: 'Broken', Message: 'it broke', SenderFault }] : [];
  return (call, response) => {
    const Successful = entriesOf(call).filter(({ Id }) => Id !== index);
    jsonAnswer(200, { Successful, Failed })(call, response);
  };
};

test('simultaneous deletions share a call, ten entries at most, with indexes as ids', async () => {
  const { deletions, calls } = await openDeletions();
  const receipts = Array.from({ length: 13 }, (_, index) => `r${index}`);
  await Promise.all(receipts.map((receipt) => deletions.delete(receipt)));
  expect(calls.map(receiptsOf)).toEqual([receipts.slice(0, 10), receipts.slice(10)]);
  expect(calls[0] && entriesOf(calls[0]).map(({ Id }) => Id)).toEqual([...'0123456789']);
});

test('the same receipt twice makes two entries', async () => {
  const { deletions, calls } = await openDeletions();
  await Promise.all([deletions.delete('r'), deletions.delete('r')]);
  expect(calls[0] && entriesOf(calls[0])).toEqual([
    { Id: '0', ReceiptHandle: 'r' },
    { Id: '1', ReceiptHandle: 'r' },
  ]);
});

test('a refused entry reports its failure, and the others are deleted', async () => {
  const { deletions, calls } = await openDeletions(allBut('1', true));
  const ended = await Promise.allSettled(['a', 'b', 'c'].map((receipt) => deletions.delete(receipt)));
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(ended[1]).toMatchObject({ reason: new Error("A message wasn't deleted: Broken: it broke") });
  expect(calls).toHaveLength(1);
});

test.each([
  ['failed at', true],
  ['left out', false],
])('an entry that SQS %s is retried alone', async (_, isMentioned) => {
  const { deletions, calls } = await openDeletions(allBut('1', false, isMentioned));
  await Promise.all(['a', 'b'].map((receipt) => deletions.delete(receipt)));
  expect(calls.map(receiptsOf)).toEqual([['a', 'b'], ['b']]);
});

test('the retries are limited', async () => {
  const failing = Array.from({ length: 9 }, () => allBut('0', false));
  const { deletions, calls } = await openDeletions(...failing);
  await expect(deletions.delete('a')).rejects.toThrow('Broken');
  expect(calls).toHaveLength(3);
});

test('a failed call fails each of its deletions, and the next call is made', async () => {
  const { deletions } = await openDeletions(jsonAnswer(403, { __type: 'AccessDenied', message: 'no' }));
  const ended = await Promise.allSettled([deletions.delete('a'), deletions.delete('b')]);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await deletions.delete('c');
});
