import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, inject, test } from 'vitest';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import { Relay } from '../../lib/core/intake/relay.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { collect, eventually } from '../support/eventually.ts';
import { engineSettings } from '../support/settings.ts';
import { poll, recordOf } from '../support/sqs-records.ts';

// The local AWS holds a group back while one of its messages is in flight, as SQS does; a message whose visibility was set to
// 0 seconds is no longer in flight. Unlike Lambda, its event source runs one batch of a FIFO queue at a time.
const { sqs } = localClients(inject('endpoint'));

const VISIBILITY_SECONDS = 60;

/** A queue with the attributes of one of high throughput. */
async function createFifo(): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `conformance-${crypto.randomUUID()}.fifo`,
      Attributes: {
        FifoQueue: 'true',
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
        VisibilityTimeout: String(VISIBILITY_SECONDS),
      },
    }),
  );
  return QueueUrl;
}

/** A service between FIFO queues. */
class FifoService {
  readonly records = new MemoryRecordStore();
  readonly output: SqsOutputQueue;
  readonly #host: BatchHost;
  readonly #messages: SqsMessages;
  readonly #inputUrl: string;

  private constructor(urls: Record<'input' | 'output' | 'dead', string>, handler: Handler) {
    const { records } = this;
    const logger = new CollectingLogger();
    this.output = new SqsOutputQueue(sqs, urls.output);
    const ports = { records, output: this.output, store: new MemoryPayloadStore(), logger };
    const settings = engineSettings({ maxAttempts: 3, visibilityTimeoutSeconds: VISIBILITY_SECONDS });
    const engine = new Engine(defineProcessor(handler), settings, {
      ...ports,
      clock: { now: Date.now },
      random: () => 0,
    });
    this.#host = new BatchHost(engine, { visibilityTimeoutSeconds: 60, now: Date.now, logger });
    this.#messages = new SqsMessages(sqs, urls.input, new SqsOutputQueue(sqs, urls.dead));
    this.#inputUrl = urls.input;
  }

  static async open(handler: Handler) {
    const [input, output, dead] = await Promise.all([createFifo(), createFifo(), createFifo()]);
    return { service: new FifoService({ input, output, dead }, handler), input, output, dead };
  }

  /** Receives a batch and runs it. Like Lambda, it deletes what isn't returned. @returns ids of requests to be retried */
  async batch(): Promise<string[]> {
    const received = await poll(sqs, this.#inputUrl, 10);
    const messages = messagesOf({ Records: received.map(recordOf) }).map((each) =>
      this.#messages.receive(each),
    );
    const { batchItemFailures } = await this.#host.handle(messages, Date.now() + 30_000);
    const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    await Promise.all(messages.filter(({ id }) => !again.has(id)).map((message) => message.ack()));
    return messages.filter(({ id }) => again.has(id)).map(requestIdOf);
  }
}

function requestIdOf({ attributes, id }: ReceivedMessage): string {
  return attributes.RequestId ?? id;
}

async function send(QueueUrl: string, id: string): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: '{}',
      MessageGroupId: id.slice(0, 1),
      MessageDeduplicationId: id,
      MessageAttributes: { RequestId: { DataType: 'String', StringValue: id } },
    }),
  );
}

/** Receives and deletes all messages of a queue. */
async function drainQueue(QueueUrl: string, count: number) {
  const messages = new SqsMessages(sqs, QueueUrl);
  return collect(count, async () => {
    const received = messagesOf({ Records: (await poll(sqs, QueueUrl, 10)).map(recordOf) });
    await Promise.all(received.map((message) => messages.receive(message).ack()));
    return received;
  });
}

async function countIn(QueueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
  );
  return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

describe('a service between FIFO queues', () => {
  test('keeps the order of a group over failures, and lets other groups pass', async () => {
    const runs: string[] = [];
    const { service, input, output } = await FifoService.open(({ id }) => {
      runs.push(id);
      if (id === 'a2' && runs.filter((run) => run === 'a2').length < 3) throw new Error('not now');
    });
    for (const id of ['a1', 'a2', 'b1', 'a3', 'b2']) await send(input, id);
    const retried: string[][] = [];
    await eventually(async () => {
      const again = await service.batch();
      if (again.length > 0) retried.push(again);
      expect(await countIn(input)).toBe(0);
    });
    // The rest of the group comes back with the message that failed, and none of it ran before.
    expect(retried).toEqual([
      ['a2', 'a3'],
      ['a2', 'a3'],
    ]);
    expect(runs.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a2', 'a2', 'a3']);
    const outcomes = await drainQueue(output, 5);
    const subjects = outcomes.map(({ body, group }) => `${group}: ${JSON.parse(body).subject}`);
    expect(subjects.filter((text) => text.startsWith('a'))).toEqual(['a: a1', 'a: a2', 'a: a3']);
    expect(subjects.filter((text) => text.startsWith('b'))).toEqual(['b: b1', 'b: b2']);
    const record = service.records.all().find((stored) => stored.record.request.id === 'a3');
    expect(record?.record.attempts).toBe(1);
  });

  test('holds a group back until the wait of the message that failed is over', async () => {
    const { input } = await FifoService.open(() => {});
    for (const id of ['a1', 'a2', 'b1']) await send(input, id);
    const messages = new SqsMessages(sqs, input);
    const received = messagesOf({ Records: (await poll(sqs, input, 10)).map(recordOf) }).map((each) =>
      messages.receive(each),
    );
    expect(received.map(requestIdOf).toSorted()).toEqual(['a1', 'a2', 'b1']);
    expect(received.every(({ source }) => source.ordered)).toBe(true);
    await Promise.all(received.map((each) => each.retryAfter(each.attributes.RequestId === 'a1' ? 3 : 0)));
    const before = await poll(sqs, input, 10);
    expect(before.map(({ MessageAttributes }) => MessageAttributes?.RequestId?.StringValue)).toEqual(['b1']);
    const after = await collect(2, () => poll(sqs, input, 10));
    expect(after.map(({ MessageAttributes }) => MessageAttributes?.RequestId?.StringValue)).toEqual([
      'a1',
      'a2',
    ]);
  });

  test('dead-letters a request that used up its attempts, in its group', async () => {
    const { service, input, output, dead } = await FifoService.open(({ id }) => {
      if (id === 'a1') throw new Error('never');
    });
    for (const id of ['a1', 'a2']) await send(input, id);
    await eventually(async () => {
      await service.batch();
      expect(await countIn(input)).toBe(0);
    });
    expect(await drainQueue(dead, 1)).toMatchObject([{ group: 'a', attributes: { RequestId: 'a1' } }]);
    const outcomes = await drainQueue(output, 2);
    expect(outcomes.map(({ body }) => JSON.parse(body).subject)).toEqual(['a1', 'a2']);
  });

  test('publishes an outcome once, even if it is published again', async () => {
    const { service, input, output } = await FifoService.open(() => {});
    await send(input, 'a1');
    const received = messagesOf({ Records: (await poll(sqs, input, 10)).map(recordOf) });
    await new SqsMessages(sqs, input).receive(received[0] ?? expect.fail('nothing came')).retryAfter(0);
    await service.batch();
    await service.output.send([{ body: 'marker', attributes: {}, group: 'z' }]);
    // The acknowledgement was lost: the message of the finished request comes again.
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: input,
        MessageBody: '{}',
        MessageGroupId: 'a',
        MessageDeduplicationId: 'again',
        MessageAttributes: { RequestId: { DataType: 'String', StringValue: 'a1' } },
      }),
    );
    await service.batch();
    expect(await countIn(input)).toBe(0);
    expect((await drainQueue(output, 2)).map(({ group }) => group).toSorted()).toEqual(['a', 'z']);
    expect(await countIn(output)).toBe(0);
  });
});

test('a submission that is sent twice is one message, in the order of its key', async () => {
  const QueueUrl = await createFifo();
  const queue = new SqsSubmissionQueue(sqs, QueueUrl);
  for (const requestId of ['r-1', 'r-1', 'r-2', 'r-3']) {
    await queue.send(requestId, 'acme', { requestId, orderingKey: 'k' });
  }
  const messages = await drainQueue(QueueUrl, 3);
  expect(messages.map(({ body }) => body)).toEqual(['r-1', 'r-2', 'r-3']);
  expect(await countIn(QueueUrl)).toBe(0);
});

test('relayed messages come in the order of their keys', async () => {
  const QueueUrl = await createFifo();
  const store = new MemoryPayloadStore();
  const relay = new Relay(
    { queue: new SqsOutputQueue(sqs, QueueUrl), store },
    { payloadPrefix: 'payloads/', ordered: true },
  );
  const all = Array.from({ length: 30 }, (_, nth) => ({
    id: String(nth),
    body: 'x'.repeat((nth * 7_919) % 1_000),
    attributes: { OrderingKey: `key-${nth % 3}` },
    sentAt: Date.now(),
  }));
  await relay.relay(all);
  // One that is relayed again is dropped.
  await relay.relay(all.slice(10));
  const messages = await drainQueue(QueueUrl, 30);
  const groups = Map.groupBy(messages, ({ group }) => group);
  expect(groups.size).toBe(3);
  for (const sent of groups.values()) {
    const order = sent.map(({ body }) => Number(JSON.parse(body).id));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
  expect(await countIn(QueueUrl)).toBe(0);
});
