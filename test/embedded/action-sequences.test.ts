import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { StoreUnavailable } from '../../lib/core/base/errors.ts';
import { ACTION_RULES, type Action, type ActionFilter } from '../../lib/core/model/action.ts';
import { ACTION_LEASE_MILLISECONDS } from '../../lib/core/operations/action-runner.ts';
import type { ActionView } from '../../lib/core/operations/action-view.ts';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { serviceActions } from '../../lib/embedded/actions/service-actions.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { messageRehearser } from '../../lib/embedded/rehearse.ts';
import { serviceIntake } from '../../lib/embedded/service-intake.ts';
import { QUEUES } from '../../lib/embedded/storage.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import {
  ACTION_COMMANDS,
  CUSTOMERS,
  type OperatorCommand,
  RETRY_ALL,
  type Submission,
} from '../support/action-commands.ts';
import { copyDeadLetter } from '../support/dead-letters.ts';
import { endRequest } from '../support/end-request.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestClock } from '../support/test-clock.ts';

/** What rehearsals run. */
const PROCESSOR = defineProcessor(async (request) => ({ rehearsal: request.isRehearsal }));

/** What happens. Numbers choose among what is there. */
const COMMAND = fc.oneof(
  ...ACTION_COMMANDS,
  // The process.
  { weight: 8, arbitrary: fc.constant({ type: 'step' as const }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('crash' as const), after: fc.nat({ max: 8 }) }) },
);

type Command = typeof COMMAND extends fc.Arbitrary<infer Value> ? Value : never;

test('no sequence of calls, crashes and changes has an action change what its plan doesn’t list, or change it twice', async () => {
  const folder = await temporaryFolder();
  let runs = 0;
  const property = fc.asyncProperty(fc.array(COMMAND, { minLength: 10, maxLength: 50 }), async (commands) => {
    const world = await World.open(join(folder, `${runs++}.db`));
    await using _closed = world;
    for (const command of commands) await world.run(command);
    await world.finish();
  });
  await fc.assert(property, { numRuns: 60 });
});

/** A service in a file, whose requests and actions go on step by step. */
class World implements AsyncDisposable {
  readonly #parts: Awaited<ReturnType<typeof openParts>>;
  readonly #intake: ReturnType<typeof serviceIntake>;
  readonly #clock: TestClock;
  readonly #plans: ActionView[] = [];
  /** What each plan lists: dead letters, and keys of requests. */
  readonly #listed = new Map<string, { readonly letters: Set<number>; readonly ids: Set<string> }>();
  /** What each action has changed. */
  readonly #changed = new Map<string, Set<string>>();
  #actions: ReturnType<typeof serviceActions>;

  private constructor(parts: Awaited<ReturnType<typeof openParts>>, clock: TestClock) {
    this.#parts = parts;
    this.#clock = clock;
    this.#intake = serviceIntake(parts);
    this.#actions = this.#start();
  }

  static async open(file: string): Promise<World> {
    const clock = new TestClock();
    return new World(
      await openParts({ file, logger: new CollectingLogger(), recordMetadata: ['customer'] }, clock),
      clock,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.storage[Symbol.asyncDispose]();
  }

  async run(command: Command): Promise<void> {
    this.#clock.advanceSeconds(1);
    switch (command.type) {
      case 'submit':
        return this.#submit(command);
      case 'end':
        return this.#endNext(command.fails);
      case 'cancel':
        return this.#cancel(command.which);
      case 'duplicate':
        return copyDeadLetter(this.#parts.storage.file, command.which, this.#clock.now());
      case 'step':
        return this.#step();
      case 'crash':
        return this.#crash(command.after);
      default:
        return this.#unchanged(() => this.#operate(command));
    }
  }

  /** Runs all actions to their end. */
  async finish(): Promise<void> {
    await this.#runAll();
    for (const retry of RETRY_ALL) {
      await this.#operate(retry);
      await this.#runAll();
    }
    for (const { id, action } of this.#plans) {
      const { state, count, progress } = await this.#actions.actions.get(id);
      expect(state).not.toBe('running');
      if (state === 'succeeded') expect(progress.handled).toBe(count);
      expect(progress.handled).toBeLessThanOrEqual(count);
      const changed = this.#changed.get(id)?.size ?? 0;
      // Of a request that is cancelled, nothing says by whom.
      if (action === 'cancel') expect(progress.done).toBeGreaterThanOrEqual(changed);
      else expect(progress.done + progress.skipped).toBeGreaterThanOrEqual(changed);
    }
    this.#checkRetries();
    await this.#checkCustomers();
  }

  async #runAll(): Promise<void> {
    for (let steps = 0; steps < 200 && this.#actions.store.nextDueAt() !== undefined; steps++) {
      await this.#endNext(steps % 2 === 0);
      this.#clock.advanceSeconds(ACTION_LEASE_MILLISECONDS / 1000);
      await this.#step();
    }
  }

  /** However many dead letters a request has, it is retried once after each of its failures. */
  #checkRetries(): void {
    const records = [...this.#records().values()];
    const retries = Map.groupBy(records, ({ tenant, retryOf }) => `${retryOf} ${tenant}`);
    for (const { id, tenant, redrives = 0 } of records) {
      expect(retries.get(`${id} ${tenant}`)?.length ?? 0).toBeLessThanOrEqual(redrives + 1);
    }
  }

  /** Each dead letter is of one customer. */
  async #checkCustomers(): Promise<void> {
    const countOf = async (filter: ActionFilter) =>
      (await this.#actions.actions.plan({ action: 'purge', filter })).count;
    let left = await countOf({ since: 0 });
    for (const customer of CUSTOMERS) left -= await countOf({ metadata: { customer } });
    expect(left).toBe(0);
  }

  #start() {
    const { storage, settings, logger } = this.#parts;
    const rehearser = messageRehearser(this.#parts, PROCESSOR, new AbortController().signal);
    return serviceActions({ storage, settings, logger, intake: this.#intake, rehearser, hasTakers: false });
  }

  async #submit({ tenant, customer }: Submission): Promise<void> {
    const about = { payload: Buffer.from('{}'), contentType: 'application/json' };
    await this.#intake.submissions.submit({ ...about, tenant, metadata: { customer } });
  }

  /** A request that waits runs, and ends for good or is dead-lettered. */
  async #endNext(fails: boolean): Promise<void> {
    const { storage } = this.#parts;
    const input = storage.input(QUEUES.requests, QUEUES.deadLetters);
    if ((await input.read()).waiting === 0) return;
    const [message] = await input.receive(1, AbortSignal.timeout(5_000));
    const { records } = this.#intake;
    if (message) await endRequest(message, { records, fails, now: this.#clock.now() });
  }

  async #cancel(which: number): Promise<void> {
    const keys = [...this.#records().values()].filter(({ status }) => status === 'queued');
    const chosen = keys[which % keys.length];
    if (chosen) await this.#intake.records.change({ ...chosen, source: '' }, { type: 'cancel' });
  }

  async #operate(command: OperatorCommand): Promise<void> {
    const { actions } = this.#actions;
    if (command.type === 'plan') {
      const { action, tenant, customer, hasCanary, isApplied } = command;
      const plan = await actions.plan({
        action,
        filter: { tenant, since: 0, metadata: customer === undefined ? undefined : { customer } },
        ...(hasCanary && ACTION_RULES[action].runs && { canary: { percent: 34, stopAbovePercent: 50 } }),
      });
      this.#plans.push(plan);
      const rows = this.#rows(
        'SELECT id, letter FROM action_items WHERE action = (SELECT max(number) FROM actions)',
      );
      const ids = new Set(rows.map(({ id }) => String(id)));
      for (const record of this.#records().values()) {
        if (customer !== undefined && ids.has(record.id)) expect(record.customer).toBe(customer);
      }
      this.#listed.set(plan.id, {
        letters: new Set(rows.map(({ letter }) => Number(letter))),
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
    expect([undefined, 'plan_changed', 'plan_expired', 'action_not_planned', 'action_over']).toContain(error);
  }

  /** Calls of operators change no request. */
  async #unchanged(call: () => Promise<void>): Promise<void> {
    const before = [this.#records(), this.#messages()];
    await call();
    expect([this.#records(), this.#messages()]).toEqual(before);
  }

  /** The process ends after some writes, and another one begins. */
  async #crash(after: number): Promise<void> {
    const { file } = this.#parts.storage;
    const write = file.write.bind(file);
    let left = after;
    const spy = vi
      .spyOn(file, 'write')
      .mockImplementation((...args) =>
        left-- > 0 ? write(...args) : Promise.reject(new StoreUnavailable('The file', 'killed')),
      );
    await this.#step().catch((error) => expect(error).toBeInstanceOf(StoreUnavailable));
    spy.mockRestore();
    this.#actions = this.#start();
  }

  async #step(): Promise<void> {
    const { runner, store } = this.#actions;
    const [records, messages] = [this.#records(), this.#messages()];
    const taking = vi.spyOn(store, 'takeDue');
    try {
      await runner.run();
    } finally {
      const taken = await taking.mock.results[0]?.value.catch(() => undefined);
      taking.mockRestore();
      this.#check(taken?.action, records, messages);
    }
  }

  #check(
    action: Action | undefined,
    records: ReadonlyMap<string, { readonly revision: number; readonly id: string }>,
    messages: ReadonlyMap<number, string>,
  ): void {
    const [nowRecords, nowMessages] = [this.#records(), this.#messages()];
    const isNew = (key: string | number, before: ReadonlyMap<string | number, unknown>) => !before.has(key);
    const taken = [...messages.keys()].filter((number) => isNew(number, nowMessages));
    const sent = [...nowMessages.keys()].filter((number) => isNew(number, messages));
    const added = [...nowRecords.keys()].filter((key) => isNew(key, records));
    const revised = [...records].filter(([key, { revision }]) => nowRecords.get(key)?.revision !== revision);
    if (!action) {
      expect([taken, sent, added, revised]).toEqual([[], [], [], []]);
      return;
    }
    const listed = this.#listed.get(action.id);
    for (const number of taken) expect(messages.get(number)).toBe(QUEUES.deadLetters);
    for (const number of taken) expect(listed?.letters).toContain(number);
    for (const [, { id }] of revised) expect(listed?.ids).toContain(id);
    const runsAgain = action.action === 'redrive' || action.action === 'retry';
    // A dead letter whose request was put back by another one is only deleted.
    expect(sent.length).toBeLessThanOrEqual(runsAgain ? taken.length : 0);
    expect(added).toHaveLength(action.action === 'retry' ? sent.length : 0);
    if (action.action !== 'cancel') expect(revised).toEqual([]);
    if (action.action === 'rehearse') expect(taken).toEqual([]);
    const changes = action.action === 'cancel' ? revised.map(([key]) => key) : taken.map(String);
    const changed = this.#changed.get(action.id) ?? new Set();
    this.#changed.set(action.id, changed);
    for (const change of changes) {
      expect(changed).not.toContain(change);
      changed.add(change);
    }
  }

  /** Records by their keys. */
  #records() {
    return new Map(
      this.#rows('SELECT key, revision, record FROM records').map(({ key, revision, record }) => {
        const { request, status, redrives, metadata } = JSON.parse(String(record));
        const { id, tenant, retryOf } = request;
        return [
          String(key),
          { revision: Number(revision), id, tenant, retryOf, status, redrives, ...metadata },
        ];
      }),
    );
  }

  /** The queues of messages by their numbers. */
  #messages(): Map<number, string> {
    const rows = this.#rows('SELECT number, queue FROM messages');
    return new Map(rows.map(({ number, queue }) => [Number(number), String(queue)]));
  }

  #rows(sql: string) {
    return this.#parts.storage.file.statement(sql).all();
  }
}
