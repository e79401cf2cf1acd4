import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { encodeSubmission } from '../../lib/core/wire/submission.ts';
import { MemoryDelayedMessages } from '../../lib/stores/memory/delayed-messages.ts';
import { InjectedFault } from '../../lib/stores/memory/faults.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { START, TestClock } from '../support/test-clock.ts';

let endpoint: ScriptedEndpoint;
let queue: SqsSubmissionQueue;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(500, {})).start();
  queue = new SqsSubmissionQueue(
    new SQSClient(clientConfig(endpoint.url)),
    `${endpoint.url}/000000000000/input`,
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function sent(body: string) {
  return { MessageId: 'm-1', MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
}

/** The first half of `printf '["acme"]' | sha256sum`, and so on. */
test.each([
  ['acme', { MessageGroupId: '07fad54f7446269afc481e306a48f046' }],
  [undefined, {}],
])('a message of tenant %j is sent in its group', async (tenant, group) => {
  endpoint.script = jsonAnswer(200, sent('hello'));
  await queue.send('hello', tenant);
  expect(endpoint.calls).toHaveLength(1);
  expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('AmazonSQS.SendMessage');
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
    QueueUrl: `${endpoint.url}/000000000000/input`,
    MessageBody: 'hello',
    ...group,
  });
});

/** The first half of `printf '["acme","k"]' | sha256sum`, and so on. */
test.each([
  ['acme', 'k', '2496648e241ce259609fa726d4da132b', '7e98ddbc7815cfd75efcefd715428f05'],
  ['acme', undefined, 'd4b8dac25b1a133aa9dac434bc159058', '7e98ddbc7815cfd75efcefd715428f05'],
  [undefined, undefined, '439083f38956ba51ece90631552c6ea2', 'cc288ec90b061d7e14bbc4c610f9d22f'],
])(
  'on a FIFO queue, a message of tenant %j with the key %j is sent in their group, named by its request',
  async (tenant, orderingKey, group, deduplicationId) => {
    endpoint.script = jsonAnswer(200, sent('hello'));
    const url = `${endpoint.url}/000000000000/input.fifo`;
    const fifo = new SqsSubmissionQueue(new SQSClient(clientConfig(endpoint.url)), url);
    expect([queue.ordered, fifo.ordered]).toEqual([false, true]);
    await fifo.send('hello', tenant, { requestId: 'r-1', ...(orderingKey && { orderingKey }) });
    expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
      QueueUrl: url,
      MessageBody: 'hello',
      MessageGroupId: group,
      MessageDeduplicationId: deduplicationId,
    });
  },
);

test.each([
  [400, 'com.amazonaws.sqs#OverLimit', 'OverLimit'],
  [400, 'com.amazonaws.sqs#InvalidMessageContents', 'InvalidMessageContents'],
  [400, 'com.amazonaws.sqs#QueueDoesNotExist', 'QueueDoesNotExist'],
  [403, 'AccessDeniedException', 'AccessDeniedException'],
  [500, 'InternalFailure', 'InternalFailure'],
])('a message that is refused with %i %s rejects', async (status, type, name) => {
  endpoint.script = jsonAnswer(status, { __type: type, message: 'no' });
  await expect(queue.send('hello', 'acme')).rejects.toMatchObject({ name });
});

test('a message that arrived as another one rejects', async () => {
  endpoint.script = jsonAnswer(200, sent('hallo'));
  await expect(queue.send('hello', 'acme')).rejects.toThrow();
});

describe('a message that must not be delivered before a time', () => {
  const clock = new TestClock();

  function delaying(later?: MemoryDelayedMessages) {
    const url = `${endpoint.url}/000000000000/input`;
    return new SqsSubmissionQueue(new SQSClient(clientConfig(endpoint.url)), url, { clock, later });
  }

  test.each([
    [0.2, 1],
    [900, 900],
  ])('in %d seconds is delayed by SQS for %d', async (seconds, delaySeconds) => {
    endpoint.script = jsonAnswer(200, sent('hello'));
    const later = new MemoryDelayedMessages();
    await delaying(later).send('hello', undefined, { requestId: 'r-1', notBefore: START + seconds * 1000 });
    expect(JSON.parse(String(endpoint.calls[0]?.body))).toMatchObject({ DelaySeconds: delaySeconds });
    expect(later.waiting.size).toBe(0);
  });

  test('later than that is scheduled, under the id of its request', async () => {
    const later = new MemoryDelayedMessages();
    const notBefore = START + 901_000;
    await delaying(later).send('hello', 'acme', { requestId: 'r-1', notBefore });
    expect([...later.waiting]).toEqual([['r-1', { message: 'hello', at: notBefore }]]);
    expect(endpoint.calls).toEqual([]);
  });

  test('can wait as long as something schedules it, and not at all where order is kept', () => {
    const fifo = new SqsSubmissionQueue(new SQSClient({}), 'https://sqs/1/input.fifo', {
      clock,
      later: new MemoryDelayedMessages(),
    });
    const longest = [delaying(), delaying(new MemoryDelayedMessages()), fifo].map(
      (each) => each.maxDelaySeconds,
    );
    expect(longest).toEqual([900, Number.POSITIVE_INFINITY, 0]);
  });

  describe('is delivered now, when that is asked for,', () => {
    const request = { id: 'r-1', source: '', tenant: 'acme' };
    const message = encodeSubmission(
      {
        ...request,
        source: '',
        submittedAt: START,
        contentType: 'text/plain',
        metadata: {},
        payload: { bytes: Buffer.from('hello') },
      },
      { maxJsonDepth: 9 },
    );

    async function waiting() {
      endpoint.script = jsonAnswer(200, sent(message));
      const later = new MemoryDelayedMessages();
      const scheduling = delaying(later);
      await scheduling.send(message, 'acme', { requestId: 'r-1', notBefore: START + 3_600_000 });
      return { later, scheduling };
    }

    test('and waits no longer', async () => {
      const { later, scheduling } = await waiting();
      await scheduling.promote(request);
      await scheduling.promote(request);
      expect(endpoint.calls.map(({ body }) => JSON.parse(String(body)).MessageBody)).toEqual([message]);
      expect(later.waiting.size).toBe(0);
    });

    test.each([
      ['of another tenant', { ...request, tenant: 'other' }],
      ['without a tenant', { ...request, tenant: undefined }],
      ['with a source', { ...request, source: 'a' }],
      ['with another id', { ...request, id: 'r-2' }],
    ])('unless it is that of a request %s', async (_, other) => {
      const { later, scheduling } = await waiting();
      await scheduling.promote(other);
      expect(endpoint.calls).toEqual([]);
      expect(later.waiting.size).toBe(1);
    });

    test.each(['find', 'remove'] as const)('and is not lost when the call to %s it fails', async (call) => {
      const { later, scheduling } = await waiting();
      later.faults.inject(call, 'fails before');
      await expect(scheduling.promote(request)).rejects.toThrow(InjectedFault);
      expect(later.waiting.size).toBe(1);
    });

    test('and is not lost when it can not be sent', async () => {
      const { later, scheduling } = await waiting();
      endpoint.script = jsonAnswer(403, { __type: 'AccessDeniedException' });
      await expect(scheduling.promote(request)).rejects.toThrow();
      expect(later.waiting.size).toBe(1);
    });

    test('where nothing delays it for longer than SQS does, it comes at its time', async () => {
      await delaying().promote(request);
      expect(endpoint.calls).toEqual([]);
    });
  });

  test.each([
    ['x'.repeat(256_000), true],
    ['x'.repeat(256_001), false],
    ['{"data":"<aws.scheduler.execution-id>"}', false],
    ['{"data":"<b>"}', true],
  ])('%# can be scheduled: %s', (message, canDelay) => {
    expect(delaying(new MemoryDelayedMessages()).canDelay(message)).toBe(canDelay);
    expect(delaying().canDelay(message)).toBe(true);
  });
});
