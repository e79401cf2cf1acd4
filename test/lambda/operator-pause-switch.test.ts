import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OperatorPause } from '../../lib/core/ports/pausing.ts';
import {
  decodePauseMessage,
  encodePauseMessage,
  type PauseMessage,
} from '../../lib/core/wire/pause-message.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { OperatorPauseSwitch } from '../../lib/lambda/operator-pause-switch.ts';
import { MemoryOperatorPauses } from '../../lib/stores/memory/operator-pauses.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { delivery } from '../support/delivery.ts';
import { MemoryEventSource } from '../support/memory-event-source.ts';
import { TestClock } from '../support/test-clock.ts';

/** The function with its queue, in virtual time. */
class World {
  readonly clock = new TestClock();
  readonly source = new MemoryEventSource();
  readonly pauses = new MemoryOperatorPauses();
  readonly waiting: { at: number; id: string; body: string; sentAt: number; deliveryCount: number }[] = [];
  #ids = 0;
  readonly #queue = { send: async (body: string, seconds: number) => this.send(body, seconds) };
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
    pauses: this.pauses,
    queue: this.#queue,
    now: this.clock.now,
    logger: this.#logger,
  });

  send(body: string, seconds = 0): void {
    const at = this.clock.now() + seconds * 1_000;
    this.waiting.push({ at, id: `m-${++this.#ids}`, body, sentAt: this.clock.now(), deliveryCount: 1 });
  }

  say(message: PauseMessage): void {
    this.send(encodePauseMessage(message));
  }

  /** As the API does it, apart from the message for a call that is killed. */
  async pause(seconds: number): Promise<OperatorPause> {
    const since = this.clock.now();
    const pause = { until: since + seconds * 1_000, since, reason: 'a migration' };
    await this.pauses.write(pause);
    this.say({ type: 'operator-pause', since });
    return pause;
  }

  async resume(): Promise<void> {
    await this.pauses.write(undefined);
    this.say({ type: 'operator-pause' });
  }

  /** Delivers what is due; if it says so, those of operators at the same time as one of the circuit breaker. */
  async deliverDue(atOnce = false): Promise<void> {
    const due = this.waiting.filter(({ at }) => at <= this.clock.now());
    for (const each of due) this.waiting.splice(this.waiting.indexOf(each), 1);
    const runs = due.map((each) => async () => {
      const dispositions = await Promise.all(
        [this.#breaker, this.#switch].map((function_) => function_.run(delivery(each.body, each))),
      );
      if (dispositions.every(({ action }) => action === 'ack')) return;
      this.waiting.push({ ...each, at: this.clock.now() + 10_000, deliveryCount: each.deliveryCount + 1 });
    });
    const ofBreaker = due.filter(({ body }) => decodePauseMessage(body).type !== 'operator-pause');
    if (atOnce && ofBreaker.length <= 1) await Promise.all(runs.map((run) => run()));
    else for (const run of runs) await run();
  }

  /** Lets time pass until a moment, and delivers everything in time. */
  async passUntil(time: number): Promise<void> {
    await this.deliverDue();
    for (;;) {
      const next = Math.min(...this.waiting.map(({ at }) => at));
      if (next > time) break;
      this.clock.time = next;
      await this.deliverDue();
    }
    this.clock.time = time;
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
    await world.passUntil(until + 30_000);
    expect(world.source).toMatchObject({ enabled: true, held: false });
    expect(world.waiting).toEqual([]);
  },
);

test('an operator ends it early', async () => {
  await world.pause(3_600);
  await world.passUntil(later(1));
  await world.resume();
  await world.passUntil(later(0));
  expect(world.source).toMatchObject({ enabled: true, held: false });
});

test('a later pause takes the place of the one before, whose messages end', async () => {
  await world.pause(3_600);
  await world.passUntil(later(60));
  const { until } = await world.pause(7_200);
  await world.passUntil(later(3_600));
  expect(world.source.enabled).toBe(false);
  expect(world.waiting).toHaveLength(1);
  await world.passUntil(until);
  expect(world.source.enabled).toBe(true);
});

test('a source that a person has disabled stays disabled', async () => {
  world.source.enabled = false;
  const { until } = await world.pause(60);
  await world.passUntil(until + 60_000);
  expect(world.source).toMatchObject({ enabled: false, held: false });
});

test('while the table or the source fails, it tries again', async () => {
  world.pauses.faults.inject('read', 'fails before');
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
    expect(world.source).toMatchObject({ enabled: false, held: true, noted: undefined });
    await world.passUntil(until);
    expect(world.source.enabled).toBe(true);
  });

  test('keeps its own pause when that of an operator ends', async () => {
    world.say({ type: 'pause', seconds: 600, reason: 'no database' });
    await world.passUntil(later(1));
    await world.pause(60);
    await world.passUntil(later(90));
    expect(world.source).toMatchObject({ enabled: false, held: false });
    await world.passUntil(later(600));
    expect(world.source.enabled).toBe(true);
  });

  test('asks for nothing while an operator pauses', async () => {
    await world.pause(600);
    await world.passUntil(later(1));
    world.say({ type: 'pause', seconds: 30, reason: 'no database' });
    await world.passUntil(later(60));
    expect(world.source).toMatchObject({ enabled: false, noted: undefined });
  });
});

test('whatever is asked for, in whatever order it arrives, what is paused is as the latest pause says, and runs in the end', async () => {
  const step = fc.record({
    waitSeconds: fc.integer({ min: 0, max: 1_000 }),
    what: fc.constantFrom('pause', 'resume', 'breaker', 'nothing'),
    seconds: fc.integer({ min: 1, max: 2_000 }),
    busy: fc.boolean(),
    atOnce: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      world = new World();
      for (const { waitSeconds, what, seconds, busy, atOnce } of steps) {
        world.clock.time += waitSeconds * 1_000;
        if (what === 'pause') await world.pause(seconds);
        if (what === 'resume') await world.resume();
        if (what === 'breaker') {
          world.say({ type: 'pause', seconds: Math.min(seconds, 900), reason: 'no database' });
        }
        world.source.busy = busy;
        await world.deliverDue(atOnce);
        world.source.busy = false;
      }
      await world.passUntil(later(60));
      const pause = await world.pauses.read();
      if (pause && pause.until > later(0)) expect(world.source.enabled).toBe(false);
      await world.passUntil(later(86_400));
      expect(world.source).toMatchObject({ enabled: true, held: false });
      expect(world.waiting).toEqual([]);
    }),
  );
});
