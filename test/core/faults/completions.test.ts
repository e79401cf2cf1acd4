import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import type { RecordStore } from '../../../lib/core/ports/record-store.ts';
import type { ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { MemoryInputQueue } from '../../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { intercept } from '../../../lib/testing/intercept.ts';
import { outcomeEvent, statusOf } from '../../support/outcome-event.ts';
import { drain } from '../../support/queue-driver.ts';
import { engineSettings } from '../../support/settings.ts';
import { TestClock } from '../../support/test-clock.ts';

/** What happens to a call of the record store, or to its process, before or after the call has had its effect. */
const EVENTS = ['works', 'fails before', 'fails after', 'dies before', 'dies after'] as const;

/** What a request's callback does, before it succeeds or for good. */
const CALLBACKS = ['writes', 'fails once', 'refuses', 'dies once'] as const;

type Callback = (typeof CALLBACKS)[number];

/** A service whose handlers write to a database together with their outcomes. */
class CompletingService {
  readonly #clock = new TestClock();
  readonly #settings = engineSettings();
  readonly #queue: MemoryInputQueue;
  readonly #output = new MemoryOutputQueue();
  readonly #database = new DatabaseSync(':memory:');
  readonly #records = new MemoryRecordStore(this.#database);
  readonly #script: (typeof EVENTS)[number][];
  readonly #spent = new Set<string>();
  #crash: (() => never) | undefined;

  constructor(script: readonly (typeof EVENTS)[number][]) {
    this.#script = [...script];
    this.#queue = new MemoryInputQueue({
      now: this.#clock.now,
      visibilityTimeoutSeconds: this.#settings.visibilityTimeoutSeconds,
      maxReceiveCount: maxReceivesOf(this.#settings.maxAttempts),
      deadLetters: new MemoryOutputQueue(),
    });
    this.#database.exec(`
      CREATE TABLE app_effects (request TEXT NOT NULL, attempt INTEGER NOT NULL);
      CREATE TABLE app_total (number INTEGER NOT NULL);
      INSERT INTO app_total VALUES (0);
    `);
  }

  async run(callbacks: readonly Callback[]): Promise<void> {
    for (const [index, callback] of callbacks.entries()) {
      // Each message is delivered twice.
      for (const _ of ['once', 'again'])
        this.#queue.send(JSON.stringify(callback), { RequestId: `r-${index}` });
    }
    await drain({
      queue: this.#queue,
      clock: this.#clock,
      random: () => 0.5,
      settings: this.#settings,
      ports: {
        store: new MemoryPayloadStore(),
        records: this.#faulty(),
        output: this.#output,
        logger: new CollectingLogger(),
      },
      batchSize: 3,
      timeoutSeconds: 30,
      handler: (request, crash) => this.#handle(request, crash),
    });
  }

  async #handle(request: ProcessorRequest, crash: () => never): Promise<void> {
    this.#crash = crash;
    const callback = (await request.json()) as Callback;
    await request.complete(request.attempt, {
      sqlite: (tx) => {
        tx.run('UPDATE app_total SET number = number + 1');
        tx.run('INSERT INTO app_effects VALUES (?, ?)', request.id, request.attempt);
        if (callback === 'refuses') throw new PermanentError('Never');
        const isFirst = !this.#spent.has(request.id);
        this.#spent.add(request.id);
        if (callback === 'fails once' && isFirst) throw new Error('Not now');
        if (callback === 'dies once' && isFirst) crash();
      },
    });
  }

  #faulty(): RecordStore {
    return intercept(this.#records, async (_, effect) => {
      const event = this.#crash ? this.#script.shift() : 'works';
      if (event === 'fails before') throw new Error(event);
      if (event === 'dies before') this.#crash?.();
      const value = await effect();
      if (event === 'fails after') throw new Error(event);
      if (event === 'dies after') this.#crash?.();
      return value;
    });
  }

  /** The outcomes by request, as consumers received them; each request has one. */
  get outcomes(): Record<string, string> {
    const outcomes = this.#output.messages.map(outcomeEvent);
    const byRequest = Object.groupBy(outcomes, ({ subject }) => subject);
    return Object.fromEntries(
      Object.entries(byRequest).map(([id, events = []]) => {
        const ends = new Set(events.map((event) => `${statusOf(event)} ${JSON.stringify(event.data)}`));
        expect([...ends], id).toHaveLength(1);
        return [id, statusOf(events[0] ?? expect.fail()) === 'succeeded' ? `${events[0]?.data}` : 'failed'];
      }),
    );
  }

  /** The attempt that made each effect. */
  get effects(): readonly { readonly request: string; readonly attempt: string }[] {
    const rows = this.#database.prepare('SELECT * FROM app_effects ORDER BY request').all();
    return rows.map(({ request, attempt }) => ({ request: String(request), attempt: String(attempt) }));
  }

  get total(): number {
    return Number(this.#database.prepare('SELECT number FROM app_total').get()?.number);
  }
}

test('a handler’s writes are made once for each request that succeeded, and never for another, whatever dies when', async () => {
  let died = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...CALLBACKS), { minLength: 1, maxLength: 6 }),
      fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }),
      async (callbacks, script) => {
        const service = new CompletingService(script);
        await service.run(callbacks);
        died += script.filter((event) => event.startsWith('dies')).length;
        const { outcomes } = service;
        const succeeded = Object.entries(outcomes).filter(([, end]) => end !== 'failed');
        const effects = succeeded.map(([request, attempt]) => ({ request, attempt }));
        expect(service.effects).toEqual(effects.toSorted((a, b) => (a.request < b.request ? -1 : 1)));
        expect(service.total).toBe(effects.length);
        expect(Object.keys(outcomes)).toHaveLength(callbacks.length);
      },
    ),
    { numRuns: 200 },
  );
  expect(died).toBeGreaterThan(100);
});
