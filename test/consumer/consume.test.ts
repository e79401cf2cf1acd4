import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { consume } from '../../lib/consumer/consume.ts';
import { HandlerTimedOut } from '../../lib/consumer/handler-timed-out.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { inlineOutcome } from '../support/outcomes.ts';
import { clientConfig, jsonAnswer, type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

const EMPTY_OBJECT_MD5 = '99914b932bd37a50b983c5e7c90ae93b';
const QUEUE_URL = 'http://localhost/000000000000/outcomes';

/** A fake SQS that gives these answers, one per call, and then hangs. */
async function openQueue(...answers: Script[]) {
  const endpoint = await new ScriptedEndpoint((call, response) => answers.shift()?.(call, response)).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  const actions = () => endpoint.calls.map(({ headers }) => String(headers['x-amz-target']).split('.')[1]);
  return { sqs: new SQSClient(clientConfig(endpoint.url)), calls: endpoint.calls, actions };
}

const refused = (status: number, code: string) =>
  jsonAnswer(status, { __type: code, message: `${code}, it says` });

test.each([
  ['no queue', 400, 'QueueDoesNotExist'],
  ['no leave', 403, 'AccessDenied'],
  ['no such key', 403, 'InvalidClientTokenId'],
])('ends with %s', async (_, status, code) => {
  const { sqs } = await openQueue(refused(status, code));
  const errors: unknown[] = [];
  const consuming = consume(
    { queueUrl: QUEUE_URL, sqs, visibilityTimeoutSeconds: 30, onError: (error) => errors.push(error) },
    () => {},
  );
  await expect(consuming).rejects.toThrow(`${code}, it says`);
  expect(errors).toEqual([]);
});

test.each([
  ['is throttled', refused(400, 'ThrottlingException')],
  ['has too many messages in flight', refused(403, 'OverLimit')],
  ['has a fault', refused(500, 'InternalFailure')],
  ['breaks off', ((_, response) => response.socket?.destroy()) satisfies Script],
])('continues if SQS %s', async (_, fault) => {
  const end = new AbortController();
  const { sqs, actions } = await openQueue(fault, () => end.abort());
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  await consume(
    { queueUrl: QUEUE_URL, sqs, visibilityTimeoutSeconds: 30, onError, signal: end.signal },
    () => {},
  );
  expect(actions()).toEqual(['ReceiveMessage', 'ReceiveMessage']);
  expect(errors).toHaveLength(1);
});

test('returns messages that arrive when it is stopped', async () => {
  const end = new AbortController();
  const Messages = ['a', 'b'].map((ReceiptHandle) => ({
    ReceiptHandle,
    Body: '{}',
    MD5OfBody: EMPTY_OBJECT_MD5,
  }));
  const received = jsonAnswer(200, { Messages });
  const { sqs, calls, actions } = await openQueue(received, jsonAnswer(200, {}));
  // Stopped between the answer and its handling.
  sqs.middlewareStack.add(
    (next) => async (args) => {
      const output = await next(args);
      end.abort();
      return output;
    },
    { step: 'initialize' },
  );
  let handled = 0;
  await consume(
    { queueUrl: QUEUE_URL, sqs, visibilityTimeoutSeconds: 30, signal: end.signal },
    () => void handled++,
  );
  expect(handled).toBe(0);
  expect(actions()).toEqual(['ReceiveMessage', 'ChangeMessageVisibilityBatch']);
  expect(JSON.parse(String(calls[1]?.body)).Entries).toEqual([
    { Id: '0', ReceiptHandle: 'a', VisibilityTimeout: 0 },
    { Id: '1', ReceiptHandle: 'b', VisibilityTimeout: 0 },
  ]);
});

/** Answers of a queue with one outcome; `released` resolves when its message gets this visibility timeout. */
async function openQueueOfOne() {
  const outcome = inlineOutcome('5', 'application/json');
  const Body = encodeCloudEvent(outcome, 'shop').body;
  const MD5OfBody = createHash('md5').update(Body).digest('hex');
  const message = { MessageId: 'm', ReceiptHandle: 'r', Body, MD5OfBody };
  const released = Promise.withResolvers<number>();
  const queue = await openQueue(jsonAnswer(200, { Messages: [message] }), (call, response) => {
    released.resolve(JSON.parse(String(call.body)).VisibilityTimeout);
    jsonAnswer(200, { Successful: [{ Id: '0' }], Failed: [] })(call, response);
  });
  return { ...queue, released: released.promise };
}

test('D3: stops although a handler hangs: aborts its signal, and makes its outcome visible at once', async () => {
  const { sqs, released, actions } = await openQueueOfOne();
  const end = new AbortController();
  const errors: unknown[] = [];
  let given: AbortSignal | undefined;
  await consume(
    {
      queueUrl: QUEUE_URL,
      sqs,
      concurrency: 1,
      visibilityTimeoutSeconds: 30,
      stopTimeoutSeconds: 0,
      signal: end.signal,
      onError: (error) => errors.push(error),
    },
    (_, { signal }) => {
      given = signal;
      end.abort();
      return new Promise(() => {});
    },
  );
  expect(given?.reason).toBeInstanceOf(HandlerTimedOut);
  expect(errors).toEqual([given?.reason]);
  expect(String(errors[0])).toContain(
    'did not finish 0 s after the consumer was stopped; its outcome will be delivered again',
  );
  expect(await released).toBe(0);
  expect(actions()).toEqual(['ReceiveMessage', 'ChangeMessageVisibility']);
});

test('D3: a handler that times out frees its slot, and its outcome is delivered again', async () => {
  const { sqs, released } = await openQueueOfOne();
  const end = new AbortController();
  const errors: unknown[] = [];
  const consuming = consume(
    {
      queueUrl: QUEUE_URL,
      sqs,
      concurrency: 1,
      visibilityTimeoutSeconds: 30,
      handlerTimeoutSeconds: 1,
      backoff: { retryBaseSeconds: 0, retryCapSeconds: 0 },
      signal: end.signal,
      onError: (error) => errors.push(error),
    },
    (_, { signal }) =>
      new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  expect(await released).toBe(0);
  expect(errors).toMatchObject([
    { code: 'handler_timed_out', message: expect.stringContaining('within 1 s') },
  ]);
  end.abort();
  await consuming;
});

test('D3: stops as soon as all handlers have finished', async () => {
  const { sqs, actions } = await openQueueOfOne();
  const end = new AbortController();
  const signal = end.signal;
  await consume({ queueUrl: QUEUE_URL, sqs, visibilityTimeoutSeconds: 30, signal }, () => end.abort());
  expect(actions()).toEqual(['ReceiveMessage', 'DeleteMessageBatch']);
});

test('makes no calls if it is stopped before its start', async () => {
  const { sqs, calls } = await openQueue();
  await consume({ queueUrl: QUEUE_URL, sqs, signal: AbortSignal.abort() }, () => {});
  expect(calls).toEqual([]);
});

test('rejects a queue with too short a visibility timeout', async () => {
  const { sqs } = await openQueue(jsonAnswer(200, { Attributes: { VisibilityTimeout: '1' } }));
  await expect(consume({ queueUrl: QUEUE_URL, sqs }, () => {})).rejects.toThrow(
    "the queue's visibility timeout, or visibilityTimeoutSeconds, must be a whole number from 2 to 43200, got 1",
  );
});

test.each([
  [{ concurrency: 0 }, 'concurrency must be a whole number from 1'],
  [{ concurrency: 1.5 }, 'got 1.5'],
  [{ rememberedOutcomes: -1 }, 'rememberedOutcomes must be a whole number from 0'],
  [{ handlerTimeoutSeconds: 0 }, 'handlerTimeoutSeconds must be a whole number from 1 to 43200'],
  [{ stopTimeoutSeconds: -1 }, 'stopTimeoutSeconds must be a whole number from 0 to 43200'],
  [{ visibilityTimeoutSeconds: 43_201 }, 'visibilityTimeoutSeconds must be a whole number from 2 to 43200'],
])('rejects %j', async (options, message) => {
  await expect(consume({ queueUrl: QUEUE_URL, ...options }, () => {})).rejects.toThrow(message);
});
