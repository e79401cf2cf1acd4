import { describe, expect, onTestFinished, test } from 'vitest';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { collect } from '../support/eventually.ts';

/** A queue that keeps order and knows no groups: its server delivers to one worker at a time. */
export interface OrderedQueueHarness {
  /** Sends a message. It resolves when the server has it. */
  send(key: string, body: string): Promise<void>;
  /** Opens the queue as another worker. */
  open(): Promise<InputQueue>;
}

/** Longer than a short receive of any queue takes. */
const WAIT_MILLISECONDS = 500;

/** The behaviour of every queue with order whose server holds no groups. @param create makes an empty queue */
export function exerciseOrderedQueue(name: string, create: () => Promise<OrderedQueueHarness>): void {
  async function open(harness: OrderedQueueHarness): Promise<InputQueue> {
    const queue = await harness.open();
    onTestFinished(() => queue[Symbol.asyncDispose]());
    return queue;
  }

  const receive = (queue: InputQueue) => queue.receive(100, AbortSignal.timeout(WAIT_MILLISECONDS));

  const bodiesOf = (messages: readonly ReceivedMessage[]) => messages.map(({ body }) => body);

  /** Sends so many messages of 3 keys. @returns their bodies, which begin with the key */
  async function send(harness: OrderedQueueHarness, count: number): Promise<string[]> {
    const bodies = Array.from({ length: count }, (_, nth) => `${'abc'[nth % 3]}${nth}`);
    for (const body of bodies) await harness.send(body.slice(0, 1), body);
    return bodies;
  }

  describe(name, () => {
    test('delivers messages in the order they were sent, with the key as the group', async () => {
      const harness = await create();
      const bodies = await send(harness, 100);
      const queue = await open(harness);
      const messages = await collect(100, () => receive(queue));
      expect(bodiesOf(messages)).toEqual(bodies);
      for (const { body, group, source } of messages) {
        expect(group).toBe(body.slice(0, 1));
        expect(source).toMatchObject({ ordered: true });
        expect(source.holdsGroups ?? false).toBe(false);
      }
      await Promise.all(messages.map((message) => message.ack()));
    });

    test('delivers to one worker at a time, and to the next one in order what that one leaves', async () => {
      const harness = await create();
      const first = await open(harness);
      const bodies = await send(harness, 60);
      const messages = await collect(60, () => receive(first));
      const second = await open(harness);
      expect(await receive(second)).toEqual([]);
      const isSettled = (nth: number) => nth % 7 === 0 || nth < 10;
      await Promise.all(messages.filter((_, nth) => isSettled(nth)).map((message) => message.ack()));
      // What a worker returns that stops, in any order.
      await Promise.all(
        messages
          .slice(20, 40)
          .filter((_, nth) => !isSettled(20 + nth))
          .reverse()
          .map((message) => message.retryAfter(0)),
      );
      const more = await send(harness, 3);
      await first[Symbol.asyncDispose]();
      const left = [...bodies.filter((_, nth) => !isSettled(nth)), ...more];
      expect(await collectDistinct(left, () => receive(second))).toEqual(left);
    });
  });

  /** Receives until each of some bodies has come, and leaves out others: Kafka also repeats what was settled out of order. */
  async function collectDistinct(
    bodies: readonly string[],
    next: () => Promise<readonly ReceivedMessage[]>,
  ): Promise<string[]> {
    const seen = new Set<string>();
    while (!bodies.every((body) => seen.has(body))) for (const { body } of await next()) seen.add(body);
    return [...seen].filter((body) => bodies.includes(body));
  }
}
