import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReceivedMessage } from '../../../lib/core/model/received-message.ts';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { MessageTable } from '../../../lib/stores/sqlite/message-table.ts';
import { openSqlite, receiveNow } from '../../support/sqlite.ts';
import { TestClock } from '../../support/test-clock.ts';

/** A queue whose messages state only their tenants, and when they can be delivered. */
async function opened() {
  const { file, open } = await openSqlite({ synchronous: 'normal' });
  const clock = new TestClock();
  const table = new MessageTable(file, 'in');
  const options = { queue: 'in', clock, visibilitySeconds: 30 };
  const queue = new SqliteInputQueue(file, options);
  return {
    clock,
    queue,
    again: async () => new SqliteInputQueue(await open(), options),
    send: (tenants: readonly (string | undefined)[], visibleAt = clock.time) =>
      table.send(
        tenants.map((group) => ({ body: group ?? 'none', group, visibleAt })),
        clock.time,
      ),
    receive: async (max: number) => {
      const messages = await receiveNow(queue, max);
      expect(messages.length).toBeLessThanOrEqual(max);
      return messages;
    },
  };
}

const bodiesOf = (messages: readonly ReceivedMessage[]) => messages.map(({ body }) => body);

/** Has the queue note that there are tenants. */
async function begin(queue: Awaited<ReturnType<typeof opened>>): Promise<void> {
  await queue.send(['first']);
  for (const message of await queue.receive(1)) await message.ack();
}

test('each of 49 tenants has its turn while another one has 2,000 messages', async () => {
  const queue = await opened();
  await begin(queue);
  await queue.send(Array<string>(2_000).fill('noisy'));
  const quiet = Array.from({ length: 49 }, (_, index) => `tenant-${index}`);
  await queue.send([...quiet, ...quiet]);
  const bodies: string[] = [];
  for (let received = 0; received < 10; received++) bodies.push(...bodiesOf(await queue.receive(10)));
  for (const tenant of quiet) expect(bodies.filter((body) => body === tenant)).toHaveLength(2);
  expect(bodies.filter((body) => body === 'noisy')).toHaveLength(2);
});

test('messages without a tenant are those of one more tenant', async () => {
  const queue = await opened();
  await begin(queue);
  await queue.send([...Array<string>(20).fill('noisy'), undefined, undefined, 'żółć 🧥', 'zz']);
  expect(bodiesOf(await queue.receive(4)).toSorted()).toEqual(['none', 'noisy', 'zz', 'żółć 🧥'].toSorted());
  expect(bodiesOf(await queue.receive(4)).toSorted()).toEqual(['noisy', 'noisy', 'noisy', 'none']);
});

test('a tenant alone gets all, and what others don’t use', async () => {
  const queue = await opened();
  await queue.send(Array<string>(20).fill('a'));
  expect(await queue.receive(6)).toHaveLength(6);
  expect(await queue.receive(6)).toHaveLength(6);
  await queue.send(['0']);
  expect(bodiesOf(await queue.receive(6)).toSorted()).toEqual(['0', 'a', 'a', 'a', 'a', 'a']);
});

test('tenants whose messages all wait for a time hold up no others', async () => {
  const queue = await opened();
  await begin(queue);
  const waiting = Array.from({ length: 500 }, (_, index) => `waiting-${index}`);
  await queue.send(waiting, queue.clock.time + 60_000);
  await queue.send(['zz', 'zz']);
  expect(bodiesOf(await queue.receive(1))).toEqual(['zz']);
  expect(bodiesOf(await queue.receive(10))).toEqual(['zz']);
  expect(await queue.receive(10)).toEqual([]);
  queue.clock.time += 60_000;
  expect(await queue.receive(300)).not.toEqual([]);
});

test('another process takes turns too', async () => {
  const queue = await opened();
  await begin(queue);
  await queue.send([...Array<string>(5).fill('noisy'), 'a', 'b']);
  const other = await queue.again();
  expect(bodiesOf(await receiveNow(other, 3)).toSorted()).toEqual(['a', 'b', 'noisy']);
});

test('property: each message is delivered once, and one at least while there are any', async () => {
  const tenants = fc.array(fc.option(fc.constantFrom('', 'a', 'b', 'ü', '🧥'), { nil: undefined }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(tenants, fc.integer({ min: 1, max: 7 }), async (sent, max) => {
      const queue = await opened();
      await queue.send(sent);
      const received: string[] = [];
      while (received.length < sent.length) {
        const messages = await queue.receive(max);
        expect(messages).not.toEqual([]);
        for (const { body, ack } of messages) {
          received.push(body);
          await ack();
        }
      }
      expect(received.toSorted()).toEqual(sent.map((tenant) => tenant ?? 'none').toSorted());
      expect(await queue.receive(max)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});
