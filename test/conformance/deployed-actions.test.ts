import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { v7 } from 'uuid';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { DeadLetterQueue } from '../../lib/aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../lib/aws/sqs-sender.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { mapConcurrently } from '../../lib/core/base/map-concurrently.ts';
import type {
  Action,
  ActionFilter,
  ActionKind,
  ActionRequest,
  ActionTarget,
} from '../../lib/core/model/action.ts';
import type { RequestIdentity } from '../../lib/core/model/request-id.ts';
import type { ActionView } from '../../lib/core/operations/action-view.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { encodeSubmission } from '../../lib/core/wire/submission.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
import { actionProcess } from '../support/action-process.ts';
import { DeadLetterStack } from '../support/dead-letter-stack.ts';
import { exhaustAttempts, failAgain, succeed } from '../support/dead-lettered.ts';
import { createRequestTable } from '../support/request-table.ts';

const endpoint = inject('endpoint');
const table = new DynamoDBClient(localConfig(endpoint));

let stack: DeadLetterStack;
let tableName: string;
beforeEach(async () => {
  stack = await DeadLetterStack.open(endpoint);
  tableName = await createRequestTable(table);
});

/** Ends a process at a call of AWS: before it, or before its answer. */
interface Kill {
  readonly call: number;
  readonly answered: boolean;
}

class Killed extends Error {}

/** How a process of actions goes on. */
interface ProcessOptions {
  readonly kill?: Kill;
  /** Fails the first call of this name. */
  readonly failsOnce?: string;
  /** Fires when its time is over. */
  readonly stop?: AbortSignal;
  readonly canRehearse?: boolean;
}

/** The parts of a process that runs actions. */
function open({
  kill,
  failsOnce,
  stop = new AbortController().signal,
  canRehearse = true,
}: ProcessOptions = {}) {
  const dynamodb = new DynamoDBClient(localConfig(endpoint));
  const { sqs } = localClients(endpoint);
  let calls = 0;
  let killedAt = '';
  const made = new Map<string, number>();
  for (const client of [dynamodb, sqs]) {
    // The SDK's types differ by client.
    (client as DynamoDBClient).middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const name = commandName.replace('Command', '');
          made.set(name, (made.get(name) ?? 0) + 1);
          if (name === failsOnce && made.get(name) === 1) throw new Error('unreachable');
          // A process that ends releases nothing. That its messages come back when their time is over isn't shown here.
          if (!kill || commandName.startsWith('ChangeMessageVisibility')) return next(args);
          calls++;
          if (calls === kill.call) killedAt = commandName;
          if (calls > kill.call || (calls === kill.call && !kill.answered)) throw new Killed();
          const output = await next(args);
          if (calls === kill.call) throw new Killed();
          return output;
        },
      { step: 'initialize' },
    );
  }
  const { targets, runner, ...process } = actionProcess({
    dynamodb,
    table: tableName,
    deadLetters: () => new DeadLetterQueue(sqs, stack.deadUrl),
    input: new SqsSender(sqs, stack.inputUrl),
    queue: new SqsSubmissionQueue(sqs, stack.inputUrl),
    stop,
    canRehearse,
    recordMetadata: ['customer'],
  });
  const run = async (id: string, sleep = async () => {}) => {
    await using _released = targets;
    return await runner.runOne(id, { leaseMilliseconds: 0, mayGoOn: () => true, sleep });
  };
  return { ...process, run, killedAt: () => killedAt, made };
}

/** Puts dead letters of failed requests into the queue. @returns the ids of the requests */
async function deadLetters(count: number): Promise<string[]> {
  return (await targets(count)).map(({ id }) => id);
}

/** The metadata of each failed request. */
const METADATA = { customer: 'acme & co' } as const;

/** Puts dead letters of failed requests into the queue. */
async function targets(count: number): Promise<ActionTarget[]> {
  const { records } = open();
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const id = v7();
      const request = { id, source: '', tenant: index % 2 === 0 ? undefined : 'acme' } as const;
      await exhaustAttempts(records, { ...request, metadata: METADATA }, new Error('no'), Date.now());
      return { ...request, status: 'failed', letter: await letterOf(request), redrives: 0 };
    }),
  );
}

/** Puts a dead letter of a request into the queue. @returns its id */
function letterOf(
  { id, tenant }: Omit<RequestIdentity, 'source'>,
  metadata: Readonly<Record<string, string>> = METADATA,
): Promise<string> {
  const payload = { bytes: Buffer.from(`payload of ${id}`) };
  const request = {
    id,
    source: '',
    tenant,
    submittedAt: Date.now(),
    contentType: 'text/plain',
    metadata,
  } as const;
  return stack.letter(encodeSubmission({ ...request, payload }, { maxJsonDepth: 100 }), id);
}

async function applied(request: ActionRequest): Promise<ActionView> {
  const { actions } = open();
  const plan = await actions.plan(request);
  return actions.apply(plan.id, plan);
}

/** The requests in the input queue, with the redrives that their messages name. */
async function inInput() {
  const messages = await stack.inInput();
  return messages.map(({ MessageId = '', Body = '', MessageAttributes = {} }) => {
    const [request] = decode(
      { id: MessageId, body: Body, attributes: {}, deliveryCount: 1, sentAt: 0, firstDeliveredAt: 0 },
      { maxJsonDepth: 100 },
    );
    return {
      id: request?.id ?? '',
      tenant: request?.tenant,
      redrive: MessageAttributes.DeadLetterRedrives?.StringValue,
    };
  });
}

/** Stores an action that runs: a plan would take seconds to find the end of the queue. */
async function running(
  action: ActionKind,
  listed: readonly ActionTarget[],
  canary?: Action['canary'],
): Promise<string> {
  const { store } = open();
  const [id, now] = [v7(), Date.now()];
  const about = { id, action, filter: ALL, rate: 1_000, canary, count: listed.length, hash: '', sample: [] };
  const planned = { ...about, state: 'planned', createdAt: now, expiresAt: now + 60_000 } as const;
  await store.create(planned, listed);
  await store.write({ ...planned, state: 'running', appliedAt: now }, 2);
  return id;
}

const ALL = { code: 'attempts_exhausted' } as const;

test('a redrive puts back what its plan lists, and returns the others to the queue', async () => {
  const ids = await deadLetters(25);
  await stack.letter('not a request of the plan');
  const { id, count } = await applied({ action: 'redrive', filter: { ids }, rate: 1_000 });
  expect([count, await stack.inDead()]).toEqual([25, [26, 0]]);
  const { run, actions } = open();
  expect(await run(id)).toBe(false);
  expect(await actions.get(id)).toMatchObject({ state: 'succeeded', progress: { done: 25, handled: 25 } });
  expect((await inInput()).map((each) => each.id).toSorted()).toEqual(ids.toSorted());
  expect(await stack.inDead()).toEqual([1, 0]);
});

test.each(['ids', 'metadata', 'submission'] as const)(
  'docs/actions.md counts the calls of an action, for a filter by %s',
  async (name) => {
    const ids = await deadLetters(40);
    const filter = { ids: { ids }, metadata: { metadata: METADATA }, submission: { createdSince: 0 } }[name];
    const planning = open();
    const plan = await planning.actions.plan({ action: 'redrive', filter, rate: 1_000 });
    expect(plan.count).toBe(40);
    expect(Object.fromEntries(planning.made)).toEqual({
      GetQueueAttributes: 1,
      // The last two find no message.
      ReceiveMessage: 4 + 2,
      BatchExecuteStatement: 4,
      ChangeMessageVisibilityBatch: 4,
      // A hundred requests to an item, and one for the action.
      PutItem: 1 + 1,
    });
    await open().actions.apply(plan.id, plan);
    const running = open();
    await running.run(plan.id);
    expect(Object.fromEntries(running.made)).toEqual({
      GetQueueAttributes: 1,
      ReceiveMessage: 4,
      BatchExecuteStatement: 4,
      SendMessageBatch: 4,
      TransactWriteItems: 4,
      DeleteMessageBatch: 4,
      // The action after each of five steps, and twice more; its requests.
      BatchGetItem: 5 + 2 + 1,
      // The lease and its end, and the end of the action.
      UpdateItem: 3,
    });
  },
);

test('docs/actions.md counts the calls of a retry', async () => {
  const id = await running('retry', await targets(40));
  const { run, made } = open();
  await run(id);
  expect(Object.fromEntries(made)).toEqual({
    GetQueueAttributes: 1,
    ReceiveMessage: 4,
    // Failed requests, those that retried them before, and the new ones.
    BatchExecuteStatement: 4 + 4 + 4,
    SendMessageBatch: 4,
    TransactWriteItems: 4,
    DeleteMessageBatch: 4,
    BatchGetItem: 5 + 2 + 1,
    UpdateItem: 3,
  });
});

test('a plan finds dead letters by what records keep or, without a record, by their messages', async () => {
  const [{ id: recorded = '' } = {}] = await targets(1);
  const [unrecorded, other] = [v7(), v7()];
  await letterOf({ id: unrecorded });
  await letterOf({ id: other }, { customer: 'acme' });
  await stack.letter('not a request');
  const { actions, made } = open();
  const { sample, filter } = await actions.plan({ action: 'purge', filter: { metadata: METADATA } });
  expect(filter).toEqual({ metadata: METADATA });
  expect(sample.map(({ id }) => id).toSorted()).toEqual([recorded, unrecorded].toSorted());
  expect(made.get('BatchExecuteStatement')).toBe(1);
  await expect(
    actions.plan({ action: 'purge', filter: { metadata: { region: 'eu' } } }),
  ).rejects.toMatchObject({ code: 'metadata_undeclared' });
});

test('a purge deletes dead letters; those that are gone are skipped', async () => {
  const ids = await deadLetters(3);
  const purge = { action: 'purge', filter: { tenant: 'acme', ids } } as const;
  const [first, second] = [await applied(purge), await applied(purge)];
  const { run, actions } = open();
  await run(first.id);
  expect((await actions.get(first.id)).progress).toMatchObject({ done: 1, handled: 1 });
  await open().run(second.id);
  const { requests } = await actions.requests(second.id, undefined, 10);
  expect(requests).toMatchObject([
    { tenant: 'acme', result: 'skipped', detail: expect.stringContaining('not in the dead-letter queue') },
  ]);
  expect([await stack.inDead(), await inInput()]).toEqual([[2, 0], []]);
});

test('a rehearsal says how each request would end, and leaves its dead letter and its record', async () => {
  const listed = await targets(12);
  const { records, actions, run } = open();
  const before = await Promise.all(listed.map((each) => records.find(each)));
  const id = await running('rehearse', listed);
  expect(await run(id)).toBe(false);
  expect(await actions.get(id)).toMatchObject({
    state: 'succeeded',
    progress: { handled: 12, done: 6, failed: 6, skipped: 0 },
  });
  const { requests } = await actions.requests(id, undefined, 12);
  for (const { tenant, result, detail } of requests) {
    const expected = tenant === 'acme' ? ['failed', 'would fail: not_for_them: Not for them'] : ['done'];
    expect([result, detail].filter(Boolean)).toEqual(expected);
  }
  expect(await Promise.all(listed.map((each) => records.find(each)))).toEqual(before);
  expect([await stack.inDead(), await inInput()]).toEqual([[12, 0], []]);
});

test('a rehearsal that takes too long is undecided', async () => {
  const id = await running('rehearse', await targets(2));
  const { actions, run } = open({ stop: AbortSignal.abort() });
  expect(await run(id)).toBe(false);
  expect((await actions.get(id)).progress).toMatchObject({ handled: 2, skipped: 2 });
  const { requests } = await actions.requests(id, undefined, 2);
  for (const { detail } of requests) expect(detail).toBe('undecided: there was no time to rehearse it');
});

test('a service whose processor can’t be invoked plans no rehearsal', async () => {
  const { actions } = open({ canRehearse: false });
  await expect(actions.plan({ action: 'rehearse', filter: ALL })).rejects.toMatchObject({
    code: 'action_invalid',
    message: expect.stringContaining('runs on Fargate'),
  });
});

test('requests of a tenant that wait are cancelled', async () => {
  const { submissions, records, run, actions } = open();
  const about = { payload: Buffer.from('1'), contentType: 'text/plain', metadata: {} };
  const { request } = await submissions.submit({ ...about, tenant: 'acme' });
  const { request: other } = await submissions.submit({ ...about, tenant: 'blue' });
  const { id } = await applied({ action: 'cancel', filter: { tenant: 'acme' } });
  await run(id);
  expect(await actions.get(id)).toMatchObject({ state: 'succeeded', progress: { done: 1 } });
  expect((await records.find(request))?.status).toBe('cancelled');
  expect((await records.find(other))?.status).toBe('queued');
});

test('requests that wait are planned by their metadata, with the calls of any other filter', async () => {
  const { submissions } = open();
  const about = { payload: Buffer.from('1'), contentType: 'text/plain' };
  const { request } = await submissions.submit({ ...about, metadata: METADATA });
  const { request: other } = await submissions.submit({ ...about, metadata: { customer: 'acme' } });
  const [byMetadata, byIds] = [open(), open()];
  const plan = await byMetadata.actions.plan({ action: 'cancel', filter: { metadata: METADATA } });
  expect(plan.sample.map(({ id }) => id)).toEqual([request.id]);
  await byIds.actions.plan({ action: 'cancel', filter: { ids: [other.id] } });
  expect(byMetadata.made).toEqual(byIds.made);
});

test('requests that wait are planned by their submission, without a read of newer or older ones', async () => {
  const store = new DynamoDbRecordStore(table, tableName);
  const [at, keptUntil] = [Date.UTC(2026, 0), Date.UTC(2100, 0)];
  await mapConcurrently([...Array(250).keys()], 10, (number) => {
    const times = { createdAt: at + number, updatedAt: at + number };
    const request = { id: `r-${number}`, source: '' };
    const record = { request, status: 'queued', attempts: 0, ...times } as const;
    return store.write({ record, revision: 1, keptUntil });
  });
  const planned = async (filter: ActionFilter) => {
    const { actions, made } = open();
    const { count, sample } = await actions.plan({ action: 'cancel', filter });
    // A page takes 16 queries and a read.
    return [count, sample[0]?.id, made.get('Query'), made.get('BatchGetItem')];
  };
  expect(await planned({ tenant: '' })).toEqual([250, 'r-249', 48, 3]);
  expect(await planned({ createdUntil: at + 100 })).toEqual([100, 'r-99', 16, 1]);
  expect(await planned({ until: at + 100 })).toEqual([100, 'r-99', 16, 1]);
  expect(await planned({ createdSince: at + 151 })).toEqual([99, 'r-249', 16, 1]);
  expect(await planned({ createdSince: at + 151, createdUntil: at + 153 })).toEqual([2, 'r-152', 16, 1]);
});

test('one request is retried with another payload', async () => {
  const [failed = ''] = await deadLetters(1);
  const payload = { base64: Buffer.from('edited').toString('base64'), contentType: 'text/plain' };
  const { id } = await applied({ action: 'retry', filter: { ids: [failed] }, payload });
  const { run, actions, records } = open();
  await run(id);
  const [{ retriedAs = '' } = {}] = (await actions.requests(id, undefined, 1)).requests;
  expect((await inInput()).map((each) => each.id)).toEqual([retriedAs]);
  const { request } = (await records.find({ id: retriedAs, source: '' })) ?? {};
  expect(request).toMatchObject({ retryOf: failed });
  expect(await stack.inDead()).toEqual([1, 0]);
});

test('of two dead letters of a request, the second is deleted when the first was retried', async () => {
  const listed = await targets(1);
  const seconds = await Promise.all(listed.map(async (each) => ({ ...each, letter: await letterOf(each) })));
  const first = await running('retry', listed);
  const { actions, run } = open();
  await run(first);
  const [{ retriedAs = '' } = {}] = (await actions.requests(first, undefined, 1)).requests;
  const later = await running('retry', seconds);
  await open().run(later);
  expect((await actions.requests(later, undefined, 1)).requests).toMatchObject([
    { result: 'skipped', detail: `it was retried before, as ${retriedAs}`, retriedAs },
  ]);
  expect((await inInput()).map((each) => each.id)).toEqual([retriedAs]);
  expect(await stack.inDead()).toEqual([0, 0]);
});

describe.each(['redrive', 'retry'] as const)('the canary of a %s', (action) => {
  /** Runs an action on eight dead letters, the first two of which are its canary. @param failing how many of these fail */
  async function runCanary(failing: number) {
    const canary = { percent: 25, stopAbovePercent: 50 };
    const id = await running(action, await targets(8), canary);
    const { run, records, actions } = open();
    let left = failing;
    /** The processor runs what is in the input queue. */
    const process = async () => {
      for (const message of await inInput()) {
        const request = { id: message.id, source: '', tenant: message.tenant };
        if (left-- > 0) await failAgain(records, request, 1, Date.now());
        else await succeed(records, request, Date.now());
      }
    };
    expect(await run(id, process)).toBe(false);
    return actions.get(id);
  }

  test('stops it when more have failed than it allows', async () => {
    expect(await runCanary(2)).toMatchObject({
      state: 'stopped',
      stoppedBecause: '2 of the first 2 requests failed again, which is more than 50%',
      progress: { handled: 2, done: 2 },
    });
    expect(await stack.inDead()).toEqual([6, 0]);
  });

  test.each([0, 1])('lets it go on when %i have failed', async (failing) => {
    expect(await runCanary(failing)).toMatchObject({ state: 'succeeded', progress: { handled: 8, done: 8 } });
    expect(await stack.inDead()).toEqual([0, 0]);
  });
});

test('a process whose action another one runs does nothing', async () => {
  const id = await running('redrive', await targets(1));
  const { store, run } = open();
  await store.takeDue(Date.now(), Date.now() + 60_000, id);
  expect(await run(id)).toBe(true);
  expect(await inInput()).toEqual([]);
});

test('an action that is aborted handles no further requests', async () => {
  const id = await running('redrive', await targets(2));
  const { actions, run } = open();
  await actions.abort(id);
  expect(await run(id)).toBe(false);
  expect([await inInput(), await stack.inDead()]).toEqual([[], [2, 0]]);
});

test.each(['ReceiveMessage', 'TransactWriteItems'])(
  'a process in which %s fails skips nothing when it goes on',
  async (failsOnce) => {
    const id = await running('redrive', await targets(2));
    const { run, actions } = open({ failsOnce });
    await expect(run(id)).rejects.toThrow('unreachable');
    expect(await run(id)).toBe(false);
    expect((await actions.get(id)).progress).toMatchObject({ handled: 2, done: 2 });
  },
);

test.each(['redrive', 'retry'] as const)(
  'a process that ends at any call of a %s runs each request once more',
  async (action) => {
    for (let call = 1, ended = false; !ended; call++) {
      for (const answered of action === 'redrive' ? [false, true] : [true]) {
        const listed = await targets(1);
        const [{ id: failed = '' } = {}] = listed;
        const id = await running(action, listed);
        const dying = open({ kill: { call, answered } });
        ended = await dying.run(id).then(
          () => true,
          (error) => {
            expect(error).toBeInstanceOf(Killed);
            return false;
          },
        );
        const { run, actions } = open();
        expect(await run(id)).toBe(false);
        const { state, progress } = await actions.get(id);
        expect([state, progress.handled]).toEqual(['succeeded', 1]);
        // SQS hides what it returned to a process that ended: then nothing is done, and the dead letter comes back.
        const isHidden = dying.killedAt() === 'ReceiveMessageCommand' && answered;
        expect(progress).toMatchObject(isHidden ? { skipped: 1 } : { done: 1 });
        if (isHidden) {
          expect(await inInput()).toEqual([]);
          continue;
        }
        const [{ retriedAs = failed } = {}] = (await actions.requests(id, undefined, 1)).requests;
        const sent = await inInput();
        expect(sent.length).toBeGreaterThan(0);
        // Several messages are those of one redrive, or of one request.
        expect(new Set(sent.map((each) => each.id))).toEqual(new Set([retriedAs]));
        if (action === 'redrive') expect(new Set(sent.map(({ redrive }) => redrive))).toEqual(new Set(['0']));
      }
    }
  },
);
