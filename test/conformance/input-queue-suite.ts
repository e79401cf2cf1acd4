import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';

/** An input queue whose messages stay hidden for an hour, with its sender and its event source. */
export interface InputBench {
  send(body: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  /** What is visible now. */
  receive(): Promise<readonly ReceivedMessage[]>;
  wait(seconds: number): Promise<void>;
}

/** What every input queue does. */
export function inputQueueSuite(name: string, open: () => Promise<InputBench>): void {
  async function received(bench: InputBench, count: number): Promise<readonly ReceivedMessage[]> {
    for (let index = 0; index < count; index++) await bench.send(`body ${index}`);
    const deliveries: ReceivedMessage[] = [];
    while (deliveries.length < count) deliveries.push(...(await bench.receive()));
    return deliveries;
  }

  describe(name, () => {
    test('delivers a message with what the engine needs to know', async () => {
      const bench = await open();
      const before = Date.now();
      await bench.send('hello', { RequestId: 'r-1', ExtendedPayloadSize: '5' });
      const [delivery] = await bench.receive();
      expect(delivery).toMatchObject({
        body: 'hello',
        attributes: { RequestId: 'r-1', ExtendedPayloadSize: '5' },
        deliveryCount: 1,
      });
      expect(delivery?.id).toMatch(/./);
      for (const time of [delivery?.sentAt, delivery?.firstDeliveredAt]) {
        expect(time).toBeGreaterThanOrEqual(before - 1_000);
        expect(time).toBeLessThanOrEqual(Date.now() + 1_000);
      }
    });

    test('hides what was delivered', async () => {
      const bench = await open();
      await received(bench, 2);
      expect(await bench.receive()).toEqual([]);
    });

    test('delivers again at once what is deferred by 0 s: the same message, one attempt more', async () => {
      const bench = await open();
      const [first] = await received(bench, 1);
      if (!first) throw new Error('nothing was delivered');
      await first.retryAfter(0);
      const [second] = await bench.receive();
      expect(second).toMatchObject({ id: first.id, body: first.body, deliveryCount: 2 });
      expect(second?.firstDeliveredAt).toBe(first.firstDeliveredAt);
    });

    test('delivers again after the wait, not before', async () => {
      const bench = await open();
      const [first] = await received(bench, 1);
      if (!first) throw new Error('nothing was delivered');
      await first.retryAfter(2);
      expect(await bench.receive()).toEqual([]);
      await bench.wait(2.2);
      expect(await bench.receive()).toMatchObject([{ id: first.id, deliveryCount: 2 }]);
    });

    test('defers each of many by a wait of its own', async () => {
      const bench = await open();
      const all = await received(bench, 25);
      await Promise.all(all.map((message, index) => message.retryAfter(index % 2 === 0 ? 0 : 1_000)));
      const again: ReceivedMessage[] = [];
      for (let polls = 0; polls < 3; polls++) again.push(...(await bench.receive()));
      const expected = all.filter((_, index) => index % 2 === 0);
      expect(again.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
    });

    test('ends each of many for good', async () => {
      const bench = await open();
      const all = await received(bench, 25);
      const [kept, ...ended] = all;
      if (!kept) throw new Error('nothing was delivered');
      await Promise.all(ended.map((message) => message.ack()));
      await kept.retryAfter(0);
      expect(await bench.receive()).toMatchObject([{ id: kept.id }]);
      expect(await bench.receive()).toEqual([]);
    });
  });
}
