import { describe, expect, test } from 'vitest';
import type { OutputMessage, OutputQueue } from '../../lib/core/ports/message-sink.ts';

/** An output queue and its consumer. */
export interface OutputQueueHarness {
  readonly queue: OutputQueue;
  /** Whether consumers see the groups of messages. @default true */
  readonly deliversGroups?: boolean;
  /** Everything that is in the queue, as soon as there are `count` messages. */
  receive(count: number): Promise<OutputMessage[]>;
}

const ATTRIBUTES = {
  RequestId: { type: 'String', value: 'Größe 🧥' },
  ExtendedPayloadSize: { type: 'Number', value: '300000' },
} as const;

/** The behaviour of every output queue. */
export function exerciseOutputQueue(name: string, open: () => Promise<OutputQueueHarness>): void {
  function message(body: string, attributes: OutputMessage['attributes'] = {}): OutputMessage {
    return { body, attributes };
  }

  function filled(queue: OutputQueue, bytes: number): OutputMessage {
    const empty = message('', ATTRIBUTES);
    return message('x'.repeat(bytes - queue.sizeOf(empty)), ATTRIBUTES);
  }

  describe(name, () => {
    test('takes a full call, and every message arrives as it is', async () => {
      const { queue, receive } = await open();
      const messages = Array.from({ length: queue.maxMessages }, (_, index) =>
        message(`{"n":${index},"text":"żółć 漢字 🧥\\n"}\t\r\n`, index % 2 === 0 ? ATTRIBUTES : {}),
      );
      expect(await queue.send(messages)).toEqual(messages.map(() => ({ sent: true })));
      const received = await receive(messages.length);
      expect(received.toSorted(byBody)).toEqual(messages.toSorted(byBody));
    });

    test('takes messages of groups', async () => {
      const { queue, receive, deliversGroups = true } = await open();
      const messages = ['example.com:8443', '[2001:db8::1]'].map((group) => ({ ...message(group), group }));
      expect(await queue.send(messages)).toEqual([{ sent: true }, { sent: true }]);
      const expected = messages.map(({ group, ...rest }) => (deliversGroups ? { ...rest, group } : rest));
      expect((await receive(2)).toSorted(byBody)).toEqual(expected.toSorted(byBody));
    });

    test('takes two equal messages', async () => {
      const { queue, receive } = await open();
      expect(await queue.send([message('a'), message('a')])).toEqual([{ sent: true }, { sent: true }]);
      expect(await receive(2)).toHaveLength(2);
    });

    test('takes a message of the largest size, by its own count', async () => {
      const { queue, receive } = await open();
      const largest = filled(queue, queue.maxBytes);
      expect(queue.sizeOf(largest)).toBe(queue.maxBytes);
      expect(await queue.send([largest])).toEqual([{ sent: true }]);
      expect(await receive(1)).toEqual([largest]);
    });

    test('takes several that are together of the largest size', async () => {
      const { queue, receive } = await open();
      const halves = [filled(queue, queue.maxBytes / 2), filled(queue, queue.maxBytes / 2)];
      expect(await queue.send(halves)).toEqual([{ sent: true }, { sent: true }]);
      expect(await receive(2)).toEqual(halves);
    });

    test('refuses one byte more', async () => {
      const { queue } = await open();
      const results = queue.send([message('x'.repeat(queue.maxBytes + 1))]);
      expect(
        await results.then(
          ([result]) => result?.sent,
          () => false,
        ),
      ).toBe(false);
    });

    test('refuses more messages than a call takes', async () => {
      const { queue } = await open();
      const messages = Array.from({ length: queue.maxMessages + 1 }, () => message('a'));
      await expect(queue.send(messages)).rejects.toThrow();
    });
  });
}

function byBody(a: OutputMessage, b: OutputMessage): number {
  return a.body < b.body ? -1 : 1;
}
