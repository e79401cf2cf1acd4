import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { openDeadLetter } from '../../../lib/aws/dead-letter.ts';
import { sqsClient } from '../../../lib/aws/sqs-client.ts';
import { DeadLetterQueue } from '../../../lib/aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../../lib/aws/sqs-sender.ts';
import { RedriveAction } from '../../../lib/cli/dead-letters/redrive-action.ts';
import { TokenBucket } from '../../../lib/cli/token-bucket.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../../support/scripted-endpoint.ts';
import { START, TestClock } from '../../support/test-clock.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody?: string;
}

/** Redrives dead letters of one request, given by id and, optionally, the redrive that each waits for. */
async function redrive(...letters: readonly (readonly [id: string, redrive?: number])[]) {
  const endpoint = await new ScriptedEndpoint((call, response) => {
    const { Entries = [] }: { Entries?: readonly Entry[] } = JSON.parse(String(call.body));
    const Successful = Entries.map(({ Id, MessageBody = '' }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
    }));
    jsonAnswer(200, { Successful, Failed: [] })(call, response);
  }).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  const sqs = sqsClient({ ...clientConfig(endpoint.url), md5: false });
  const action = new RedriveAction({
    queue: new DeadLetterQueue(sqs, `${endpoint.url}/1/dead`),
    input: new SqsSender(sqs, `${endpoint.url}/1/input`),
    bucket: new TokenBucket(1_000, 10),
  });
  const records = new RequestRecords(new MemoryRecordStore(), new TestClock().now, 30);
  const opened = await Promise.all(
    letters.map(([id, redrive]) => {
      const attributes = {
        RequestId: { DataType: 'String', StringValue: 'r-1' },
        ...(redrive !== undefined && {
          DeadLetterRedrives: { DataType: 'Number', StringValue: String(redrive) },
        }),
      };
      return openDeadLetter(
        { id, body: '{}', attributes, sentAt: START, receiveCount: 1, receipt: id },
        records,
      );
    }),
  );
  const results: Record<string, string> = {};
  const { signal } = new AbortController();
  // One by one, as a walk through a long queue yields them.
  for (const letter of opened) {
    for await (const { letter: handled, result } of action.run([letter], signal)) {
      results[handled.message.id] = result;
    }
  }
  const sent = endpoint.calls.filter(({ headers }) =>
    String(headers['x-amz-target']).endsWith('SendMessageBatch'),
  );
  return { results, sent: sent.length };
}

test('F: puts a request back once, however many dead letters it has', async () => {
  expect(await redrive(['m-1'], ['m-2'])).toEqual({
    results: { 'm-1': 'put_back', 'm-2': 'put_back_already' },
    sent: 1,
  });
});

test('E17: deletes the second of two dead letters for the same redrive', async () => {
  expect(await redrive(['m-1', 0], ['m-2', 0])).toEqual({
    results: { 'm-1': 'put_back', 'm-2': 'settled' },
    sent: 1,
  });
});

test('keeps the dead letter of a request that failed again in the meantime', async () => {
  expect(await redrive(['m-1', 0], ['m-2', 1])).toEqual({
    results: { 'm-1': 'put_back', 'm-2': 'put_back_already' },
    sent: 1,
  });
});
