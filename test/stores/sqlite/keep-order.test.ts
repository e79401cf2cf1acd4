import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReceivedMessage } from '../../../lib/core/model/received-message.ts';
import { deleteExpired } from '../../../lib/stores/sqlite/delete-expired.ts';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { keepOrder } from '../../../lib/stores/sqlite/keep-order.ts';
import { SqliteSubmissionQueue } from '../../../lib/stores/sqlite/submission-queue.ts';
import { openSqlite, receiveNow } from '../../support/sqlite.ts';
import { TestClock } from '../../support/test-clock.ts';

const VISIBILITY_SECONDS = 30;

async function openOrdered() {
  const { file, open } = await openSqlite({ synchronous: 'normal' });
  const clock = new TestClock();
  await keepOrder(file, 'in');
  const submissions = new SqliteSubmissionQueue(file, 'in', clock);
  let sent = 0;
  const send = (body: string, orderingKey: string) =>
    submissions.send(body, undefined, { requestId: `r-${sent++}`, orderingKey });
  const input = new SqliteInputQueue(file, { queue: 'in', visibilitySeconds: VISIBILITY_SECONDS, clock });
  return { file, open, clock, submissions, send, input };
}

function bodies(messages: readonly ReceivedMessage[]): string[] {
  return messages.map(({ body }) => body).toSorted();
}

test('the queues say that they keep order', async () => {
  const { input, submissions } = await openOrdered();
  expect(input.capabilities.ordered).toBe(true);
  expect(submissions.ordered).toBe(true);
});

test('the next message of a group follows when the one before is done, whatever time that takes', async () => {
  const { clock, send, input } = await openOrdered();
  for (const body of ['a1', 'a2']) await send(body, 'a');
  await send('b1', 'b');
  const [a1, b1] = await receiveNow(input, 10);
  expect([a1?.body, b1?.body]).toEqual(['a1', 'b1']);
  await a1?.retryAfter(600);
  expect(await receiveNow(input, 10)).toEqual([]);
  clock.advanceSeconds(601);
  expect(bodies(await receiveNow(input, 10))).toEqual(['a1', 'b1']);
  expect(await receiveNow(input, 10)).toEqual([]);
});

test('a receive that waits gets the next message as soon as the one before is acknowledged', async () => {
  const { send, input } = await openOrdered();
  for (const body of ['a1', 'a2']) await send(body, 'a');
  const [first] = await receiveNow(input, 10);
  const receiving = input.receive(10, AbortSignal.timeout(10_000));
  await first?.ack();
  expect(bodies(await receiving)).toEqual(['a2']);
});

test('messages of a group that expire let the next one follow', async () => {
  const { file, clock, send, input } = await openOrdered();
  await send('old', 'a');
  clock.advanceSeconds(100);
  await send('new', 'a');
  await deleteExpired(file, { in: 50 }, clock.now());
  expect(bodies(await receiveNow(input, 10))).toEqual(['new']);
});

test('messages that wait behind another one are waiting', async () => {
  const { send, input } = await openOrdered();
  for (const body of ['a1', 'a2', 'a3']) await send(body, 'a');
  expect(await input.read()).toMatchObject({ waiting: 3, inFlight: 0 });
  await receiveNow(input, 1);
  expect(await input.read()).toMatchObject({ waiting: 2, inFlight: 1 });
});

test('messages that were sent before the queue kept order keep it too', async () => {
  const { file } = await openSqlite({ synchronous: 'normal' });
  const clock = new TestClock();
  const before = new SqliteSubmissionQueue(file, 'in', clock);
  for (const body of ['a1', 'a2']) await before.send(body, 'acme');
  await keepOrder(file, 'in');
  const input = new SqliteInputQueue(file, { queue: 'in', clock });
  const [first] = await receiveNow(input, 10);
  expect(first?.body).toBe('a1');
  expect(await receiveNow(input, 10)).toEqual([]);
  await first?.ack();
  expect(bodies(await receiveNow(input, 10))).toEqual(['a2']);
});

test('another process that opens the file keeps order without asking for it', async () => {
  const { clock, open, send } = await openOrdered();
  const other = await open();
  expect(new SqliteInputQueue(other, { queue: 'in', clock }).capabilities.ordered).toBe(true);
  expect(new SqliteInputQueue(other, { queue: 'out', clock }).capabilities.ordered).toBe(false);
  const submissions = new SqliteSubmissionQueue(other, 'in', clock);
  await send('a1', 'a');
  await submissions.send('a2', undefined, { requestId: 'r', orderingKey: 'a' });
  const input = new SqliteInputQueue(other, { queue: 'in', clock });
  expect(bodies(await receiveNow(input, 10))).toEqual(['a1']);
});

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('send' as const), key: fc.constantFrom('a', 'b', 'c') }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 5 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('ack' as const, 'lose' as const), pick: fc.nat() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('retry' as const), pick: fc.nat(), seconds: fc.nat(90) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.nat(60) }) },
  ),
  { maxLength: 60 },
);

test('whatever happens, only the first message of a group is ever delivered, and each group ends in its order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { clock, send, input } = await openOrdered();
      const waiting: Record<string, string[]> = { a: [], b: [], c: [] };
      let held: ReceivedMessage[] = [];
      let count = 0;
      const take = (pick: number) => {
        const [taken] = held.splice(pick % Math.max(1, held.length), 1);
        return taken;
      };
      const receive = async (max: number) => {
        for (const message of await receiveNow(input, max)) {
          const [key = ''] = message.body;
          expect(message.body).toBe(waiting[key]?.[0]);
          held = [...held.filter(({ body }) => body !== message.body), message];
        }
      };
      for (const step of all) {
        if (step.do === 'send') {
          const body = `${step.key}${count++}`;
          waiting[step.key]?.push(body);
          await send(body, step.key);
        } else if (step.do === 'receive') await receive(step.max);
        else if (step.do === 'pass') clock.advanceSeconds(step.seconds);
        else if (step.do === 'lose') take(step.pick);
        else {
          const taken = take(step.pick);
          if (step.do === 'retry') await taken?.retryAfter(step.seconds);
          else if (taken) {
            await taken.ack();
            waiting[taken.body[0] ?? '']?.shift();
          }
        }
      }
      // Everything comes in the end.
      while (Object.values(waiting).some(({ length }) => length > 0)) {
        clock.advanceSeconds(100);
        held = [];
        await receive(10);
        expect(held).not.toEqual([]);
        for (const message of held) {
          await message.ack();
          waiting[message.body[0] ?? '']?.shift();
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('a queue whose name would not fit into a trigger is refused', async () => {
  const { file } = await openSqlite();
  await expect(keepOrder(file, "in'; --")).rejects.toThrow(
    `must have letters, digits, _ and - only, got "in'; --"`,
  );
});
