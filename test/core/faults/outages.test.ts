import { describe, expect, test } from 'vitest';
import { RECORDED_RESULT_BYTES } from '../../../lib/core/config/receive-budget.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { statusOf } from '../../support/outcome-event.ts';

/** Until the invocation is killed, and as far as two clocks may differ. */
const LEASE_SECONDS = 61;

/** A service whose handler counts how often it had its effect. */
function service(result: (run: number) => unknown = (run) => run, options: HarnessOptions = {}) {
  let effects = 0;
  const harness = new EngineHarness(() => result(++effects), options);
  const deliver = () => harness.process([requestDelivery('r-1')]);
  return { harness, deliver, effects: () => effects };
}

describe('the record store is down at the claim', () => {
  test.each(['fails before', 'fails after'] as const)(
    'A4: for one write (it %s): the claim is made again',
    async (fault) => {
      const { harness, deliver, effects } = service();
      harness.records.faults.inject('write', fault);
      expect(await deliver()).toEqual([]);
      expect(effects()).toBe(1);
      expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded', attempts: 1 });
    },
  );

  test.each(['fails before', 'fails after'] as const)(
    'for longer (writes %s): nothing is run',
    async (fault) => {
      const { harness, deliver, effects } = service();
      harness.records.faults.inject('write', fault, fault);
      expect(await deliver()).toEqual(['message-r-1']);
      expect(effects()).toBe(0);
      expect(await deliver()).toEqual([]);
      expect(effects()).toBe(1);
    },
  );

  test('A4: a claim whose answer is lost again and again counts no attempt', async () => {
    const harness = new EngineHarness(() => 'done', { maxAttempts: 5 });
    for (let receive = 1; receive <= 6; receive++) {
      harness.records.faults.inject('write', 'fails after', 'fails after');
      const message = requestDelivery(
        'r-1',
        {},
        { deliveryCount: receive, firstDeliveredAt: harness.clock.now() },
      );
      expect(await harness.process([message])).toEqual(['message-r-1']);
      harness.clock.advanceSeconds(1_000);
    }
    expect(await harness.process([requestDelivery('r-1', {}, { deliveryCount: 7 })])).toEqual([]);
    expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
    expect(harness.records.record('r-1')).toMatchObject({ attempts: 1 });
  });

  test('and doesn’t answer: the batch ends in time all the same', async () => {
    const { harness, effects } = service();
    harness.records.faults.inject('write', 'never answers');
    expect(await harness.process([requestDelivery('r-1')], 0.6)).toEqual(['message-r-1']);
    expect(effects()).toBe(0);
  });
});

describe('fault 16: the record store is down at completion', () => {
  test.each(['fails before', 'fails after'] as const)(
    '(it %s): not acknowledged, not published, the effect not repeated',
    async (fault) => {
      const { harness, deliver, effects } = service();
      harness.records.faults.inject('write', 'works', fault);
      expect(await deliver()).toEqual(['message-r-1']);
      expect(harness.events).toEqual([]);
      // Before the lease is over a delivery would be burnt.
      expect(harness.delays).toEqual({ 'message-r-1': LEASE_SECONDS });

      harness.clock.advanceSeconds(LEASE_SECONDS);
      expect(await deliver()).toEqual([]);
      expect(effects()).toBe(1);
      expect(harness.event.data).toBe(1);
      expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded' });
    },
  );

  test('for several deliveries: the same', async () => {
    const { harness, deliver, effects } = service();
    harness.records.faults.inject('write', 'works', 'fails before');
    harness.records.faults.inject('write', 'fails before', 'fails before');
    // A claim that finds a record it didn't expect, a claim, a completion.
    harness.records.faults.inject('write', 'works', 'works', 'fails after');
    for (let delivery = 0; delivery < 3; delivery++) {
      expect(await deliver()).toEqual(['message-r-1']);
      harness.clock.advanceSeconds(LEASE_SECONDS);
    }
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(1);
    expect(harness.event.data).toBe(1);
  });

  test('and the bucket when it is looked for: it is looked for again', async () => {
    const { harness, deliver, effects } = service();
    harness.records.faults.inject('write', 'works', 'fails before');
    harness.store.faults.inject('recall', 'fails before');
    for (let delivery = 0; delivery < 2; delivery++) {
      expect(await deliver()).toEqual(['message-r-1']);
      expect(harness.delays).toEqual({ 'message-r-1': LEASE_SECONDS });
      harness.clock.advanceSeconds(LEASE_SECONDS);
    }
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(1);
  });

  test('a failure is kept as well as a success', async () => {
    const { harness, deliver, effects } = service(() => 10n);
    harness.records.faults.inject('write', 'works', 'fails before');
    await deliver();
    harness.clock.advanceSeconds(LEASE_SECONDS);
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(1);
    expect(harness.problem.code).toBe('result_invalid');
  });

  test.each([
    ['recorded', 100],
    ['inline', RECORDED_RESULT_BYTES + 100],
    ['stored', 300_000],
  ])('the result is the first attempt’s: %s', async (_, size) => {
    const { harness, deliver } = service((run) => Buffer.alloc(size, run));
    harness.records.faults.inject('write', 'works', 'fails before');
    await deliver();
    harness.clock.advanceSeconds(LEASE_SECONDS);
    await deliver();
    const { data_base64: inline, dataref } = harness.event;
    const [key = ''] = harness.store.keys('results/').filter((name) => !name.endsWith('.outcome'));
    const bytes = dataref ? harness.store.object(key)?.bytes : Buffer.from(inline ?? '', 'base64');
    expect(bytes).toEqual(Buffer.alloc(size, 1));
  });

  test('and the bucket too: the effect is repeated, for nothing could be kept', async () => {
    const { harness, deliver, effects } = service();
    harness.records.faults.inject('write', 'works', 'fails before');
    harness.store.faults.inject('save', 'fails before');
    await deliver();
    harness.clock.advanceSeconds(LEASE_SECONDS);
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(2);
    expect(harness.logger.lines).toContainEqual(
      expect.objectContaining({
        message: 'The outcome could be neither recorded nor kept for the next attempt',
      }),
    );
  });

  test('and doesn’t answer: the effect is not repeated', async () => {
    const { harness, deliver, effects } = service();
    harness.records.faults.inject('write', 'works', 'never answers');
    expect(await harness.process([requestDelivery('r-1')], 0.6)).toEqual(['message-r-1']);
    harness.clock.advanceSeconds(LEASE_SECONDS);
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(1);
    expect(harness.event.data).toBe(1);
  });

  test('and doesn’t answer: the others of the batch are acknowledged', async () => {
    const harness = new EngineHarness((request) => request.id);
    harness.records.faults.inject('write', 'works', 'works', 'never answers');
    const again = await harness.process([requestDelivery('r-1'), requestDelivery('r-2')], 0.6);
    expect(again).toHaveLength(1);
    expect(harness.events).toHaveLength(1);
  });
});

describe('the record store is down when a failed attempt gives its lease back', () => {
  test('the request is tried again when the lease is over', async () => {
    const { harness, deliver } = service((run) => {
      if (run === 1) throw new Error('not now');
      return run;
    });
    harness.records.faults.inject('write', 'works', 'fails before');
    expect(await deliver()).toEqual(['message-r-1']);
    expect(harness.delays).toEqual({ 'message-r-1': LEASE_SECONDS });
    const failed = harness.logger.lines.find(({ message }) => message.startsWith('Attempt failed'));
    expect(failed?.fields.error).toMatchObject({ message: 'not now' });
    harness.clock.advanceSeconds(LEASE_SECONDS);
    expect(await deliver()).toEqual([]);
    expect(harness.event.data).toBe(2);
  });
});

describe('fault 17: a result was stored, then the process died', () => {
  test('the next attempt publishes the stored one, though it has another', async () => {
    const { harness, deliver, effects } = service((run) => Buffer.alloc(RECORDED_RESULT_BYTES + 1, run));
    harness.store.faults.inject('save', 'fails after');
    expect(await deliver()).toEqual(['message-r-1']);
    expect(await deliver()).toEqual([]);
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(2);
    const results = harness.events.map(({ data_base64 }) => Buffer.from(data_base64 ?? '', 'base64'));
    expect(results).toEqual([1, 1].map((run) => Buffer.alloc(RECORDED_RESULT_BYTES + 1, run)));
  });
});

test('a stored result that may not be read back is published by reference, not as a failure', async () => {
  const { harness, deliver } = service((run) => {
    if (run === 1) throw new Error('not now');
    return Buffer.alloc(RECORDED_RESULT_BYTES + 1);
  });
  await deliver();
  harness.store.deniedBuckets.add(harness.store.bucket);
  expect(await deliver()).toEqual([]);
  expect(statusOf(harness.event)).toBe('succeeded');
  expect(harness.event.dataref).toMatch(/^s3:\/\/payloads\/results\/r-1\//);
});

describe('fault 18: recorded, and the publication lost', () => {
  test.each([
    ['a recorded result', 100, {}],
    ['an inline result', RECORDED_RESULT_BYTES + 1, {}],
    ['a stored result', 300_000, {}],
    ['a raw result', 100, { outputFormat: 'raw' }],
    ['a large raw result', 300_000, { outputFormat: 'raw' }],
  ] as const)('%s is published by the next delivery, and not made again', async (_, size, options) => {
    const { harness, deliver, effects } = service((run) => `${run}`.repeat(size), options);
    harness.output.faults.inject('send', 'fails after');
    expect(await deliver()).toEqual(['message-r-1']);
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(1);
    const [lost, published] = harness.output.messages;
    expect(published).toEqual(lost);
  });

  test('a failure too', async () => {
    const { harness, deliver, effects } = service(() => 10n);
    harness.output.faults.inject('send', 'fails before');
    expect(await deliver()).toEqual(['message-r-1']);
    expect(await deliver()).toEqual([]);
    expect(effects()).toBe(1);
    expect(statusOf(harness.event)).toBe('failed');
  });
});

test.each(['cloudevents', 'raw'] as const)(
  'a duplicate that comes when the stored result is gone publishes a reference to it, as %s',
  async (outputFormat) => {
    const { harness, deliver } = service(() => 'x'.repeat(300_000), { outputFormat });
    expect(await deliver()).toEqual([]);
    const record = harness.records.record('r-1');
    if (record?.outcome?.status !== 'succeeded' || !('check' in record.outcome.result)) {
      throw new Error('the result is not stored');
    }
    const { key } = record.outcome.result.check;
    harness.store.purge(key);
    expect(await deliver()).toEqual([]);
    expect(harness.output.messages).toHaveLength(2);
    expect(harness.output.messages[1]?.body).toContain(key);
    expect(harness.output.messages[1]?.body).not.toContain('PayloadS3Pointer');
  },
);
