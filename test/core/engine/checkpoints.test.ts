import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import { Deadline } from '../../../lib/core/engine/deadline.ts';
import type { Handler, ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';

/** A handler that counts to a number, a step of some seconds each, with a checkpoint after each. */
function counter(
  upTo: number,
  stepSeconds: number,
  harness: () => EngineHarness,
  steps: number[] = [],
): Handler {
  return async (request: ProcessorRequest) => {
    for (let step = Number(request.state ?? 0) + 1; step <= upTo; step++) {
      steps.push(step);
      harness().clock.advanceSeconds(stepSeconds);
      await request.checkpoint(step);
    }
    return { counted: upTo };
  };
}

/** Delivers a message until it is acknowledged. @returns how often that was */
async function deliver(harness: EngineHarness, secondsLeft = 60): Promise<number> {
  for (let count = 1; ; count++) {
    const left = await harness.process([requestDelivery('r-1', {}, { deliveryCount: count })], secondsLeft);
    if (left.length === 0) return count;
  }
}

function setUp(
  handlerOf: (harness: () => EngineHarness) => Handler,
  options?: HarnessOptions,
): EngineHarness {
  const harness: EngineHarness = new EngineHarness(
    handlerOf(() => harness),
    options,
  );
  return harness;
}

test('work longer than an invocation goes on from its checkpoints, as one attempt', async () => {
  const steps: number[] = [];
  const harness = setUp((own) => counter(20, 10, own, steps));
  // 54 seconds of each invocation are for handlers: 5 steps, after which 4 seconds are left. The last one only returns.
  expect(await deliver(harness)).toBe(5);
  expect(steps).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(harness.event).toMatchObject({ data: { counted: 20 } });
  expect(harness.records.record('r-1')).toMatchObject({ attempts: 1, checkpoint: { number: 20 } });
  expect(harness.input.deferrals.map(({ delaySeconds }) => delaySeconds)).toEqual([0, 0, 0, 0]);
});

test('a failure loses one slice: the next attempt finds the latest state', async () => {
  const steps: number[] = [];
  let failures = 2;
  const harness = setUp(() => async (request) => {
    for (let step = Number(request.state ?? 0) + 1; step <= 5; step++) {
      steps.push(step);
      if (step === 4 && failures-- > 0) throw new Error('not now');
      await request.checkpoint(step);
    }
  });
  expect(await deliver(harness)).toBe(3);
  expect(steps).toEqual([1, 2, 3, 4, 4, 4, 5]);
  expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded', attempts: 3 });
});

test('attempts count failures in a row: any number of them may fail as long as there is progress', async () => {
  const harness = setUp(
    () => async (request) => {
      const step = Number(request.state ?? 0) + 1;
      await request.checkpoint(step);
      if (step < 9) throw new Error('not now');
    },
    { maxAttempts: 2 },
  );
  expect(await deliver(harness)).toBe(9);
  expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
});

test('a slice that can’t succeed fails after its attempts, with the state of before', async () => {
  const states: unknown[] = [];
  const harness = setUp(
    () => async (request) => {
      states.push(request.state);
      if (request.state === undefined) await request.checkpoint('half');
      throw new Error('poison');
    },
    { maxAttempts: 3 },
  );
  expect(await deliver(harness)).toBe(3);
  expect(states).toEqual([undefined, 'half', 'half']);
  expect(harness.problem).toMatchObject({ code: 'attempts_exhausted', attempts: 3 });
  expect(harness.deadLetters.messages).toHaveLength(1);
});

test('a redriven request goes on from its checkpoint', async () => {
  const states: unknown[] = [];
  const harness = setUp(
    () => async (request) => {
      states.push(request.state);
      if (states.length === 1) await request.checkpoint({ row: 7 });
      if (states.length < 3) throw new Error('not now');
    },
    { maxAttempts: 2 },
  );
  await deliver(harness);
  harness.clock.advanceSeconds(10);
  const redriven = { attributes: { RequestId: 'r-1', DeadLetterRedrives: '0' }, sentAt: harness.clock.now() };
  await harness.process([requestDelivery('r-1', {}, { ...redriven, id: 'message-2' })]);
  expect(states).toEqual([undefined, { row: 7 }, { row: 7 }]);
  expect(harness.events.map(({ type }) => type)).toEqual([
    'coatcheck.request.failed',
    'coatcheck.request.succeeded',
  ]);
});

test('a large state is kept in the store', async () => {
  const large = { rows: 'x'.repeat(100_000) };
  let found: unknown;
  const harness = setUp(() => async (request) => {
    found = request.state;
    if (found !== undefined) return;
    await request.checkpoint(large);
    throw new Error('not now');
  });
  await deliver(harness);
  expect(found).toEqual(large);
  expect(JSON.stringify(harness.records.record('r-1')?.checkpoint).length).toBeLessThan(1_000);
});

test('a state that is gone from the store is a failure, and not a start from the beginning', async () => {
  const harness = setUp(() => async (request) => {
    await request.checkpoint('x'.repeat(100_000));
    throw new Error('not now');
  });
  await harness.process([requestDelivery('r-1')]);
  for (const key of harness.store.keys('results/')) harness.store.purge(key);
  await harness.process([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
  expect(harness.problem).toMatchObject({ code: 'payload_missing' });
});

test.each([
  ['a function', () => 1],
  ['a map', new Map()],
  ['a circle', circle()],
])('%s can’t be a state', async (_, state) => {
  const harness = setUp(() => (request) => request.checkpoint(state));
  expect(await deliver(harness)).toBe(1);
  expect(harness.problem).toMatchObject({ code: 'checkpoint_invalid' });
});

function circle(): unknown {
  const self: Record<string, unknown> = {};
  self.self = self;
  return self;
}

describe('a handler that goes on after its attempt is suspended', () => {
  test.each<[string, (request: ProcessorRequest) => unknown]>([
    ['returns', () => 'too early'],
    ['fails', () => Promise.reject(new Error('too late'))],
    [
      'returns a stream',
      async function* () {
        yield 'too early';
      },
    ],
  ])('and %s: that doesn’t count', async (_, go) => {
    const harness = setUp((own) => async (request) => {
      if (request.state === 'saved') return 'the end';
      own().clock.advanceSeconds(50);
      await request.checkpoint('saved').catch(() => {});
      expect(request.signal.aborted).toBe(true);
      return go(request);
    });
    expect(await deliver(harness)).toBe(2);
    expect(harness.event).toMatchObject({ data: 'the end' });
    expect(harness.logger.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('inside a stream: what it made isn’t the result', async () => {
    const end = Buffer.alloc(300_000, 'the end');
    const harness = setUp((own) => (request) => {
      if (request.state === 'saved') return end;
      return (async function* () {
        yield 'x'.repeat(300_000);
        own().clock.advanceSeconds(50);
        await request.checkpoint('saved').catch(() => {});
      })();
    });
    expect(await deliver(harness)).toBe(2);
    const { pathname } = new URL(String(harness.event.dataref));
    expect(harness.store.object(pathname.slice(1))?.bytes).toEqual(end);
  });

  test('can’t save another checkpoint', async () => {
    const errors: unknown[] = [];
    const harness = setUp((own) => async (request) => {
      if (request.state !== undefined) return request.state;
      own().clock.advanceSeconds(50);
      await request.checkpoint('first').catch(() => {});
      await request.checkpoint('second').catch((error) => errors.push(error));
    });
    await deliver(harness);
    expect(errors).toMatchObject([{ code: 'attempt_suspended' }]);
    expect(harness.event).toMatchObject({ data: 'first' });
  });
});

test('checkpoints that aren’t awaited are saved in their order', async () => {
  const harness = setUp(() => async (request) => {
    await Promise.all([1, 2, 3].map((state) => request.checkpoint(state)));
  });
  await deliver(harness);
  expect(harness.records.record('r-1')?.checkpoint).toEqual({ number: 3, state: { json: '3' } });
});

test('a request that is cancelled ends at its next checkpoint', async () => {
  const harness = setUp((own) => async (request) => {
    await cancel(own());
    await request.checkpoint(1);
  });
  expect(await deliver(harness)).toBe(1);
  expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
});

test('a request that is cancelled when it would be suspended ends at once', async () => {
  const harness = setUp((own) => async (request) => {
    await cancel(own());
    own().clock.advanceSeconds(50);
    await request.checkpoint(1);
  });
  expect(await deliver(harness)).toBe(1);
  expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
});

async function cancel({ records, clock }: EngineHarness): Promise<void> {
  const requests = new RequestRecords(records, clock.now, 7);
  await requests.change({ id: 'r-1', source: '' }, { type: 'cancel' });
}

test('an attempt that was taken over saves nothing', async () => {
  const errors: unknown[] = [];
  const harness = setUp((own) => async (request) => {
    if (request.attempt === 2) {
      await request.checkpoint('of the second');
      throw new Error('not now');
    }
    if (request.attempt === 3) return request.state;
    own().clock.advanceSeconds(120);
    await own().processElsewhere([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
    await request.checkpoint('of the first').catch((error) => errors.push(error));
    throw errors[0];
  });
  await harness.process([requestDelivery('r-1')]);
  await harness.process([requestDelivery('r-1', {}, { deliveryCount: 3 })]);
  expect(errors).toMatchObject([{ code: 'lease_lost' }]);
  expect(harness.event).toMatchObject({ data: 'of the second' });
});

test('a request that has started isn’t expired between its slices', async () => {
  const harness = setUp((own) => counter(4, 50, own));
  const expiresAt = new Date(harness.clock.now() + 60_000).toISOString();
  for (let count = 1; count <= 5; count++) {
    const attributes = { RequestId: 'r-1', ExpiresAt: expiresAt };
    await harness.process([requestDelivery('r-1', {}, { deliveryCount: count, attributes })]);
  }
  expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
});

test('a request that was continued too often ends before its queue drops it, also after its expiry', async () => {
  const harness = setUp((own) => counter(1_000, 50, own));
  const expiresAt = new Date(harness.clock.now() + 60_000).toISOString();
  const attributes = { RequestId: 'r-1', ExpiresAt: expiresAt };
  for (let count = 1; count <= maxReceivesOf(harness.settings.maxAttempts); count++) {
    await harness.process([requestDelivery('r-1', {}, { deliveryCount: count, attributes })]);
    if (harness.events.length > 0) break;
  }
  expect(harness.problem).toMatchObject({
    code: 'attempts_exhausted',
    detail: 'The message had to leave the queue before another attempt could start',
    attempts: 1,
  });
  expect(harness.deadLetters.messages).toHaveLength(1);
});

test('after many slices, a failure waits as after a first attempt', async () => {
  const harness = setUp(
    () => async (request) => {
      await request.checkpoint(1);
      throw new Error('not now');
    },
    { retryBaseSeconds: 4, retryCapSeconds: 900 },
  );
  harness.random.value = 0.999;
  await harness.process([requestDelivery('r-1', {}, { deliveryCount: 40 })]);
  expect(Object.values(harness.delays)).toEqual([4]);
});

test('the progress is recorded with a checkpoint, without a write of its own', async () => {
  const harness = setUp((own) => async (request) => {
    if (request.state !== undefined) throw new PermanentError('enough');
    request.progress(0.25, 'a quarter');
    own().clock.advanceSeconds(50);
    await request.checkpoint(1);
  });
  await harness.process([requestDelivery('r-1')]);
  expect(harness.records.record('r-1')).toMatchObject({
    status: 'queued',
    progress: { fraction: 0.25, note: 'a quarter' },
  });
});

test('a worker that stops suspends its requests at their next checkpoints', async () => {
  const { promise: stopping, resolve: stop } = Promise.withResolvers<void>();
  const harness = setUp(() => async (request) => {
    if (request.state !== undefined) return request.state;
    stop();
    await stopped;
    await request.checkpoint('before the stop');
  });
  using deadline = new Deadline(harness.clock.now(), Number.POSITIVE_INFINITY, { leaseSeconds: 30 });
  const stopped = stopping.then(() => deadline.drain(harness.clock.now() + 60_000, harness.clock.now()));
  const message = harness.input.settleable(requestDelivery('r-1'));
  const disposition = await harness.engine.run(message, deadline);
  expect(disposition).toEqual({ action: 'retry', afterSeconds: 0 });
  await harness.processElsewhere([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
  expect(harness.event).toMatchObject({ data: 'before the stop' });
});

describe('the response to a checkpoint that suspends is lost', () => {
  /** Suspends its attempt without knowing that. */
  async function suspendUnknowingly(request: ProcessorRequest, { clock, records }: EngineHarness) {
    clock.advanceSeconds(50);
    records.faults.inject('write', 'fails after');
    await expect(request.checkpoint('saved')).rejects.toMatchObject({ code: 'store_unavailable' });
  }

  test('the attempt can’t end the one that continues it', async () => {
    const { promise: going, resolve: onGoing } = Promise.withResolvers<void>();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    let elsewhere: Promise<unknown> | undefined;
    const harness = setUp(
      (own) => async (request) => {
        if (request.state === 'saved') {
          onGoing();
          await mayEnd;
          return 'the end';
        }
        await suspendUnknowingly(request, own());
        elsewhere = own().processElsewhere([requestDelivery('r-1', {}, { id: 'duplicate' })]);
        await going;
        throw new Error('of the first');
      },
      { maxAttempts: 1 },
    );
    expect(await harness.process([requestDelivery('r-1')])).toHaveLength(1);
    expect(harness.records.record('r-1')).toMatchObject({ status: 'running', attempts: 1 });
    end();
    expect(await elsewhere).toEqual([]);
    expect(harness.event).toMatchObject({ data: 'the end' });
  });

  test('the first result that was stored is the one that is published', async () => {
    const harness = setUp((own) => async (request) => {
      if (request.state === 'saved') return 'B'.repeat(10_000);
      await suspendUnknowingly(request, own());
      return 'A'.repeat(10_000);
    });
    expect(await deliver(harness)).toBe(2);
    expect(harness.event).toMatchObject({ data: 'A'.repeat(10_000) });
  });
});

test('a claim whose response is lost continues the suspended attempt when it is repeated', async () => {
  const harness = setUp((own) => counter(4, 50, own));
  const expiresAt = new Date(harness.clock.now() + 60_000).toISOString();
  for (let count = 1; count <= 5; count++) {
    const attributes = { RequestId: 'r-1', ExpiresAt: expiresAt };
    if (count > 1) harness.records.faults.inject('write', 'fails after');
    await harness.process([requestDelivery('r-1', {}, { deliveryCount: count, attributes })]);
  }
  expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
});
