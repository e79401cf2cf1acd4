import { setImmediate as turn } from 'node:timers/promises';
import { vi } from 'vitest';
import { PermanentError, RetryLater } from '../../lib/core/base/errors.ts';
import { maxReceivesOf } from '../../lib/core/config/receive-budget.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../../lib/core/engine/deadline.ts';
import { AttemptSuspended } from '../../lib/core/engine/errors.ts';
import type { ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { POINTER_CLASS } from '../../lib/core/wire/extended-client.ts';
import { seededRandom } from '../../lib/planner/random.ts';
import type { Fault } from '../../lib/stores/memory/faults.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { MortalProcess } from '../../lib/testing/mortal-process.ts';
import { deadLetterIds } from './dead-letters.ts';
import { type HandlerEnd, type HandlerRun, violationsOf } from './invariant.ts';
import { outcomeEvent, statusOf } from './outcome-event.ts';
import { handleIn } from './queue-driver.ts';
import { engineSettings } from './settings.ts';

/** Number of requests in a soak. */
export const SOAK_REQUESTS = 1_000;
const MESSAGES_PER_SECOND = 50;
const EVENT_SOURCES = 6;
const BATCH_SIZE = 10;
const TIMEOUT_SECONDS = 10;
const VISIBILITY_SECONDS = 25;

/** Number of calls with a drawn fault: more than a soak makes. */
const CALLS = 10 * SOAK_REQUESTS;

/** Shares of calls, messages and batches. */
const FAULTS: readonly (readonly [Fault, number])[] = [
  ['fails before', 0.03],
  ['fails after', 0.03],
  ['never answers', 0.002],
  ['comes too late', 0.002],
];
const DUPLICATED = 0.1;
const OFFLOADED = 0.1;
const EXPIRING = 0.02;
const KILLED = 0.08;

/** About the duration of a batch. A process that is killed within it may have reached any step. */
const BATCH_MILLISECONDS = 150;

/** A run that may not have ended yet. */
type OpenRun = { -readonly [Key in keyof HandlerRun]: HandlerRun[Key] };

/**
 * A queue, event sources and an engine whose ports fail at random while requests arrive. Needs virtual timers and a
 * virtual clock.
 */
export class MemorySoak {
  readonly #random: () => number;
  readonly #settings = engineSettings({
    maxAttempts: 4,
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    inlineLimitBytes: 100,
  });
  readonly #queue: MemoryInputQueue;
  readonly #output = new MemoryOutputQueue();
  readonly #deadLetters = new MemoryOutputQueue();
  readonly #records = new MemoryRecordStore();
  readonly #store = new MemoryPayloadStore();
  readonly #runs: OpenRun[] = [];
  readonly #requestOf = new Map<string, string>();
  #killed = 0;
  #suspended = 0;
  /** The requests that have a checkpoint. */
  readonly #saved = new Set<string>();
  /** Requests that started from the beginning after a checkpoint. */
  readonly forgotten: string[] = [];
  #isRedriving = false;
  #allSent = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#queue = new MemoryInputQueue({
      now: Date.now,
      visibilityTimeoutSeconds: VISIBILITY_SECONDS,
      maxReceiveCount: maxReceivesOf(this.#settings.maxAttempts),
      deadLetters: this.#deadLetters,
    });
    this.#queue.faults.inject('defer', ...this.#faults());
    this.#queue.faults.inject('acknowledge', ...this.#faults());
    this.#output.faults.inject('send', ...this.#faults());
    this.#deadLetters.faults.inject('send', ...this.#faults());
    this.#records.faults.inject('read', ...this.#faults());
    this.#records.faults.inject('write', ...this.#faults());
    this.#store.faults.inject('open', ...this.#faults());
    this.#store.faults.inject('recall', ...this.#faults());
    this.#store.faults.inject('save', ...this.#faults());
  }

  /** Sends the requests, and finally redrives the dead-letter queue. */
  async run(): Promise<void> {
    await this.#process(this.#send());
    this.#isRedriving = true;
    await this.#process(this.#redrive());
  }

  async #process(sending: Promise<void>): Promise<void> {
    this.#allSent = false;
    let isOver = false;
    const over = Promise.all([sending, ...Array.from({ length: EVENT_SOURCES }, () => this.#poll())]);
    void over.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await turn();
      await vi.advanceTimersToNextTimerAsync();
    }
    await over;
  }

  violations() {
    return violationsOf({
      accepted: this.#requestOf.values(),
      unsure: [],
      records: this.#records.all().map(({ record }) => record),
      published: this.#published(),
      deadLetters: [
        ...this.#queue.deadLetters.map(({ id }) => this.#requestOf.get(id) ?? id),
        ...deadLetterIds(this.#deadLetters),
      ],
      waiting: this.#queue.size,
      runs: this.#runs,
    });
  }

  tally() {
    const records = this.#records.all().map(({ record }) => record);
    const ended = (status: string) => records.filter((record) => record.status === status).length;
    const published = this.#published();
    return {
      succeeded: ended('succeeded'),
      failed: ended('failed'),
      expired: ended('expired'),
      attemptsExhausted: records.filter(({ attemptsExhausted }) => attemptsExhausted).length,
      redriven: records.filter(({ redrives }) => redrives).length,
      killed: this.#killed,
      suspended: this.#suspended,
      runs: this.#runs.length,
      publishedAgain: published.length - new Set(published.map(({ id }) => id)).size,
    };
  }

  #published() {
    return this.#output.messages.map((message) => {
      const event = outcomeEvent(message);
      const inline = typeof event.data === 'number' ? { attempt: event.data } : {};
      const { subject: requestId, id } = event;
      return { requestId, id, status: statusOf(event), text: message.body, ...inline };
    });
  }

  #faults(): Fault[] {
    return Array.from({ length: CALLS }, () => this.#oneOf(FAULTS) ?? 'works');
  }

  /** Picks an item by its share, or none. */
  #oneOf<Choice>(choices: readonly (readonly [Choice, number])[]): Choice | undefined {
    let left = this.#random();
    return choices.find(([, share]) => {
      left -= share;
      return left < 0;
    })?.[0];
  }

  async #send(): Promise<void> {
    for (let request = 0; request < SOAK_REQUESTS; request++) {
      const id = `r-${request}`;
      const expiresAt = new Date(Date.now() + 2_000 * this.#random()).toISOString();
      const attributes = {
        RequestId: id,
        ...(this.#random() < EXPIRING ? { ExpiresAt: expiresAt } : {}),
      };
      const times = this.#random() < DUPLICATED ? 2 : 1;
      const body = this.#random() < OFFLOADED ? this.#offloaded(id) : '{}';
      for (let time = 0; time < times; time++) this.#requestOf.set(this.#queue.send(body, attributes), id);
      await sleep(1_000 / MESSAGES_PER_SECOND);
    }
    this.#allSent = true;
  }

  /** The body of an extended client's message. */
  #offloaded(key: string): string {
    this.#store.put(key, '{}');
    return JSON.stringify([POINTER_CLASS, { s3BucketName: this.#store.bucket, s3Key: key }]);
  }

  /** Dead letters are redriven in any order, some of them twice. */
  async #redrive(): Promise<void> {
    const letters = this.#deadLetters.messages.splice(0);
    for (const { body, attributes } of letters.toSorted(() => this.#random() - 0.5)) {
      const texts = Object.entries(attributes).map(([name, { value }]) => [name, String(value)]);
      const times = this.#random() < DUPLICATED ? 2 : 1;
      for (let time = 0; time < times; time++) this.#queue.send(body, Object.fromEntries(texts));
      await sleep(1_000 / MESSAGES_PER_SECOND);
    }
    this.#allSent = true;
  }

  /** Polls like an event source: deletes messages that a batch doesn't return, unless the process of the batch died. */
  async #poll(): Promise<void> {
    while (!this.#allSent || this.#queue.size > 0) {
      const deliveries = this.#queue.receive(BATCH_SIZE);
      if (deliveries.length === 0) {
        await sleep(100);
        continue;
      }
      const process = new MortalProcess();
      const deadlineAt = Date.now() + 1_000 * TIMEOUT_SECONDS;
      const dies = this.#random() < KILLED ? this.#random() * BATCH_MILLISECONDS : 1_000 * TIMEOUT_SECONDS;
      const killer = setTimeout(() => process.kill(), dies);
      const hosted = {
        queue: this.#queue,
        clock: Date,
        random: this.#random,
        settings: this.#settings,
        ports: {
          store: this.#store,
          records: this.#records,
          output: this.#output,
          logger: new CollectingLogger(),
        },
        handler: (request: ProcessorRequest, crash: () => never) =>
          this.#handle(request, crash, process, deadlineAt),
      };
      const again = await handleIn(process, hosted, deliveries, deadlineAt);
      clearTimeout(killer);
      if (again) this.#queue.delete(deliveries.map(({ id }) => id).filter((id) => !again.includes(id)));
      else this.#killed++;
    }
  }

  async #handle(
    request: ProcessorRequest,
    crash: () => never,
    process: MortalProcess,
    deadlineAt: number,
  ): Promise<unknown> {
    const { id, attempt } = request;
    const leaseEndsAt = deadlineAt + CLOCK_SKEW_MILLISECONDS;
    const run: OpenRun = { requestId: id, attempt, beganAt: Date.now(), leaseEndsAt };
    this.#runs.push(run);
    if (request.state === undefined && this.#saved.has(id)) this.forgotten.push(id);
    const ended = (how: HandlerEnd) => {
      run.end = { at: Date.now(), how };
    };
    // Every fiftieth request always fails; every other one of these only until it is redriven.
    const isHopeless = Number(id.slice(2)) % (this.#isRedriving ? 100 : 50) === 0;
    const luck = isHopeless ? 'error' : this.#oneOf(BEHAVIOURS);
    await sleep(luck === 'hang' ? 2_000 * TIMEOUT_SECONDS : 10 + 100 * this.#random());
    if (!process.alive) return process.die();
    // Every fifth request has two slices, and after a long first one it is suspended.
    if (request.state === undefined && Number(id.slice(2)) % 5 === 1) {
      await sleep(700 * TIMEOUT_SECONDS * this.#random());
      if (!process.alive) return process.die();
      run.saves = true;
      try {
        await request.checkpoint('the first slice');
      } catch (error) {
        if (error instanceof AttemptSuspended) {
          this.#suspended++;
          this.#saved.add(id);
        }
        ended('failed');
        throw error;
      }
      if (!process.alive) return process.die();
      this.#saved.add(id);
    }
    switch (luck) {
      case 'error':
        ended('failed');
        throw new Error('by chance');
      case 'retry later':
        ended('failed');
        throw new RetryLater(3);
      case 'permanent error':
        ended('refused');
        throw new PermanentError('by chance');
      case 'crash':
        return crash();
      case 'stored result':
        ended('succeeded');
        return Buffer.alloc(200);
      default:
        ended('succeeded');
        return attempt;
    }
  }
}

const BEHAVIOURS = [
  ['error', 0.12],
  ['retry later', 0.05],
  ['permanent error', 0.03],
  ['crash', 0.003],
  ['hang', 0.003],
  ['stored result', 0.2],
] as const;

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
