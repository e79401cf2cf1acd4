import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DownstreamUnavailable, RetryLater, StoreUnavailable } from '../../../lib/core/base/errors.ts';
import { Circuit, type CircuitSettings } from '../../../lib/core/engine/circuit-breaker.ts';
import type { Pause } from '../../../lib/core/ports/pausing.ts';
import type { NotedPause } from '../../../lib/core/ports/telemetry.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { TestClock } from '../../support/test-clock.ts';

const DOWN = new DownstreamUnavailable('no database');
const never = new AbortController().signal;

class Bench {
  readonly clock = new TestClock();
  readonly logger = new CollectingLogger();
  readonly asked: Pause[] = [];
  readonly noted: NotedPause[] = [];
  readonly circuit: Circuit;

  constructor(settings: Partial<CircuitSettings> = {}) {
    this.circuit = new Circuit(
      { pauseSeconds: 30, failureRatePercent: undefined, ...settings },
      {
        pauses: { request: async (pause) => void this.asked.push(pause) },
        load: { notePause: async (pause) => void this.noted.push(pause) },
        now: () => this.clock.now(),
        logger: this.logger,
      },
    );
  }

  /** Fails so often in a batch of its own. */
  fail(times: number, error: unknown = DOWN, receives = 1): boolean[] {
    const uncounted = Array.from({ length: times }, () => this.circuit.failed(error, receives));
    void this.circuit.flush(never);
    return uncounted;
  }

  wait(seconds: number): void {
    this.clock.time += seconds * 1000;
  }

  /** Seconds of the pauses that were asked for. */
  get pauses(): number[] {
    return this.asked.map(({ seconds }) => seconds);
  }
}

describe('what says that something is down', () => {
  test.each([DOWN, new StoreUnavailable('The table', new Error('ECONNREFUSED'))])(
    '%s: five in a row make a pause, and none counts',
    (error) => {
      const bench = new Bench();
      expect(bench.fail(4, error)).toEqual([true, true, true, true]);
      expect(bench.circuit.secondsLeft).toBe(0);
      expect(bench.fail(1, error)).toEqual([true]);
      expect(bench.circuit.secondsLeft).toBe(30);
      expect(bench.asked).toEqual([{ seconds: 30, reason: `${error.name}: ${error.message}` }]);
    },
  );

  test('however much an error says, its pause can be sent', () => {
    const bench = new Bench();
    bench.fail(5, new DownstreamUnavailable('<p>'.repeat(1_000_000)));
    const [pause] = bench.asked;
    expect(pause?.reason).toMatch(/^DownstreamUnavailable: <p>/);
    expect(pause?.reason.length).toBeLessThan(1_100);
  });

  test.each([
    [new DownstreamUnavailable('the model\n\tis \u001b[31mdown\u0000 '), 'the model is [31mdown'],
    [new DownstreamUnavailable(`${'x'.repeat(199)}😀😀`), `${'x'.repeat(199)}\ufffd…`],
    [new StoreUnavailable('The table', new Error('secret')), 'something that every request needs is down'],
  ])('those who wait learn it in one line: %s', (error, reason) => {
    const bench = new Bench();
    bench.fail(5, error);
    expect(bench.noted).toEqual([{ until: bench.clock.now() + 30_000, reason }]);
  });

  test('a success in between begins a new row', () => {
    const bench = new Bench();
    bench.fail(4);
    bench.circuit.succeeded();
    bench.fail(4);
    expect(bench.circuit.secondsLeft).toBe(0);
  });

  test('a success in the same batch shows that not every request needs it', () => {
    const bench = new Bench();
    for (let times = 0; times < 5; times++) bench.circuit.failed(DOWN, 1);
    expect(bench.circuit.secondsLeft).toBe(30);
    bench.circuit.succeeded();
    expect(bench.circuit.secondsLeft).toBe(0);
    bench.fail(4);
    expect(bench.asked).toEqual([]);
  });

  test('other errors don’t, count, and don’t break a row', () => {
    const bench = new Bench();
    expect(bench.fail(30, new Error('bad luck'))).not.toContain(true);
    bench.fail(4);
    bench.fail(1, new Error('bad luck'));
    bench.fail(1);
    expect(bench.circuit.secondsLeft).toBe(30);
    expect(bench.fail(1, new Error('bad luck'))).toEqual([false]);
  });

  test('more of it during a pause asks for nothing more', () => {
    const bench = new Bench();
    bench.fail(12);
    expect(bench.pauses).toEqual([30]);
  });

  test('a request to be asked again later is granted, up to the longest pause', () => {
    const bench = new Bench();
    bench.fail(5, new DownstreamUnavailable('busy', { retryAfterSeconds: 99.5 }));
    expect(bench.pauses).toEqual([100]);
    const long = new Bench();
    long.fail(5, new DownstreamUnavailable('busy', { retryAfterSeconds: 86_400 }));
    expect(long.pauses).toEqual([900]);
  });
});

describe('after a pause', () => {
  test('one failure is enough for the next, twice as long, up to a quarter of an hour', () => {
    const bench = new Bench();
    bench.fail(5);
    for (let pause = 0; pause < 6; pause++) {
      bench.wait(bench.circuit.secondsLeft);
      expect(bench.circuit.secondsLeft).toBe(0);
      expect(bench.fail(1)).toEqual([true]);
    }
    expect(bench.pauses).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  test('one success closes the circuit', () => {
    const bench = new Bench();
    bench.fail(5);
    bench.wait(30);
    bench.circuit.succeeded();
    bench.fail(4);
    expect(bench.pauses).toEqual([30]);
    bench.fail(1);
    expect(bench.pauses).toEqual([30, 30]);
  });

  test('an instance that knows of no pause goes by how often its messages came back, the freshest first', () => {
    const bench = new Bench();
    bench.fail(4, DOWN, 5);
    bench.fail(1, DOWN, 3);
    expect(bench.pauses).toEqual([120]);
  });
});

describe('a rate of failures', () => {
  const rated = { failureRatePercent: 50 };

  test('counts whatever is thrown, and isn’t disproved by one success', () => {
    const bench = new Bench({ failureRatePercent: 80 });
    for (let times = 0; times < 20; times++) bench.circuit.failed(undefined, 1);
    bench.circuit.succeeded();
    void bench.circuit.flush(never);
    expect(bench.pauses).toEqual([30]);
  });

  test('of the last twenty attempts makes a pause; those before count, those in it don’t', () => {
    const bench = new Bench(rated);
    for (let attempt = 0; attempt < 10; attempt++) bench.circuit.succeeded();
    expect(bench.fail(9, new Error('bad luck'))).not.toContain(true);
    expect(bench.circuit.secondsLeft).toBe(0);
    expect(bench.fail(1, new Error('bad luck'))).toEqual([false]);
    expect(bench.circuit.secondsLeft).toBe(30);
    expect(bench.fail(2, new Error('bad luck'))).toEqual([true, true]);
    bench.wait(30);
    expect(bench.fail(1, new Error('bad luck'))).toEqual([true]);
    expect(bench.pauses).toEqual([30, 60]);
  });

  test('is none of fewer than twenty', () => {
    const bench = new Bench({ failureRatePercent: 1 });
    bench.fail(19, new Error('bad luck'));
    expect(bench.pauses).toEqual([]);
  });

  test('forgets what was before the last twenty', () => {
    const bench = new Bench(rated);
    bench.fail(9, new Error('bad luck'));
    for (let attempt = 0; attempt < 12; attempt++) bench.circuit.succeeded();
    bench.fail(8, new Error('bad luck'));
    expect(bench.pauses).toEqual([]);
  });

  test('has no place for errors that say when to come back', () => {
    const bench = new Bench({ failureRatePercent: 1 });
    expect(bench.fail(30, new RetryLater(5))).not.toContain(true);
    expect(bench.pauses).toEqual([]);
  });
});

test('who can’t be asked for a pause doesn’t fail the batch', async () => {
  const logger = new CollectingLogger();
  const clock = new TestClock();
  const request = () => Promise.reject(new Error('no queue'));
  const circuit = new Circuit(
    { pauseSeconds: 30, failureRatePercent: undefined },
    { pauses: { request }, now: () => clock.now(), logger },
  );
  for (let failure = 0; failure < 5; failure++) circuit.failed(DOWN, 1);
  await circuit.flush(never);
  expect(circuit.secondsLeft).toBe(30);
  expect(logger.lines.map(({ message }) => message)).toContain(
    'The event source could not be asked to pause',
  );
});

test('the end of a batch waits for the question, until there is no time left', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const clock = new TestClock();
  const circuit = new Circuit(
    { pauseSeconds: 30, failureRatePercent: undefined },
    { pauses: { request: () => promise }, now: () => clock.now(), logger: new CollectingLogger() },
  );
  for (let failure = 0; failure < 5; failure++) circuit.failed(DOWN, 1);
  await circuit.flush(AbortSignal.abort());
  // The first pause is over: another one is asked for.
  clock.advanceSeconds(31);
  for (let failure = 0; failure < 5; failure++) circuit.failed(DOWN, 1);
  const ended: string[] = [];
  const flushed = circuit.flush(never).then(() => ended.push('batch'));
  await new Promise(setImmediate);
  ended.push('question');
  resolve();
  await flushed;
  expect(ended).toEqual(['question', 'batch']);
});

test('whatever happens, pauses are in bounds, none begins within another, and each comes of a failure', () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant('failed' as const), receives: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ type: fc.constant('down' as const), receives: fc.integer({ min: 1, max: 40 }) }),
    fc.constant({ type: 'succeeded' as const }),
    fc.record({ type: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 1_000 }) }),
  );
  const settings = fc.record({
    pauseSeconds: fc.integer({ min: 1, max: 900 }),
    failureRatePercent: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(settings, fc.array(event, { maxLength: 100 }), (given, events) => {
      const bench = new Bench(given);
      for (const each of events) {
        const leftBefore = bench.circuit.secondsLeft;
        const askedBefore = bench.asked.length;
        if (each.type === 'wait') bench.wait(each.seconds);
        if (each.type === 'succeeded') bench.circuit.succeeded();
        if (each.type === 'down') expect(bench.circuit.failed(DOWN, each.receives)).toBe(true);
        if (each.type === 'failed') {
          const uncounted = bench.circuit.failed(new Error('x'), each.receives);
          if (given.failureRatePercent === undefined) expect(uncounted).toBe(false);
        }
        void bench.circuit.flush(never);
        if (bench.asked.length > askedBefore) {
          expect(leftBefore).toBe(0);
          expect(['down', 'failed']).toContain(each.type);
          expect(bench.circuit.secondsLeft).toBe(bench.pauses.at(-1));
        } else {
          expect(bench.circuit.secondsLeft).toBeLessThanOrEqual(leftBefore);
        }
      }
      for (const seconds of bench.pauses) {
        expect(seconds).toBeGreaterThanOrEqual(given.pauseSeconds);
        expect(seconds).toBeLessThanOrEqual(900);
      }
    }),
  );
});

test('an instance in which something has succeeded goes by its own pauses alone', () => {
  const bench = new Bench();
  bench.circuit.succeeded();
  bench.fail(5, DOWN, 9);
  expect(bench.pauses).toEqual([30]);
});
