import type {
  DeleteMessageBatchCommand,
  Message,
  SendMessageBatchCommand,
  SendMessageBatchCommandOutput,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { DeadLetterQueue } from '../../lib/aws/sqs-dead-letter-queue.ts';
import { ReturnQueue } from '../../lib/aws/sqs-return-queue.ts';
import type { Chore } from '../../lib/cli/dead-letters/chore.ts';
import { lettersOf } from '../../lib/cli/dead-letters/letters.ts';
import { Purging } from '../../lib/cli/dead-letters/purging.ts';
import { Redriving } from '../../lib/cli/dead-letters/redriving.ts';
import { TokenBucket } from '../../lib/cli/token-bucket.ts';
import { failAgain, giveUp, succeed } from '../support/given-up.ts';
import { LetterStack } from '../support/letter-stack.ts';

const NEVER = new AbortController().signal;

let stack: LetterStack;
let queue: DeadLetterQueue;
let redriving: Redriving;

beforeEach(async () => {
  stack = await LetterStack.open(inject('endpoint'));
  queue = new DeadLetterQueue(stack.sqs, stack.deadUrl);
  redriving = newRedriving();
});

function newRedriving(): Redriving {
  const input = new ReturnQueue(stack.sqs, stack.inputUrl);
  return new Redriving({ queue, input, bucket: new TokenBucket(1_000, 10) });
}

/** Goes through all letters. @returns what became of each, by its request, or otherwise its message */
async function run(chore: Chore, onDealt: () => Promise<unknown> = async () => {}) {
  const walk = { filter: { ids: [] }, limit: Number.POSITIVE_INFINITY, perSecond: 1_000, signal: NEVER };
  const results: [string, string][] = [];
  for await (const { letters } of lettersOf({ queue, records: stack.records }, walk)) {
    for await (const { letter, result } of chore.deal(letters, NEVER)) {
      results.push([letter.requests[0]?.described.id ?? letter.message.id, result]);
      await onDealt();
    }
  }
  return results.toSorted();
}

/** Has the request given up, with a message in the dead-letter queue. */
async function givenUp(id: string): Promise<void> {
  const messageId = await stack.letter('{}', id);
  expect(messageId).not.toBe('');
  await giveUp(stack.records, { id, issuer: '' }, new Error('no'), Date.now());
}

function textsOf(messages: readonly Message[]): (string | undefined)[] {
  return messages.map(({ MessageAttributes }) => MessageAttributes?.RequestId?.StringValue).toSorted();
}

describe('a walk', () => {
  test('passes every message once, ends, and gives all of them back', async () => {
    const ids = await Promise.all(Array.from({ length: 34 }, (_, index) => stack.letter(String(index))));
    const passed: string[] = [];
    for await (const messages of queue.walk(50, NEVER)) passed.push(...messages.map(({ id }) => id));
    expect(passed.toSorted()).toEqual(ids.toSorted());
    expect(await stack.inDead()).toEqual([34, 0]);
  });

  test('that is broken off gives back what it hid', async () => {
    for (let index = 0; index < 12; index++) await stack.letter(String(index));
    for await (const messages of queue.walk(50, NEVER)) {
      expect(messages).toHaveLength(10);
      expect(await stack.inDead()).toEqual([2, 10]);
      break;
    }
    expect(await stack.inDead()).toEqual([12, 0]);
  });

  test('ends although messages come back again and again', async () => {
    for (let index = 0; index < 5; index++) await stack.letter(String(index));
    const passed: string[] = [];
    // As one that hides nothing.
    stack.sqs.middlewareStack.add(
      (next) => async (args) => next({ ...args, input: { ...args.input, VisibilityTimeout: 0 } }),
      { step: 'initialize', name: 'visible', override: true },
    );
    for await (const messages of queue.walk(50, NEVER)) passed.push(...messages.map(({ id }) => id));
    expect(new Set(passed).size).toBe(5);
    expect(passed).toHaveLength(5);
  });
});

describe('a redrive', () => {
  test('of a plain message keeps its id, and everything else about it', async () => {
    const Colour = { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) };
    const id = await stack.letter('hello', undefined, {
      MessageAttributes: { Colour },
      MessageGroupId: 'acme',
    });
    await giveUp(stack.records, { id, issuer: '' }, new Error('no'), Date.now());

    expect(await run(redriving)).toEqual([[id, 'put_back']]);

    expect(await stack.inInput()).toMatchObject([
      {
        Body: 'hello',
        MessageAttributes: { Colour, RequestId: { DataType: 'String', StringValue: id } },
        Attributes: { MessageGroupId: 'acme' },
      },
    ]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });

  test('that ends between sending and deleting leaves a letter, which is superfluous once its request succeeded', async () => {
    await givenUp('a');
    const remove = faultAt('DeleteMessageBatchCommand', () => {
      throw new Error('the program ends');
    });
    await expect(run(redriving)).rejects.toThrow('the program ends');
    remove();
    expect(await stack.inDead()).toEqual([1, 0]);

    const [message] = await stack.inInput();
    await succeed(stack.records, { id: 'a', issuer: '' }, Number(message?.Attributes?.SentTimestamp));
    expect(await run(newRedriving())).toEqual([['a', 'settled']]);
    expect(await stack.inInput()).toEqual([]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });

  test('puts back what has succeeded and never was, for its outcome to be published', async () => {
    await stack.letter('{}', 'a');
    await succeed(stack.records, { id: 'a', issuer: '' });
    expect(await run(redriving)).toEqual([['a', 'put_back']]);
    expect(textsOf(await stack.inInput())).toEqual(['a']);
  });

  test('leaves what was put back ten times', async () => {
    await givenUp('a');
    await failAgain(stack.records, { id: 'a', issuer: '' }, 10, Date.now() + 1_000_000);
    await givenUp('b');
    expect(await run(redriving)).toEqual([
      ['a', 'limit_reached'],
      ['b', 'put_back'],
    ]);
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('leaves what fails again while it goes on', async () => {
    await givenUp('a');
    let failures = 0;
    const again = async () => {
      if (failures++ < 3) await stack.letter('{}', 'a');
    };
    expect(await run(redriving, again)).toEqual([
      ['a', 'put_back'],
      ['a', 'put_back_already'],
      ['a', 'put_back_already'],
      ['a', 'put_back_already'],
    ]);
    expect(await stack.inInput()).toHaveLength(1);
    expect(await stack.inDead()).toEqual([3, 0]);
  });

  test('looks at every entry of a call', async () => {
    for (const id of ['a', 'b', 'c']) await givenUp(id);
    faultAt('SendMessageBatchCommand', async (input, send) => {
      const { Entries = [] } = input as SendMessageBatchCommand['input'];
      const isRefused = ({ MessageAttributes = {} }: (typeof Entries)[number]) =>
        MessageAttributes.RequestId?.StringValue === 'b';
      const sent = await send({ ...input, Entries: Entries.filter((entry) => !isRefused(entry)) });
      const Failed = Entries.filter(isRefused).map(({ Id }) => ({
        Id,
        Code: 'InternalError',
        SenderFault: false,
      }));
      return { ...sent, output: { ...sent.output, Failed } };
    });
    expect(await run(redriving)).toEqual([
      ['a', 'put_back'],
      ['b', 'failed'],
      ['c', 'put_back'],
    ]);
    expect(textsOf(await stack.inInput())).toEqual(['a', 'c']);
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('of large messages takes calls they fit into', async () => {
    for (const id of ['a', 'b', 'c']) await stack.letter('x'.repeat(600_000), id);
    const sizes: number[] = [];
    faultAt('SendMessageBatchCommand', async (input, send) => {
      sizes.push((input as SendMessageBatchCommand['input']).Entries?.length ?? 0);
      return send(input);
    });
    expect((await run(redriving)).map(([, result]) => result)).toEqual(Array(3).fill('put_back'));
    expect(sizes).toEqual([1, 1, 1]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });
});

test('a purge says which letters SQS kept', async () => {
  for (const id of ['a', 'b']) await stack.letter('{}', id);
  faultAt('DeleteMessageBatchCommand', async (input, send) => {
    const { Entries = [] } = input as DeleteMessageBatchCommand['input'];
    return send({ ...input, Entries: Entries.slice(0, 1) });
  });
  const results = await run(new Purging(queue));
  expect(results.map(([, result]) => result).toSorted()).toEqual(['deleted', 'failed']);
  expect(await stack.inDead()).toEqual([1, 0]);
});

type Send = (input: object) => Promise<{ output: SendMessageBatchCommandOutput; response: unknown }>;

/** Has calls of a command answered otherwise. @returns what ends that */
function faultAt(command: string, answer: (input: object, send: Send) => ReturnType<Send>): () => void {
  stack.sqs.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== command) return next(args);
      const send = (input: object) => next({ ...args, input } as typeof args);
      return answer(args.input, send as Send) as ReturnType<typeof next>;
    },
    { step: 'initialize', name: command },
  );
  return () => stack.sqs.middlewareStack.remove(command);
}
