import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { consume, type OutcomeHandler } from '../../lib/consumer/consume.ts';
import type { ConsumeOptions } from '../../lib/consumer/options.ts';
import type { ReceivedOutcome } from '../../lib/consumer/outcome.ts';
import { PermanentError, RetryLater } from '../../lib/core/base/errors.ts';
import { failure } from '../../lib/core/model/outcome.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { encodeRaw } from '../../lib/core/wire/encode-raw.ts';
import { localClients } from '../../lib/local/clients.ts';
import { inlineOutcome, outcomeOf } from '../support/outcomes.ts';

const { sqs, s3 } = localClients(inject('endpoint'));

/** Short, so that redeliveries come soon; the emulator counts in seconds. */
const VISIBILITY_SECONDS = 2;

function event(id: string): string {
  return encodeCloudEvent(
    inlineOutcome('{"x":1}', 'application/json', { request: { id, source: '' } }),
    'shop',
  ).body;
}

async function openQueue(
  given: { readonly visibilitySeconds?: number; readonly redrivenAfter?: number } = {},
) {
  const VisibilityTimeout = String(given.visibilitySeconds ?? VISIBILITY_SECONDS);
  const deadLetterUrl = await createQueue({});
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] }),
  );
  const redrive = { deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: given.redrivenAfter };
  const queueUrl = await createQueue({
    VisibilityTimeout,
    ...(given.redrivenAfter ? { RedrivePolicy: JSON.stringify(redrive) } : {}),
  });
  const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
  return { queueUrl, deadLetterUrl, send, left: () => leftOn(queueUrl) };
}

async function createQueue(Attributes: Record<string, string>): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: `consumer-${crypto.randomUUID()}`, Attributes }),
  );
  return QueueUrl;
}

async function leftOn(QueueUrl: string) {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    taken: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

const NOTHING = { waiting: 0, taken: 0 };

/** A consumer that runs until it is stopped, at the latest when the test ends. */
function start(queueUrl: string, handler: OutcomeHandler, options: Partial<ConsumeOptions> = {}) {
  const stop = new AbortController();
  const errors: string[] = [];
  const consuming = consume(
    { queueUrl, sqs, s3, signal: stop.signal, onError: (error) => errors.push(String(error)), ...options },
    handler,
  );
  const end = async () => {
    stop.abort();
    await consuming;
  };
  onTestFinished(() => end().catch(() => {}));
  return { end, consuming, errors };
}

describe('a consumer', () => {
  test('handles outcomes, and deletes them', async () => {
    const { queueUrl, send, left } = await openQueue();
    const ids = Array.from({ length: 25 }, (_, index) => `r-${index}`);
    await Promise.all(ids.map((id) => send(event(id))));
    const seen: ReceivedOutcome[] = [];
    const { end, errors } = start(queueUrl, (outcome) => void seen.push(outcome));
    await expect.poll(left).toEqual(NOTHING);
    expect(seen.map(({ requestId }) => requestId).toSorted()).toEqual(ids.toSorted());
    expect(errors).toEqual([]);
    await end();
  });

  test('reads a result from S3', async () => {
    const { queueUrl, send } = await openQueue();
    const bucket = `results-${crypto.randomUUID()}`;
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'results/ü 1', Body: 'a,b' }));
    const result = { check: { bucket, key: 'results/ü 1' }, size: 3, contentType: 'text/csv' };
    await send(encodeCloudEvent(outcomeOf({ status: 'succeeded', result }), 'shop').body);
    const texts: string[] = [];
    start(queueUrl, async (outcome) => {
      if (outcome.status === 'succeeded') texts.push(await outcome.result.text());
    });
    await expect.poll(() => texts).toEqual(['a,b']);
  });

  test('handles failures as outcomes', async () => {
    const { queueUrl, send, left } = await openQueue();
    const ending = failure(new PermanentError('no', { code: 'csv_invalid' }), 1);
    await send(encodeCloudEvent(outcomeOf(ending), 'shop').body);
    const codes: string[] = [];
    start(queueUrl, (outcome) => {
      if (outcome.status !== 'succeeded') codes.push(outcome.problem.code);
    });
    await expect.poll(left).toEqual(NOTHING);
    expect(codes).toEqual(['csv_invalid']);
  });

  test('limits concurrency, and receives no more messages than that', async () => {
    const { queueUrl, send, left } = await openQueue({ visibilitySeconds: 60 });
    await Promise.all(Array.from({ length: 12 }, (_, index) => send(event(`r-${index}`))));
    const held: (() => void)[] = [];
    let running = 0;
    let most = 0;
    start(
      queueUrl,
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => held.push(resolve));
        running--;
      },
      { concurrency: 5 },
    );
    await expect.poll(left).toEqual({ waiting: 7, taken: 5 });
    const letGo = setInterval(() => held.shift()?.(), 10);
    onTestFinished(() => clearInterval(letGo));
    await expect.poll(left).toEqual(NOTHING);
    expect(most).toBe(5);
  });

  test('keeps a message invisible during a long handler', async () => {
    const visibilitySeconds = 6;
    const { queueUrl, send, left } = await openQueue({ visibilitySeconds });
    await send(event('slow'));
    let rounds = 0;
    const { errors } = start(
      queueUrl,
      async () => {
        rounds++;
        await sleep(1.5 * visibilitySeconds * 1000);
      },
      { rememberedOutcomes: 0 },
    );
    await expect.poll(left).toEqual(NOTHING);
    expect(rounds).toBe(1);
    expect(errors).toEqual([]);
  });

  test('keeps a message whose handler threw, and only that', async () => {
    const { queueUrl, send, left } = await openQueue();
    await Promise.all(['a', 'bad', 'c'].map((id) => send(event(id))));
    const seen: string[] = [];
    const { errors } = start(queueUrl, ({ requestId }) => {
      seen.push(requestId);
      if (seen.filter((id) => id === 'bad').length === 1 && requestId === 'bad') throw new Error('not now');
    });
    await expect.poll(left).toEqual(NOTHING);
    expect(seen.toSorted()).toEqual(['a', 'bad', 'bad', 'c']);
    expect(errors).toEqual(['Error: not now']);
  });

  test.each([
    ['with a backoff', { backoff: { retryBaseSeconds: 0, retryCapSeconds: 0 } }, new Error('not now')],
    ['that names its wait', {}, new RetryLater(0)],
  ])('receives a message again at once whose handler threw %s', async (_, options, error) => {
    const { queueUrl, send, left } = await openQueue({ visibilitySeconds: 600 });
    await send(event('a'));
    let rounds = 0;
    start(
      queueUrl,
      () => {
        if (++rounds < 3) throw error;
      },
      options,
    );
    await expect.poll(left).toEqual(NOTHING);
    expect(rounds).toBe(3);
  });

  test('leaves a malformed message to the dead-letter queue, and continues', async () => {
    const { queueUrl, deadLetterUrl, send, left } = await openQueue({ redrivenAfter: 2 });
    await send('not an outcome');
    await send(event('a'));
    const seen: string[] = [];
    const { errors } = start(queueUrl, ({ requestId }) => void seen.push(requestId));
    await expect.poll(() => leftOn(deadLetterUrl)).toEqual({ waiting: 1, taken: 0 });
    await expect.poll(left).toEqual(NOTHING);
    expect(seen).toEqual(['a']);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain('it must be JSON, got "not an outcome"');
  });

  test('reports the format raw as unsupported', async () => {
    const { queueUrl, left } = await openQueue({ visibilitySeconds: 60 });
    const { body, attributes } = encodeRaw(inlineOutcome('{}')) ?? { body: '', attributes: {} };
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, { type, value }]) => [
        name,
        { DataType: type, StringValue: String(value) },
      ]),
    );
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, MessageAttributes }));
    const { errors } = start(queueUrl, () => {});
    await expect.poll(() => errors).toHaveLength(1);
    expect(errors[0]).toContain('the message is in the format raw');
    expect(await left()).toEqual({ waiting: 0, taken: 1 });
  });

  test('deletes the chunks of a stream', async () => {
    const { queueUrl, send, left } = await openQueue();
    await send('{"specversion":"1.0","id":"c","type":"coatcheck.request.chunk","subject":"a","data":"x"}');
    await send(event('a'));
    const seen: string[] = [];
    const { errors } = start(queueUrl, ({ requestId }) => void seen.push(requestId));
    await expect.poll(left).toEqual(NOTHING);
    expect([seen, errors]).toEqual([['a'], []]);
  });

  test('handles a duplicate outcome once, sequential or concurrent', async () => {
    const { queueUrl, send, left } = await openQueue();
    const first = Promise.withResolvers<void>();
    const seen: string[] = [];
    const { errors } = start(queueUrl, async ({ requestId }) => {
      seen.push(requestId);
      if (requestId === 'b') await first.promise;
    });
    await send(event('a'));
    await expect.poll(left).toEqual(NOTHING);
    await send(event('a'));
    await expect.poll(left).toEqual(NOTHING);
    await Promise.all([send(event('b')), send(event('b'))]);
    await expect.poll(left).toEqual({ waiting: 0, taken: 2 });
    first.resolve();
    await expect.poll(left).toEqual(NOTHING);
    expect(seen).toEqual(['a', 'b']);
    expect(errors).toEqual([]);
  });

  test('finishes running handlers when it is stopped, and receives no more', async () => {
    const { queueUrl, send, left } = await openQueue({ visibilitySeconds: 60 });
    const work = Promise.withResolvers<void>();
    let begun = 0;
    const { end } = start(
      queueUrl,
      async () => {
        begun++;
        await work.promise;
      },
      { concurrency: 1 },
    );
    await send(event('a'));
    await send(event('b'));
    await expect.poll(() => begun).toBe(1);
    const ended = end();
    work.resolve();
    await ended;
    expect(begun).toBe(1);
    expect(await left()).toEqual({ waiting: 1, taken: 0 });
  });

  test('stops at once while it polls', async () => {
    const { queueUrl, send, left } = await openQueue();
    const { end } = start(queueUrl, () => {});
    await send(event('a'));
    await expect.poll(left).toEqual(NOTHING);
    const before = performance.now();
    await end();
    // A poll takes 20 s.
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  test('that was killed has its messages delivered to another', async () => {
    const { queueUrl, send, left } = await openQueue();
    await send(event('a'));
    // The first receiver never deletes it.
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5 }),
    );
    expect(Messages).toHaveLength(1);
    const seen: string[] = [];
    start(queueUrl, ({ requestId }) => void seen.push(requestId));
    await expect.poll(left).toEqual(NOTHING);
    expect(seen).toEqual(['a']);
  });

  test('ends for an unknown queue', async () => {
    const { queueUrl } = await openQueue();
    const { consuming } = start(`${queueUrl}-not`, () => {});
    await expect(consuming).rejects.toThrow(/queue/i);
  });

  test('ends with an error of onError, after running handlers', async () => {
    const { queueUrl, send, left } = await openQueue({ visibilitySeconds: 60 });
    const work = Promise.withResolvers<void>();
    const { consuming } = start(
      queueUrl,
      async ({ requestId }) => {
        if (requestId === 'bad') throw new Error('bad');
        await work.promise;
      },
      {
        onError: (error) => {
          work.resolve();
          throw error;
        },
      },
    );
    const failed = expect(consuming).rejects.toThrow('bad');
    await send(event('good'));
    await expect.poll(left).toEqual({ waiting: 0, taken: 1 });
    await send(event('bad'));
    await failed;
    expect(await left()).toEqual({ waiting: 0, taken: 1 });
  });
});
