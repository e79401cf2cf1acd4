import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { SwitchedOperatorPauses } from '../../lib/aws/switched-operator-pauses.ts';
import type { OperatorPause } from '../../lib/core/ports/pausing.ts';
import { encodePauseMessage, type PauseMessage } from '../../lib/core/wire/pause-message.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { OperatorPauseSwitch } from '../../lib/lambda/operator-pause-switch.ts';
import { MemoryOperatorPauses } from '../../lib/stores/memory/operator-pauses.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { delivery } from '../support/delivery.ts';
import { MemoryEventSource } from '../support/memory-event-source.ts';
import { TestClock } from '../support/test-clock.ts';

/** A call of another service: of the queue, the table or the event source. */
type Around = <Value>(effect: () => Value | Promise<Value>) => Promise<Value>;

/** A message in the queue. */
interface Waiting {
  readonly at: number;
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  readonly deliveryCount: number;
}

/** The function with its queue, and the API, in virtual time. */
class World {
  readonly clock = new TestClock();
  readonly source = new MemoryEventSource();
  readonly store = new MemoryOperatorPauses();
  waiting: Waiting[] = [];
  /** What happens around each call. */
  around: Around = async (effect) => effect();
  /** Lets all of these run, at the same time if it interleaves their calls. */
  runAll = async (runs: readonly (() => Promise<void>)[]) => {
    for (const run of runs) await run();
  };
  #ids = 0;
  readonly #queue = {
    send: (body: string, seconds: number) => this.around(() => this.send(body, seconds)),
  };
  readonly #stored = {
    read: () => this.around(() => this.store.read()),
    write: (pause: OperatorPause | undefined) => this.around(() => this.store.write(pause)),
  };
  readonly #pauses = new SwitchedOperatorPauses(this.#stored, this.#queue);
  readonly #logger = new CollectingLogger();
  readonly #breaker = new Breaker({
    source: this.source,
    queue: this.#queue,
    metrics: { count: () => {} },
    now: this.clock.now,
    logger: this.#logger,
  });
  readonly #switch = new OperatorPauseSwitch({
    sources: [this.source],
    pauses: this.#stored,
    queue: this.#queue,
    now: this.clock.now,
    logger: this.#logger,
  });

  constructor() {
    this.source.around = (_, effect) => this.around(effect);
  }

  send(body: string, seconds = 0): void {
    const at = this.clock.now() + seconds * 1_000;
    this.waiting.push({ at, id: `m-${++this.#ids}`, body, sentAt: this.clock.now(), deliveryCount: 1 });
  }

  say(message: PauseMessage): void {
    this.send(encodePauseMessage(message));
  }

  /** As the API does it. */
  async pause(seconds: number): Promise<OperatorPause> {
    const since = this.clock.now();
    const pause = { until: since + seconds * 1_000, since, reason: 'a migration' };
    await this.#pauses.write(pause);
    return pause;
  }

  async resume(): Promise<void> {
    await this.#pauses.write(undefined);
  }

  /** Delivers what is due. @param times how often each message is delivered @param meanwhile what else happens */
  async deliverDue(times = 1, ...meanwhile: readonly (() => Promise<void>)[]): Promise<void> {
    const due = this.waiting.filter(({ at }) => at <= this.clock.now());
    this.waiting = this.waiting.filter((each) => !due.includes(each));
    const deliveries = Array.from({ length: times }, () => due).flat();
    await this.runAll([...meanwhile, ...deliveries.map((each) => () => this.#deliver(each))]);
  }

  async #deliver(message: Waiting): Promise<void> {
    const dispositions = await Promise.all(
      [this.#breaker, this.#switch].map((each) => each.run(delivery(message.body, message))),
    );
    if (dispositions.every(({ action }) => action === 'ack')) return;
    const deliveryCount = message.deliveryCount + 1;
    this.waiting.push({ ...message, at: this.clock.now() + 10_000, deliveryCount });
  }

  /** Lets time pass until a moment, and delivers everything in time. */
  async passUntil(time: number): Promise<void> {
    await this.deliverDue();
    for (;;) {
      const next = Math.min(...this.waiting.map(({ at }) => at));
      if (next > time) break;
      this.clock.time = Math.max(this.clock.time, next);
      await this.deliverDue();
    }
    this.clock.time = Math.max(this.clock.time, time);
  }

  /** What keeps the source disabled. */
  get reasons(): number {
    return this.source.pauses.size + this.source.operatorPauses.size;
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

const later = (seconds: number) => world.clock.now() + seconds * 1_000;

test.each([1, 29, 60, 900, 901, 86_400])(
  'a pause of %i seconds ends at its time, by itself',
  async (seconds) => {
    const { until } = await world.pause(seconds);
    await world.passUntil(until - 1);
    expect(world.source.enabled).toBe(false);
    await world.passUntil(until);
    expect(world.source.enabled).toBe(true);
    await world.passUntil(until + 60_000);
    expect(world.source.enabled).toBe(true);
    expect(world.reasons).toBe(0);
    expect(world.waiting).toEqual([]);
  },
);

test('an operator ends it early', async () => {
  await world.pause(3_600);
  await world.passUntil(later(1));
  await world.resume();
  await world.passUntil(later(0));
  expect(world.source.enabled).toBe(true);
  await world.passUntil(later(60));
  expect(world.reasons).toBe(0);
});

test('what a person turns off after a pause that ended early stays off', async () => {
  await world.pause(3_600);
  await world.passUntil(later(60));
  await world.resume();
  await world.passUntil(later(60));
  world.source.enabled = false;
  await world.passUntil(later(3_600));
  expect(world.source.enabled).toBe(false);
  expect(world.waiting).toEqual([]);
});

test('a later pause takes the place of the one before, whose messages end', async () => {
  await world.pause(3_600);
  await world.passUntil(later(60));
  const { until, since } = await world.pause(7_200);
  await world.passUntil(later(3_600));
  expect(world.source.enabled).toBe(false);
  expect([...world.source.operatorPauses]).toEqual([since]);
  // One chain for each of the two messages of its call.
  expect(world.waiting).toHaveLength(2);
  await world.passUntil(until);
  expect(world.source.enabled).toBe(true);
});

test('a source that a person has disabled stays disabled', async () => {
  world.source.enabled = false;
  const { until } = await world.pause(60);
  await world.passUntil(until + 60_000);
  expect(world.source.enabled).toBe(false);
  expect(world.reasons).toBe(0);
});

test('while the table or the source fails, it tries again', async () => {
  world.store.faults.inject('read', 'fails before');
  world.source.busy = true;
  await world.pause(600);
  await world.passUntil(later(60));
  expect(world.source.enabled).toBe(true);
  world.source.busy = false;
  await world.passUntil(later(60));
  expect(world.source.enabled).toBe(false);
});

describe('the circuit breaker', () => {
  test('doesn’t end the pause of an operator that began during its own', async () => {
    world.say({ type: 'pause', seconds: 60, reason: 'no database' });
    await world.passUntil(later(1));
    const { until } = await world.pause(600);
    await world.passUntil(later(120));
    expect(world.source.enabled).toBe(false);
    await world.passUntil(until);
    expect(world.source.enabled).toBe(true);
    await world.passUntil(later(600));
    expect(world.reasons).toBe(0);
  });

  test('keeps its own pause when that of an operator ends', async () => {
    world.say({ type: 'pause', seconds: 600, reason: 'no database' });
    await world.passUntil(later(1));
    await world.pause(60);
    await world.passUntil(later(90));
    expect(world.source.enabled).toBe(false);
    await world.passUntil(later(600));
    expect(world.source.enabled).toBe(true);
  });

  test('asks for nothing while an operator pauses', async () => {
    await world.pause(600);
    await world.passUntil(later(1));
    world.say({ type: 'pause', seconds: 30, reason: 'no database' });
    await world.passUntil(later(60));
    expect(world.source.enabled).toBe(false);
    expect(world.source.pauses.size).toBe(0);
  });
});

/** Of 20 calls, how many are killed before they have an effect, and how many after. */
const KILLED = { before: [0], after: [1, 2] };

test('whatever is asked for, repeated, killed and at the same time: what is paused is as the latest pause says, and runs in the end', async () => {
  const step = fc.record({
    waitSeconds: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1_000 })),
    what: fc.constantFrom('pause', 'resume', 'breaker', 'nothing'),
    seconds: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2_000 })),
    busy: fc.boolean(),
    times: fc.integer({ min: 1, max: 3 }),
  });
  const kills = fc.infiniteStream(fc.nat({ max: 19 }));
  const callMilliseconds = fc.infiniteStream(fc.nat({ max: 100 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      kills,
      callMilliseconds,
      fc.scheduler(),
      async (steps, kill, milliseconds, scheduler) => {
        world = new World();
        let canKill = true;
        world.around = async (effect) => {
          await scheduler.schedule(Promise.resolve());
          const fate = canKill ? kill.next().value : undefined;
          if (KILLED.before.includes(fate)) throw new Error('killed before');
          world.clock.time += milliseconds.next().value;
          const value = await effect();
          if (KILLED.after.includes(fate)) throw new Error('killed after');
          return value;
        };
        world.runAll = async (runs) => {
          await scheduler.waitFor(Promise.all(runs.map((run) => run())));
        };
        for (const { waitSeconds, what, seconds, busy, times } of steps) {
          world.clock.time += waitSeconds * 1_000;
          if (what === 'breaker') {
            world.say({ type: 'pause', seconds: Math.min(seconds, 900), reason: 'no database' });
          }
          const asked =
            what === 'pause' ? [() => world.pause(seconds)] : what === 'resume' ? [() => world.resume()] : [];
          world.source.busy = busy;
          await world.deliverDue(
            times,
            // The caller of a call that is killed gets an error.
            ...asked.map((ask) => () => ask().then(noop, noop)),
          );
          world.source.busy = false;
        }
        canKill = false;
        await world.passUntil(later(60));
        const pause = await world.store.read();
        if (pause && pause.until > later(0)) expect(world.source.enabled).toBe(false);
        await world.passUntil(later(86_400));
        expect(world.source.enabled).toBe(true);
        expect(world.reasons).toBe(0);
        expect(world.waiting).toEqual([]);
      },
    ),
  );
});

function noop(): void {}
