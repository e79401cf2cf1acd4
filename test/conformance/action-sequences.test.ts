import { join } from 'node:path';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import type { StoredActionItem } from '../../lib/aws/dynamodb-action-store.ts';
import { RECORD_KEY_PREFIX, storedOf } from '../../lib/aws/record-item.ts';
import { FileQueue } from '../../lib/cli/file-queue.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../../lib/core/config/aws-limits.ts';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import { ACTION_RULES, type Action, type ActionFilter } from '../../lib/core/model/action.ts';
import type { ActionView } from '../../lib/core/operations/action-view.ts';
import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { QUEUES, Storage } from '../../lib/embedded/storage.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MessageTable } from '../../lib/stores/sqlite/message-table.ts';
import {
  ACTION_COMMANDS,
  CUSTOMERS,
  type OperatorCommand,
  RETRY_ALL,
  type Submission,
} from '../support/action-commands.ts';
import { actionProcess } from '../support/action-process.ts';
import { copyDeadLetter } from '../support/dead-letters.ts';
import { endRequest } from '../support/end-request.ts';
import { createRequestTable } from '../support/request-table.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What happens. Numbers choose among what is there. */
const COMMAND = fc.oneof(
  ...ACTION_COMMANDS,
  // The processes of actions.
  { weight: 8, arbitrary: fc.record({ type: fc.constant('step' as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('crash' as const),
      which: fc.nat(),
      calls: fc.nat({ max: 15 }),
      answered: fc.boolean(),
    }),
  },
);

type Command = typeof COMMAND extends fc.Arbitrary<infer Value> ? Value : never;

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

test('no sequence of calls, crashes and changes has an action change what its plan doesn’t list, or change it twice', async () => {
  const folder = await temporaryFolder();
  let runs = 0;
  const property = fc.asyncProperty(fc.array(COMMAND, { minLength: 10, maxLength: 40 }), async (commands) => {
    await using world = await World.open(join(folder, `${runs++}.db`));
    for (const command of commands) await world.run(command);
    await world.finish();
  });
  await fc.assert(property, { numRuns: 15 });
}, 300_000);

class Killed extends Error {}

/** A process that runs an action, and may end at any of its calls: before the call, or before its answer. */
class ActionProcess implements AsyncDisposable {
  readonly parts: ReturnType<typeof actionProcess>;
  #left = Number.POSITIVE_INFINITY;
  #answered = false;

  constructor(storage: Storage, table: string) {
    const client = new DynamoDBClient(localConfig(inject('endpoint')));
    client.middlewareStack.add((next) => (args) => this.#call(() => next(args)), { step: 'initialize' });
    const input = new FileQueue(storage.file, QUEUES.requests);
    this.parts = actionProcess({
      dynamodb: client,
      table,
      deadLetters: () => this.#killable(new FileQueue(storage.file, QUEUES.deadLetters)),
      input: { sendBatch: (messages) => this.#call(() => input.sendBatch(messages)) },
      queue: {
        maxBytes: SQS_MAX_MESSAGE_BYTES,
        maxDelaySeconds: 0,
        ordered: false,
        send: async (body) => {
          await this.#call(() => input.sendBatch([{ body }]));
        },
      },
      stop: new AbortController().signal,
      canRehearse: true,
      recordMetadata: ['customer'],
    });
  }

  /** It ends after this number of calls. */
  endAfter(calls: number, answered: boolean): void {
    this.#left = calls;
    this.#answered = answered;
  }

  /** A process that ends releases nothing. That its messages come back when their time is over isn't shown here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.targets[Symbol.asyncDispose]();
  }

  #killable(queue: FileQueue) {
    const call = <Result>(make: () => Promise<Result>) => this.#call(make);
    return {
      async *walk(perSecond: number, signal: AbortSignal) {
        for await (const messages of queue.walk(perSecond, signal)) yield await call(async () => messages);
      },
      delete: (messages: Parameters<FileQueue['delete']>[0]) => call(() => queue.delete(messages)),
    };
  }

  async #call<Result>(make: () => Promise<Result>): Promise<Result> {
    const left = this.#left--;
    if (left < 0 || (left === 0 && !this.#answered)) throw new Killed();
    const result = await make();
    if (left === 0) throw new Killed();
    return result;
  }
}

/** What there is. */
interface Snapshot {
  /** The requests of dead letters, by the ids of their messages. */
  readonly letters: ReadonlyMap<string, WaitingRequest>;
  /** The requests that wait to run, by the ids of their messages. */
  readonly waiting: ReadonlyMap<string, WaitingRequest>;
  readonly records: ReadonlyMap<string, KnownRecord>;
}

interface WaitingRequest {
  readonly id: string;
  readonly retryOf: string | undefined;
  /** The redrive that its message names. */
  readonly redrive: unknown;
}

interface KnownRecord {
  readonly revision: number;
  readonly id: string;
  readonly tenant: string | undefined;
  readonly customer: string | undefined;
  readonly status: string;
  readonly retryOf: string | undefined;
  readonly redrives: number;
}

/**
 * A service whose records and actions are in DynamoDB. Its queues are in a file: to walk through a queue of SQS to its end takes
 * seconds.
 */
class World implements AsyncDisposable {
  readonly #storage: Storage;
  readonly #table: string;
  /** Where operators' calls are handled. */
  readonly #api: ActionProcess;
  /** A process for each action that runs. */
  readonly #processes = new Map<string, ActionProcess>();
  readonly #plans: ActionView[] = [];
  /** What each plan lists: dead letters, and ids of requests. */
  readonly #listed = new Map<string, { readonly letters: Set<string>; readonly ids: Set<string> }>();
  /** What each action has changed: what it cancelled, and the dead letters that it took. */
  readonly #changed = new Map<string, Set<string>>();
  /** What each action has sent, by the request that it lists: the redrive, or the new request. */
  readonly #sent = new Map<string, Map<string, Set<string>>>();
  /** Requests whose dead letters were purged or retried. */
  readonly #discarded = new Set<string>();

  private constructor(storage: Storage, table: string) {
    this.#storage = storage;
    this.#table = table;
    this.#api = new ActionProcess(storage, table);
  }

  static async open(file: string): Promise<World> {
    return new World(await Storage.open(file, Date), await createRequestTable(dynamodb));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.values()) await process[Symbol.asyncDispose]();
    await this.#storage[Symbol.asyncDispose]();
  }

  async run(command: Command): Promise<void> {
    switch (command.type) {
      case 'submit':
        return this.#submit(command);
      case 'end':
        await this.#endNext(command.fails);
        return;
      case 'cancel':
        return this.#cancel(command.which);
      case 'duplicate':
        return copyDeadLetter(this.#storage.file, command.which, Date.now());
      case 'step':
        await this.#step(command.which);
        return;
      case 'crash':
        await this.#step(command.which, command);
        return;
      default:
        return this.#unchanged(() => this.#operate(command));
    }
  }

  /** Runs all actions to their end, and then all requests. */
  async finish(): Promise<void> {
    await this.#runAll();
    for (const retry of RETRY_ALL) {
      await this.#operate(retry);
      await this.#runAll();
    }
    while (await this.#endNext(true));
    await this.#checkCustomers();
    const { records, letters } = await this.#snapshot();
    const ids = new Set([...records.values()].map(({ id }) => id));
    for (const { id, action, count } of this.#plans) {
      const { actions } = this.#api.parts;
      const { state, progress } = await actions.get(id);
      expect(state).not.toBe('running');
      expect(progress.handled).toBeLessThanOrEqual(count);
      if (state === 'succeeded') expect(progress.handled).toBe(count);
      // Of a request that is cancelled, nothing says by whom. Of a dead letter that is gone, nothing says who deleted it.
      const changed = this.#changed.get(id)?.size ?? 0;
      expect(progress.done + progress.skipped).toBeGreaterThanOrEqual(changed);
      const { requests } = await actions.requests(id, undefined, 1_000);
      for (const { id: handled, result, retriedAs } of requests) {
        if (result !== 'done') continue;
        if (action === 'redrive') expect(this.#sent.get(id)?.has(handled)).toBe(true);
        if (action === 'retry') expect(ids).toContain(retriedAs);
      }
    }
    const lettersOf = new Set([...letters.values()].map(({ id }) => id));
    for (const { id, status, redrives } of records.values()) {
      // A request is retried once after each of its failures, however many dead letters it has.
      const retries = [...records.values()].filter(({ retryOf }) => retryOf === id);
      expect(retries.length).toBeLessThanOrEqual(redrives + 1);
      // Nothing is lost.
      if (status === 'failed' && !this.#discarded.has(id)) expect(lettersOf).toContain(id);
    }
  }

  /** Each dead letter is of one customer. */
  async #checkCustomers(): Promise<void> {
    const countOf = async (filter: ActionFilter) =>
      (await this.#api.parts.actions.plan({ action: 'purge', filter })).count;
    let left = await countOf({ since: 0 });
    // A plan hides dead letters from others while it reads them.
    for (const customer of CUSTOMERS) left -= await countOf({ metadata: { customer } });
    expect(left).toBe(0);
  }

  async #runAll(): Promise<void> {
    let steps = 0;
    while (steps < 200 && (await this.#step(steps))) await this.#endNext(steps++ % 2 === 0);
  }

  async #submit({ tenant, customer }: Submission): Promise<void> {
    const payload = Buffer.from('{}');
    const about = { tenant, payload, contentType: 'application/json', metadata: { customer } };
    await this.#api.parts.submissions.submit(about);
  }

  /** A request that waits runs, and ends for good or is dead-lettered. @returns whether there was one */
  async #endNext(fails: boolean): Promise<boolean> {
    const input = this.#storage.input(QUEUES.requests, QUEUES.deadLetters);
    if ((await input.read()).waiting === 0) return false;
    const [message] = await input.receive(1, AbortSignal.timeout(5_000));
    if (message) await endRequest(message, { records: this.#api.parts.records, fails, now: Date.now() });
    return true;
  }

  async #cancel(which: number): Promise<void> {
    const { records } = await this.#snapshot();
    const waiting = [...records.values()].filter(({ status }) => status === 'queued');
    const chosen = waiting[which % waiting.length];
    if (chosen) await this.#api.parts.records.change({ ...chosen, source: '' }, { type: 'cancel' });
  }

  async #operate(command: OperatorCommand): Promise<void> {
    const { actions, store } = this.#api.parts;
    if (command.type === 'plan') {
      const { action, tenant, customer, hasCanary, isApplied } = command;
      const plan = await actions.plan({
        action,
        filter: { tenant, since: 0, metadata: customer === undefined ? undefined : { customer } },
        // Two requests in a step.
        rate: 8,
        ...(hasCanary && ACTION_RULES[action].runs && { canary: { percent: 34, stopAbovePercent: 50 } }),
      });
      this.#plans.push(plan);
      const items: StoredActionItem[] = [];
      for await (const page of store.items(plan.id, 0)) items.push(...page);
      const ids = new Set(items.map(({ id }) => id));
      for (const record of (await this.#snapshot()).records.values()) {
        if (customer !== undefined && ids.has(record.id)) expect(record.customer).toBe(customer);
      }
      this.#listed.set(plan.id, {
        letters: new Set(items.map(({ letter = '' }) => letter)),
        ids,
      });
      if (isApplied) await actions.apply(plan.id, plan);
      return;
    }
    const plan = this.#plans[command.which % this.#plans.length];
    if (!plan) return;
    const call = command.type === 'apply' ? actions.apply(plan.id, plan) : actions.abort(plan.id);
    const error = await call.then(
      () => undefined,
      ({ code }: { readonly code: string }) => code,
    );
    expect([undefined, 'plan_changed', 'action_not_planned', 'action_over']).toContain(error);
  }

  /** Calls of operators change no request. */
  async #unchanged(call: () => Promise<void>): Promise<void> {
    const before = await this.#snapshot();
    await call();
    expect(await this.#snapshot()).toEqual(before);
  }

  /** Does a step of an action that runs, in its process. @returns whether one runs */
  async #step(which: number, crash?: Extract<Command, { type: 'crash' }>): Promise<boolean> {
    const running = await this.#running();
    const action = running[which % running.length];
    if (!action) return false;
    const process = this.#processes.get(action.id) ?? new ActionProcess(this.#storage, this.#table);
    this.#processes.set(action.id, process);
    if (crash) process.endAfter(crash.calls, crash.answered);
    const before = await this.#snapshot();
    const turn = { leaseMilliseconds: 0, mayGoOn: () => false, sleep: async () => {} };
    const runs = await process.parts.runner.runOne(action.id, turn).catch((error: unknown) => {
      expect(error).toBeInstanceOf(Killed);
      return false;
    });
    if (!runs || crash) {
      this.#processes.delete(action.id);
      await process[Symbol.asyncDispose]();
    }
    this.#check(action, before, await this.#snapshot());
    return true;
  }

  async #running(): Promise<Action[]> {
    const { store } = this.#api.parts;
    const stored = await Promise.all(this.#plans.map(({ id }) => store.find(id)));
    return stored.flatMap((each) => (each?.action.state === 'running' ? each.action : []));
  }

  #check({ id, action }: Action, before: Snapshot, after: Snapshot): void {
    const listed = this.#listed.get(id);
    const taken = [...before.letters.keys()].filter((letter) => !after.letters.has(letter));
    const added = [...after.records].flatMap(([key, record]) => (before.records.has(key) ? [] : record));
    const revised = [...before.records].filter(
      ([key, { revision }]) => after.records.get(key)?.revision !== revision,
    );
    const sent = [...after.waiting].flatMap(([message, about]) => (before.waiting.has(message) ? [] : about));
    for (const letter of taken) expect(listed?.letters).toContain(letter);
    if (action !== 'redrive') {
      for (const letter of taken) this.#discarded.add(before.letters.get(letter)?.id ?? '');
    }
    for (const [, record] of revised) expect(listed?.ids).toContain(record.id);
    if (action === 'cancel' || action === 'rehearse') expect(taken).toEqual([]);
    if (action !== 'cancel') expect(revised).toEqual([]);
    if (action !== 'retry') expect(added).toEqual([]);
    if (action !== 'redrive' && action !== 'retry') expect(sent).toEqual([]);
    const changed = this.#changed.get(id) ?? new Set();
    this.#changed.set(id, changed);
    for (const change of [...taken, ...revised.map(([key]) => key)]) {
      expect(changed).not.toContain(change);
      changed.add(change);
    }
    // What is sent again after a crash is the same redrive, or the same new request.
    const sentBefore = this.#sent.get(id) ?? new Map<string, Set<string>>();
    this.#sent.set(id, sentBefore);
    for (const { id: sentId, retryOf = '', redrive } of sent) {
      const about = action === 'retry' ? retryOf : sentId;
      expect(listed?.ids).toContain(about);
      const same = sentBefore.get(about) ?? new Set();
      sentBefore.set(about, same.add(`${sentId} ${redrive}`));
      expect(same.size).toBe(1);
    }
  }
  async #snapshot(): Promise<Snapshot> {
    const records = new Map<string, KnownRecord>();
    const table = { TableName: this.#table, ConsistentRead: true };
    for await (const { Items = [] } of paginateScan({ client: dynamodb }, table)) {
      for (const item of Items) {
        const key = item[RECORD_KEY]?.S ?? '';
        if (!key.startsWith(RECORD_KEY_PREFIX)) continue;
        const { record, revision } = storedOf(item);
        const { request, status, redrives = 0, metadata } = record;
        const { id, tenant, retryOf } = request;
        records.set(key, { revision, id, tenant, customer: metadata?.customer, status, retryOf, redrives });
      }
    }
    return {
      letters: this.#messagesOf(QUEUES.deadLetters),
      waiting: this.#messagesOf(QUEUES.requests),
      records,
    };
  }

  #messagesOf(queue: string): Map<string, WaitingRequest> {
    const messages = [...new MessageTable(this.#storage.file, queue).pages(100)].flat();
    return new Map(
      messages.map((message) => {
        const [request] = decode(message, { maxJsonDepth: 100 });
        if (!request || 'rejection' in request) throw new Error('The message has no request');
        const redrive = message.typedAttributes?.[ATTRIBUTES.deadLetterRedrives]?.value;
        return [message.id, { id: request.id, retryOf: request.retryOf, redrive }];
      }),
    );
  }
}
