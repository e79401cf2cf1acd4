import type {
  DeleteMessageBatchCommand,
  Message,
  SendMessageBatchCommand,
  SendMessageBatchCommandOutput,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { DeadLetterQueue } from '../../lib/aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../lib/aws/sqs-sender.ts';
import type { DeadLetterAction } from '../../lib/cli/dead-letters/action.ts';
import { PurgeAction } from '../../lib/cli/dead-letters/purge-action.ts';
import { RedriveAction } from '../../lib/cli/dead-letters/redrive-action.ts';
import { walkDeadLetters } from '../../lib/cli/dead-letters/walk.ts';
import { TokenBucket } from '../../lib/cli/token-bucket.ts';
import { DeadLetterStack } from '../support/dead-letter-stack.ts';
import { exhaustAttempts, failAgain, succeed } from '../support/dead-lettered.ts';

const NEVER = new AbortController().signal;

let stack: DeadLetterStack;
let queue: DeadLetterQueue;
let redriveAction: RedriveAction;

beforeEach(async () => {
  stack = await DeadLetterStack.open(inject('endpoint'));
  queue = new DeadLetterQueue(stack.sqs, stack.deadUrl);
  redriveAction = newRedriveAction();
});

function newRedriveAction(): RedriveAction {
  const input = new SqsSender(stack.sqs, stack.inputUrl);
  return new RedriveAction({ queue, input, bucket: new TokenBucket(1_000, 10) });
}

/** Runs an action on all dead letters. @returns [request id or message id, result] of each */
async function run(action: DeadLetterAction, onHandled: () => Promise<unknown> = async () => {}) {
  const walk = { filter: { ids: [] }, limit: Number.POSITIVE_INFINITY, perSecond: 1_000, signal: NEVER };
  const results: [string, string][] = [];
  for await (const { letters } of walkDeadLetters({ queue, records: stack.records }, walk)) {
    for await (const { letter, result } of action.run(letters, NEVER)) {
      results.push([letter.requests[0]?.described.id ?? letter.message.id, result]);
      await onHandled();
    }
  }
  return results.toSorted();
}

/** Dead-letters a request: its record has failed, and its message is in the dead-letter queue. */
async function deadLetter(id: string): Promise<void> {
  const messageId = await stack.letter('{}', id);
  expect(messageId).not.toBe('');
  await exhaustAttempts(stack.records, { id, source: '' }, new Error('no'), Date.now());
}

function textsOf(messages: readonly Message[]): (string | undefined)[] {
  return messages.map(({ MessageAttributes }) => MessageAttributes?.RequestId?.StringValue).toSorted();
}

describe('a walk', () => {
  test('yields every message once, ends, and returns all of them to the queue', async () => {
    const ids = await Promise.all(Array.from({ length: 34 }, (_, index) => stack.letter(String(index))));
    const passed: string[] = [];
    for await (const messages of queue.walk(50, NEVER)) passed.push(...messages.map(({ id }) => id));
    expect(passed.toSorted()).toEqual(ids.toSorted());
    expect(await stack.inDead()).toEqual([34, 0]);
  });

  test('returns what it received to the queue when it is broken off', async () => {
    for (let index = 0; index < 12; index++) await stack.letter(String(index));
    for await (const messages of queue.walk(50, NEVER)) {
      expect(messages).toHaveLength(10);
      expect(await stack.inDead()).toEqual([2, 10]);
      break;
    }
    expect(await stack.inDead()).toEqual([12, 0]);
  });

  test('ends even if messages become visible again and again', async () => {
    for (let index = 0; index < 5; index++) await stack.letter(String(index));
    const passed: string[] = [];
    // Messages stay visible.
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
  test('of a plain message keeps its id, attributes and group', async () => {
    const Colour = { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) };
    const id = await stack.letter('hello', undefined, {
      MessageAttributes: { Colour },
      MessageGroupId: 'acme',
    });
    await exhaustAttempts(stack.records, { id, source: '' }, new Error('no'), Date.now());

    expect(await run(redriveAction)).toEqual([[id, 'put_back']]);

    expect(await stack.inInput()).toMatchObject([
      {
        Body: 'hello',
        MessageAttributes: { Colour, RequestId: { DataType: 'String', StringValue: id } },
        Attributes: { MessageGroupId: 'acme' },
      },
    ]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });

  test('that ends between sending and deleting leaves a dead letter, which is superfluous once its request succeeded', async () => {
    await deadLetter('a');
    const remove = faultAt('DeleteMessageBatchCommand', () => {
      throw new Error('the program ends');
    });
    await expect(run(redriveAction)).rejects.toThrow('the program ends');
    remove();
    expect(await stack.inDead()).toEqual([1, 0]);

    const [message] = await stack.inInput();
    await succeed(stack.records, { id: 'a', source: '' }, Number(message?.Attributes?.SentTimestamp));
    expect(await run(newRedriveAction())).toEqual([['a', 'settled']]);
    expect(await stack.inInput()).toEqual([]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });

  test('puts back a succeeded request that was not put back before, so that its outcome is published', async () => {
    await stack.letter('{}', 'a');
    await succeed(stack.records, { id: 'a', source: '' });
    expect(await run(redriveAction)).toEqual([['a', 'put_back']]);
    expect(textsOf(await stack.inInput())).toEqual(['a']);
  });

  test('keeps what was put back ten times', async () => {
    await deadLetter('a');
    await failAgain(stack.records, { id: 'a', source: '' }, 10, Date.now() + 1_000_000);
    await deadLetter('b');
    expect(await run(redriveAction)).toEqual([
      ['a', 'limit_reached'],
      ['b', 'put_back'],
    ]);
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('keeps what fails again while it runs', async () => {
    await deadLetter('a');
    let failures = 0;
    const again = async () => {
      if (failures++ < 3) await stack.letter('{}', 'a');
    };
    expect(await run(redriveAction, again)).toEqual([
      ['a', 'put_back'],
      ['a', 'put_back_already'],
      ['a', 'put_back_already'],
      ['a', 'put_back_already'],
    ]);
    expect(await stack.inInput()).toHaveLength(1);
    expect(await stack.inDead()).toEqual([3, 0]);
  });

  test('handles every entry of a batch by itself', async () => {
    for (const id of ['a', 'b', 'c']) await deadLetter(id);
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
    expect(await run(redriveAction)).toEqual([
      ['a', 'put_back'],
      ['b', 'failed'],
      ['c', 'put_back'],
    ]);
    expect(textsOf(await stack.inInput())).toEqual(['a', 'c']);
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('of large messages splits them into calls that they fit in', async () => {
    for (const id of ['a', 'b', 'c']) await stack.letter('x'.repeat(600_000), id);
    const sizes: number[] = [];
    faultAt('SendMessageBatchCommand', async (input, send) => {
      sizes.push((input as SendMessageBatchCommand['input']).Entries?.length ?? 0);
      return send(input);
    });
    expect((await run(redriveAction)).map(([, result]) => result)).toEqual(Array(3).fill('put_back'));
    expect(sizes).toEqual([1, 1, 1]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });
});

test('a purge reports which dead letters SQS did not delete', async () => {
  for (const id of ['a', 'b']) await stack.letter('{}', id);
  faultAt('DeleteMessageBatchCommand', async (input, send) => {
    const { Entries = [] } = input as DeleteMessageBatchCommand['input'];
    return send({ ...input, Entries: Entries.slice(0, 1) });
  });
  const results = await run(new PurgeAction(queue));
  expect(results.map(([, result]) => result).toSorted()).toEqual(['deleted', 'failed']);
  expect(await stack.inDead()).toEqual([1, 0]);
});

type Send = (input: object) => Promise<{ output: SendMessageBatchCommandOutput; response: unknown }>;

/** Replaces the response to a command. @returns a function that restores it */
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
