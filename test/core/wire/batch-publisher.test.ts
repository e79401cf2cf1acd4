import { expect, test } from 'vitest';
import type { OutputMessage, OutputQueue } from '../../../lib/core/ports/message-sink.ts';
import { BatchPublisher } from '../../../lib/core/wire/batch-publisher.ts';
import { MemoryOutputQueue, type SendFailure } from '../../../lib/stores/memory/output-queue.ts';

const THROTTLED: SendFailure = { sent: false, refused: false, reason: 'throttled' };
const REFUSED: SendFailure = { sent: false, refused: true, reason: 'refused' };

function message(body: string): OutputMessage {
  return { body, attributes: {} };
}

function publisherTo(queue: MemoryOutputQueue): BatchPublisher<OutputMessage> {
  return new BatchPublisher(
    queue,
    () => 0.01,
    () => true,
  );
}

function bodies(messages: readonly OutputMessage[]): string[] {
  return messages.map(({ body }) => body);
}

test('nothing is sent before the flush while a call has room, then everything in one', async () => {
  const queue = new MemoryOutputQueue();
  const publisher = publisherTo(queue);
  const publications = ['a', 'b', 'c'].map((body) => publisher.publish(message(body)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(queue.calls).toHaveLength(0);
  publisher.flush();
  expect(await Promise.all(publications)).toEqual(publications.map(() => ({ published: true })));
  expect(queue.calls.map(bodies)).toEqual([['a', 'b', 'c']]);
});

test('a queue without a linger gets the messages of one turn in one call, at the end of the turn', async () => {
  const queue = new MemoryOutputQueue();
  queue.lingerMilliseconds = 0;
  const publisher = publisherTo(queue);
  for (const body of ['a', 'b']) void publisher.publish(message(body));
  await new Promise((resolve) => setImmediate(resolve));
  expect(queue.calls.map(bodies)).toEqual([['a', 'b']]);
});

test('a call goes out when it has as many messages as it takes', async () => {
  const queue = new MemoryOutputQueue();
  const publisher = publisherTo(queue);
  const publications = Array.from({ length: 11 }, (_, index) => publisher.publish(message(`${index}`)));
  await Promise.all(publications.slice(0, 10));
  expect(queue.messages).toHaveLength(10);
  publisher.flush();
  await Promise.all(publications);
  expect(queue.calls.map((call) => call.length)).toEqual([10, 1]);
});

test('a call goes out when it has as many bytes as it takes', async () => {
  const queue = new MemoryOutputQueue();
  const publisher = publisherTo(queue);
  const publications = Array.from({ length: 10 }, () => publisher.publish(message('x'.repeat(200_000))));
  await Promise.all(publications.slice(0, 5));
  publisher.flush();
  await Promise.all(publications);
  expect(queue.calls.map((call) => call.length)).toEqual([5, 5]);
});

test('what has waited for a while goes out by itself', async () => {
  const queue = new MemoryOutputQueue();
  const publisher = publisherTo(queue);
  expect(await Promise.all(['a', 'b'].map((body) => publisher.publish(message(body))))).toHaveLength(2);
  expect(queue.calls.map(bodies)).toEqual([['a', 'b']]);
});

test('without messages, a flush sends nothing', () => {
  const queue = new MemoryOutputQueue();
  publisherTo(queue).flush();
  expect(queue.calls).toHaveLength(0);
});

test('only the entries that failed are sent again', async () => {
  const queue = new MemoryOutputQueue();
  queue.refuse = ({ body }, call) => (body !== 'a' && call < 3 ? THROTTLED : undefined);
  const publisher = publisherTo(queue);
  const publications = ['a', 'b', 'c'].map((body) => publisher.publish(message(body)));
  publisher.flush();
  expect(await Promise.all(publications)).toEqual(publications.map(() => ({ published: true })));
  expect(queue.calls.map(bodies)).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
    ['b', 'c'],
  ]);
});

test('an entry that keeps failing is given up, the others are published', async () => {
  const queue = new MemoryOutputQueue();
  queue.refuse = ({ body }) => (body === 'b' ? THROTTLED : undefined);
  const publisher = publisherTo(queue);
  const publications = ['a', 'b'].map((body) => publisher.publish(message(body)));
  publisher.flush();
  expect(await Promise.all(publications)).toEqual([
    { published: true },
    { published: false, refused: false, reason: 'throttled' },
  ]);
  expect(queue.calls).toHaveLength(4);
});

test('an entry the queue refuses is not sent again', async () => {
  const queue = new MemoryOutputQueue();
  queue.refuse = () => REFUSED;
  const publisher = publisherTo(queue);
  const publication = publisher.publish(message('a'));
  publisher.flush();
  expect(await publication).toEqual({ published: false, refused: true, reason: 'refused' });
  expect(queue.calls).toHaveLength(1);
});

test('A1: a message larger than the queue takes is refused without a call', async () => {
  const queue = new MemoryOutputQueue();
  queue.maxMessageBytes = 10;
  const publisher = publisherTo(queue);
  const [small, large] = ['x'.repeat(10), 'x'.repeat(11)].map((body) => publisher.publish(message(body)));
  publisher.flush();
  expect(await small).toEqual({ published: true });
  expect(await large).toEqual({
    published: false,
    refused: true,
    reason: "the message is 11 bytes; the queue's limit is 10",
  });
  expect(queue.calls.map(bodies)).toEqual([['x'.repeat(10)]]);
});

test('a call that fails as a whole failed for each of its messages, and only for them', async () => {
  const queue = new MemoryOutputQueue();
  queue.faults.inject('send', 'fails before');
  const publisher = publisherTo(queue);
  const publications = Array.from({ length: 12 }, (_, index) => publisher.publish(message(`${index}`)));
  publisher.flush();
  const published = (await Promise.all(publications)).map(({ published }) => published);
  expect(published).toEqual([...Array.from({ length: 10 }, () => false), true, true]);
});

test('an answer that leaves a message out is no yes: it is sent again', async () => {
  const calls: string[][] = [];
  const forgetful: OutputQueue = {
    maxMessages: 10,
    maxBytes: 1_000,
    maxMessageBytes: 1_000,
    lingerMilliseconds: 1_000,
    sizeOf: ({ body }) => body.length,
    send: async (messages) => {
      calls.push(bodies(messages));
      return [{ sent: true }];
    },
  };
  const publisher = new BatchPublisher(
    forgetful,
    () => 0.01,
    () => true,
  );
  const publications = ['a', 'b'].map((body) => publisher.publish(message(body)));
  publisher.flush();
  expect(await Promise.all(publications)).toEqual([{ published: true }, { published: true }]);
  expect(calls).toEqual([['a', 'b'], ['b']]);
});

test('when no more messages are expected, what comes together goes at once in one call', async () => {
  const queue = new MemoryOutputQueue();
  const publisher = new BatchPublisher(
    queue,
    () => 0.01,
    () => false,
  );
  await Promise.all(['a', 'b'].map((body) => publisher.publish(message(body))));
  expect(queue.calls.map(bodies)).toEqual([['a', 'b']]);
});
