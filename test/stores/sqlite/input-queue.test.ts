import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../../lib/core/model/received-message.ts';
import { SqliteDelayedMessages } from '../../../lib/stores/sqlite/delayed-messages.ts';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { SqliteOutputQueue } from '../../../lib/stores/sqlite/output-queue.ts';
import { openSqlite, receiveNow } from '../../support/sqlite.ts';
import { START, TestClock } from '../../support/test-clock.ts';

const VISIBILITY_SECONDS = 30;

async function openQueues() {
  const { file, open } = await openSqlite({ synchronous: 'normal' });
  const clock = new TestClock();
  const options = { queue: 'in', visibilitySeconds: VISIBILITY_SECONDS, clock };
  const input = new SqliteInputQueue(file, options);
  const output = new SqliteOutputQueue(file, 'in', clock);
  const send = (body: string) => output.send([{ body, attributes: {} }]);
  const reopen = async () => new SqliteInputQueue(await open(), options);
  return { file, clock, input, output, send, reopen };
}

describe('waiting', () => {
  test('ends when the process sends a message', async () => {
    const { input, send } = await openQueues();
    const receiving = input.receive(1, new AbortController().signal);
    await send('hello');
    expect(await receiving).toMatchObject([{ body: 'hello' }]);
  });

  test('ends when another connection sends a message', async () => {
    const { reopen, send } = await openQueues();
    const receiving = (await reopen()).receive(1, new AbortController().signal);
    await send('hello');
    expect(await receiving).toMatchObject([{ body: 'hello' }]);
  });

  test('ends without messages when the signal fires', async () => {
    const { input, send } = await openQueues();
    const controller = new AbortController();
    const receiving = input.receive(1, controller.signal);
    controller.abort();
    expect(await receiving).toEqual([]);
    await send('hello');
    expect(await input.receive(1, controller.signal)).toEqual([]);
    expect(await receiveNow(input, 1)).toHaveLength(1);
  });

  test('fails when the file is closed', async () => {
    const { file, input } = await openQueues();
    const failing = expect(input.receive(1, new AbortController().signal)).rejects.toThrow('is closed');
    await file[Symbol.asyncDispose]();
    await failing;
  });
});

test('a message keeps its binary and number attributes, and its group', async () => {
  const { input, output } = await openQueues();
  const bytes = new Uint8Array([0, 1, 255]);
  const attributes = {
    Text: { type: 'String', value: 'żółć' },
    Count: { type: 'Number', value: '5' },
    Bytes: { type: 'Binary', value: bytes },
  };
  await output.send([{ body: 'hello', attributes, group: 'acme' }]);
  expect(await receiveNow(input, 1)).toMatchObject([
    {
      body: 'hello',
      attributes: { Text: 'żółć', Count: '5' },
      typedAttributes: { Count: attributes.Count, Bytes: { type: 'Binary', value: Buffer.from(bytes) } },
      group: 'acme',
    },
  ]);
});

test.each([
  ['too large', 'x'.repeat(1_048_577)],
  ['empty', ''],
  ['with a character that XML 1.0 lacks', 'a\0'],
])('a message that is %s is refused, and the others of its call are sent', async (_, body) => {
  const { input, output } = await openQueues();
  const results = await output.send([body, 'hello'].map((text) => ({ body: text, attributes: {} })));
  expect(results).toMatchObject([{ sent: false, refused: true }, { sent: true }]);
  expect(await receiveNow(input, 10)).toMatchObject([{ body: 'hello' }]);
});

test('queues of one file are separate', async () => {
  const { file, clock, input } = await openQueues();
  await new SqliteOutputQueue(file, 'other', clock).send([{ body: 'hello', attributes: {} }]);
  expect(await receiveNow(input, 10)).toEqual([]);
});

test('a message without a dead-letter queue is not moved', async () => {
  const { input, send } = await openQueues();
  await send('hello');
  const [message] = await receiveNow(input, 1);
  const reason = { requestId: 'r', code: 'c', detail: 'd', attempts: 1, submittedAt: START, redrives: 0 };
  expect(await message?.deadLetter(reason)).toMatchObject({ moved: false, refused: true });
});

test('the backlog counts messages that wait or are in flight, not delayed ones', async () => {
  const { file, clock, input, send } = await openQueues();
  for (const body of ['a', 'b', 'c']) await send(body);
  const oldestSentAt = clock.now();
  await receiveNow(input, 1);
  await new SqliteDelayedMessages(file, 'in', clock).schedule('later', 'd', clock.now() + 1_000);
  expect(await input.read()).toEqual({ waiting: 2, inFlight: 1, oldestSentAt });
});

/** A message of the model. */
interface Modelled {
  readonly body: string;
  visibleAt: number;
  deliveries: number;
}

type Step =
  | { readonly do: 'send' }
  | { readonly do: 'receive'; readonly max: number }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'ack' | 'retryAfter' | 'extend'; readonly nth: number; readonly seconds: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('send' as const) }),
    fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: VISIBILITY_SECONDS }) }),
    fc.record({
      do: fc.constantFrom('ack' as const, 'retryAfter' as const, 'extend' as const),
      nth: fc.nat({ max: 20 }),
      seconds: fc.integer({ min: 0, max: 2 * VISIBILITY_SECONDS }),
    }),
  ),
  { maxLength: 40 },
);

test('behaves as a list of messages does, whatever is done to it by two connections', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all: readonly Step[]) => {
      const { file, clock, input, send, reopen } = await openQueues();
      const queues = [input, await reopen()];
      let model: Modelled[] = [];
      const deliveries: {
        readonly received: ReceivedMessage;
        readonly of: Modelled;
        readonly nth: number;
      }[] = [];
      for (const [index, step] of all.entries()) {
        if (step.do === 'send') {
          await send(`${index}`);
          model.push({ body: `${index}`, visibleAt: clock.now(), deliveries: 0 });
        } else if (step.do === 'wait') {
          clock.advanceSeconds(step.seconds);
        } else if (step.do === 'receive') {
          const due = model
            .filter(({ visibleAt }) => visibleAt <= clock.now())
            .sort((one, other) => one.visibleAt - other.visibleAt)
            .slice(0, step.max);
          const expected = model.filter((message) => due.includes(message));
          for (const message of expected) {
            message.deliveries++;
            message.visibleAt = clock.now() + VISIBILITY_SECONDS * 1000;
          }
          const received = await receiveNow(queues[index % 2] ?? input, step.max);
          expect(received.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual(
            expected.map(({ body, deliveries: count }) => [body, count]),
          );
          for (const [at, of] of expected.entries()) {
            const message = received[at];
            if (message) deliveries.push({ received: message, of, nth: of.deliveries });
          }
        } else {
          const delivery = deliveries[step.nth % Math.max(deliveries.length, 1)];
          if (!delivery) continue;
          const { received, of, nth } = delivery;
          const isCurrent = of.deliveries === nth;
          if (step.do === 'ack') {
            await received.ack();
            if (isCurrent) model = model.filter((message) => message !== of);
          } else {
            await received[step.do](step.seconds);
            if (isCurrent) of.visibleAt = clock.now() + step.seconds * 1000;
          }
        }
      }
      const left = file.statement('SELECT body FROM messages ORDER BY number').all();
      expect(left.map(({ body }) => body)).toEqual(model.map(({ body }) => body));
    }),
    { numRuns: 60 },
  );
});
