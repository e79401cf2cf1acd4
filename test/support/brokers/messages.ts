import type { ReceivedMessage } from '../../../lib/core/model/received-message.ts';
import type { OutputMessage, OutputQueue } from '../../../lib/core/ports/message-sink.ts';
import type { InputQueue } from '../../../lib/core/ports/message-source.ts';
import { forwardedMessage } from '../../../lib/core/wire/forwarded-message.ts';
import { collect, eventually } from '../eventually.ts';

/** What comes within a moment. @throws an error while the queue is unreachable */
export function receiveSoon(queue: InputQueue, max = 10): Promise<readonly ReceivedMessage[]> {
  return queue.receive(max, AbortSignal.timeout(150));
}

/** The next message, over outages too. */
export async function receiveOne(queue: InputQueue): Promise<ReceivedMessage> {
  const [message] = await eventually(() => queue.receive(1, AbortSignal.timeout(60_000)));
  if (!message) throw new Error('there is no message');
  return message;
}

/** Takes so many messages from a queue, as they were sent. */
export async function drain(queue: InputQueue, count: number): Promise<OutputMessage[]> {
  const messages = await collect(count, () => receiveSoon(queue, 100));
  await Promise.all(messages.map((message) => message.ack()));
  return messages.map(forwardedMessage);
}

/** Sends messages, 20 at a time and again until each is sent. */
export async function sendAll(queue: OutputQueue, bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 20) {
    let left = bodies.slice(at, at + 20).map((body) => ({ body, attributes: {} }));
    while (left.length > 0) {
      const results = await queue.send(left).catch(() => []);
      left = left.filter((_, nth) => !results[nth]?.sent);
    }
  }
}

/** Takes messages over outages, until so many different ones have come. @param seen their bodies are added to it */
export async function takeAll(queue: InputQueue, count: number, seen: Set<string>): Promise<void> {
  while (seen.size < count) {
    const messages = await eventually(() => queue.receive(10, AbortSignal.timeout(60_000)));
    for (const { body } of messages) seen.add(body);
    // What can't be settled is delivered again.
    await Promise.allSettled(messages.map((message) => message.ack()));
  }
}

/** Messages with what is hard to carry: bytes, a content type, values that headers can't hold, types, a CloudEvent. */
export const HARD_MESSAGES: readonly OutputMessage[] = [
  {
    body: '',
    bytes: new Uint8Array([0xff, 0, 1]),
    attributes: { ContentType: { type: 'String', value: 'image/png' } },
  },
  {
    body: '1',
    attributes: {
      DeadLetterDetail: { type: 'String', value: ' two\r\nlines: 100 % żółć ' },
      Digest: { type: 'Binary', value: new Uint8Array([0, 10, 13]) },
      Amount: { type: 'Number.int', value: '5' },
    },
  },
  {
    body: '{"a":1}',
    attributes: {},
    cloudEvent: {
      specversion: '1.0',
      id: 'żółć 1%',
      source: '/s',
      type: 't',
      datacontenttype: 'application/json',
    },
  },
];
