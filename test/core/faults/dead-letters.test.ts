import { describe, expect, test } from 'vitest';
import { DownstreamUnavailable, RetryLater } from '../../../lib/core/base/errors.ts';
import { GIVING_UP_RECEIVES, maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import { MAX_REDRIVES } from '../../../lib/core/model/request-record.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { deadLetterIds } from '../../support/dead-letters.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const MAX_ATTEMPTS = 3;
const MAX_RECEIVES = maxReceivesOf(MAX_ATTEMPTS);

/** A service whose handler fails until it is fixed. */
function broken() {
  const runs: number[] = [];
  const state = { fixed: false };
  const harness = new EngineHarness(
    (request) => {
      runs.push(request.attempt);
      if (!state.fixed) throw new Error('out of paper');
      return 'printed';
    },
    { maxAttempts: MAX_ATTEMPTS },
  );
  /** Receives the request's message these times. @returns whether each receive acknowledged it */
  const receive = async (first: number, last: number, given = {}) => {
    const acknowledged: boolean[] = [];
    for (let attempt = first; attempt <= last; attempt++) {
      harness.clock.advanceSeconds(1_000);
      const delivery = requestDelivery(
        'r-1',
        {},
        { deliveryCount: attempt, firstDeliveredAt: harness.clock.now(), ...given },
      );
      acknowledged.push((await harness.process([delivery])).length === 0);
    }
    return acknowledged;
  };
  /** The latest dead letter, as it returns to the queue. */
  const putBack = () => {
    const attributes = Object.entries(harness.deadLetters.messages.at(-1)?.attributes ?? {});
    return {
      sentAt: harness.clock.now() + 1,
      attributes: Object.fromEntries(attributes.map(([name, { value }]) => [name, String(value)])),
    };
  };
  return { harness, runs, state, receive, putBack };
}

describe('a request with exhausted attempts (fault 19)', () => {
  test('E17: fails with its last attempt, and its message goes to the dead-letter queue at once', async () => {
    const { harness, runs, receive } = broken();
    const submittedAt = harness.clock.now();
    expect(await receive(1, MAX_ATTEMPTS)).toEqual([false, false, true]);

    expect(runs).toEqual([1, 2, 3]);
    expect(harness.statuses).toEqual({ 'r-1': 'failed' });
    expect(harness.problem).toMatchObject({
      code: 'attempts_exhausted',
      attempts: MAX_ATTEMPTS,
      detail: 'All 3 attempts failed; the last one with Error: out of paper',
      details: { lastError: { name: 'Error', message: 'out of paper' } },
    });
    expect(harness.records.record('r-1')).toMatchObject({
      status: 'failed',
      attemptsExhausted: true,
      attempts: MAX_ATTEMPTS,
      lastError: { message: 'out of paper' },
    });
    expect(harness.deadLetters.messages).toEqual([
      {
        body: '{}',
        attributes: {
          RequestId: { type: 'String', value: 'r-1' },
          DeadLetterRedrives: { type: 'Number', value: '0' },
          DeadLetterCode: { type: 'String', value: 'attempts_exhausted' },
          DeadLetterAttempts: { type: 'Number', value: '3' },
          DeadLetterSubmittedAt: { type: 'String', value: new Date(submittedAt).toISOString() },
          DeadLetterDetail: { type: 'String', value: harness.problem.detail },
        },
      },
    ]);
  });

  test('E17: five attempts take five receives, eleven writes and five reads of the record', async () => {
    const harness = new EngineHarness(
      () => {
        throw new Error('out of paper');
      },
      { maxAttempts: 5 },
    );
    for (let attempt = 1; attempt <= 5; attempt++) {
      await harness.process([
        requestDelivery('r-1', {}, { deliveryCount: attempt, firstDeliveredAt: harness.clock.now() }),
      ]);
    }
    expect(harness.statuses).toEqual({ 'r-1': 'failed' });
    expect(harness.records).toMatchObject({ writes: 11, reads: 5 });
  });

  test('is cancelled if it was cancelling when its last attempt failed', async () => {
    const { harness, receive } = broken();
    await receive(1, MAX_ATTEMPTS - 1);
    const records = new RequestRecords(harness.records, harness.clock.now, 30);
    const write = harness.records.write.bind(harness.records);
    let claimed = false;
    harness.records.write = async (next) => {
      const result = await write(next);
      if (!claimed && next.record.status === 'running') {
        claimed = true;
        await records.change({ id: 'r-1', source: '' }, { type: 'cancel' });
      }
      return result;
    };
    expect(await receive(MAX_ATTEMPTS, MAX_ATTEMPTS)).toEqual([true]);
    expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
    expect(harness.deadLetters.messages).toEqual([]);
  });

  test('says whether the last attempt ended without reporting', async () => {
    const { harness, receive } = broken();
    await receive(1, MAX_ATTEMPTS - 1);
    // The process of the last attempt dies right after its claim.
    const { now } = harness.clock;
    await new RequestRecords(harness.records, now, 30).claim({ id: 'r-1', source: '' }, now() + 1_000);
    await receive(MAX_ATTEMPTS + 1, MAX_ATTEMPTS + 1);
    expect(harness.problem.detail).toBe(
      'All 3 attempts failed; the last one ended without reporting (crash, out of memory or timeout)',
    );
    expect(harness.problem.details).toMatchObject({ lastError: { message: 'out of paper' } });
  });

  test('is dead-lettered after repeated unsuccessful deliveries, before SQS moves its message', async () => {
    const { harness, runs, receive } = broken();
    await receive(MAX_RECEIVES - GIVING_UP_RECEIVES, MAX_RECEIVES - GIVING_UP_RECEIVES);
    expect(runs).toEqual([1]);
    const next = MAX_RECEIVES - GIVING_UP_RECEIVES + 1;
    expect(await receive(next, next)).toEqual([true]);
    expect(runs).toEqual([1]);
    expect(harness.problem).toMatchObject({ code: 'attempts_exhausted', attempts: 1 });
  });

  test('that expires meanwhile is expired, and not dead-lettered', async () => {
    const { harness, receive } = broken();
    const expiring = { attributes: { RequestId: 'r-1', ExpiresAt: '2026-01-31T12:45:00Z' } };
    expect(await receive(1, 3, expiring)).toEqual([false, false, true]);
    expect(harness.statuses).toEqual({ 'r-1': 'expired' });
  });

  test('F: is expired if it reaches its last receives and its expiry at once', async () => {
    const { harness, receive } = broken();
    const expired = { attributes: { RequestId: 'r-1', ExpiresAt: '2026-01-31T00:00:00Z' } };
    expect(await receive(MAX_RECEIVES, MAX_RECEIVES, expired)).toEqual([true]);
    expect(harness.statuses).toEqual({ 'r-1': 'expired' });
    expect(harness.deadLetters.messages).toEqual([]);
  });

  test.each(['write', 'send', 'dead letter'] as const)(
    'ends at the next receive when a %s fails',
    async (call) => {
      const { harness, receive } = broken();
      await receive(1, MAX_ATTEMPTS - 1);
      if (call === 'send') harness.output.faults.inject('send', 'fails before');
      else if (call === 'dead letter') harness.deadLetters.faults.inject('send', 'fails before');
      else harness.records.faults.inject('write', 'works', 'fails before');
      expect(await receive(MAX_ATTEMPTS, MAX_ATTEMPTS + 1)).toEqual([false, true]);
      expect(harness.statuses).toEqual({ 'r-1': 'failed' });
      expect(new Set(harness.events.map(({ id }) => id)).size).toBe(1);
      expect(deadLetterIds(harness.deadLetters)).toEqual(['r-1']);
    },
  );

  test('has at most two dead letters if its process dies before it acknowledges the message', async () => {
    const { harness, receive } = broken();
    await receive(1, MAX_ATTEMPTS);
    harness.records.faults.inject('write', 'fails before');
    expect(await receive(MAX_ATTEMPTS + 1, MAX_ATTEMPTS + 3)).toEqual([true, true, true]);
    expect(deadLetterIds(harness.deadLetters)).toEqual(['r-1']);
  });
});

describe('F: a message with one dead-lettered record and one to retry', () => {
  test('is delivered again for the second, and the first neither runs nor is dead-lettered again', async () => {
    const runs: string[] = [];
    const harness = new EngineHarness(
      (request) => {
        runs.push(request.id);
        throw runs.length === 1 ? new RetryLater(1) : new DownstreamUnavailable('the model is down');
      },
      { maxAttempts: 1 },
    );
    const keys = ['requests/a', 'requests/b'];
    const uploads = keys.map((key) => ({ key, versionId: harness.store.put(key, '1'), size: 1 }));
    const body = s3Event(...uploads.map((upload) => s3Record(upload)));
    const message = (attempt: number) =>
      delivery(body, { deliveryCount: attempt, firstDeliveredAt: harness.clock.now() });
    expect(await harness.process([message(1)])).toEqual(['message-1']);
    expect(await harness.process([message(2)])).toEqual(['message-1']);
    expect(runs).toHaveLength(3);
    expect(harness.deadLetters.messages.map(({ body }) => body)).toEqual([body]);
  });
});

test('an attempt whose request another delivery has dead-lettered ends with the same outcome', async () => {
  const chance = { interrupt: async (): Promise<void> => {} };
  const harness = new EngineHarness(async () => chance.interrupt(), { maxAttempts: 1 });
  chance.interrupt = async () => {
    // Freezes until its lease is over and the next delivery finds no attempts left.
    harness.clock.advanceSeconds(1_000);
    const later = { deliveryCount: 2, firstDeliveredAt: harness.clock.now() };
    expect(await harness.processElsewhere([requestDelivery('r-1', {}, later)])).toEqual([]);
  };
  expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
  expect(harness.statuses).toEqual({ 'r-1': 'failed' });
  expect(deadLetterIds(harness.deadLetters)).toEqual(['r-1']);
});

describe('a message redriven from the dead-letter queue', () => {
  test('runs again under its ticket, and its outcome is another event (fault 21)', async () => {
    const { harness, runs, state, receive, putBack } = broken();
    await receive(1, MAX_ATTEMPTS);
    state.fixed = true;
    expect(await receive(1, 1, putBack())).toEqual([true]);

    expect(runs).toEqual([1, 2, 3, 4]);
    const [failed, succeeded] = harness.events;
    expect(succeeded).toMatchObject({ type: 'coatcheck.request.succeeded', subject: 'r-1', data: 'printed' });
    expect(succeeded?.id).not.toBe(failed?.id);
    const putBackAt = harness.clock.now() + 1 - 1_000_000;
    expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded', redrives: 1, putBackAt });
  });

  test('has all its attempts again, and fails with another event', async () => {
    const { harness, runs, receive, putBack } = broken();
    await receive(1, MAX_ATTEMPTS);
    await receive(1, MAX_ATTEMPTS, putBack());
    expect(runs).toHaveLength(2 * MAX_ATTEMPTS);
    expect(harness.events.map(({ type }) => type)).toEqual(Array(2).fill('coatcheck.request.failed'));
    expect(new Set(harness.events.map(({ id }) => id)).size).toBe(2);
  });

  test('has no second effect if its request has succeeded meanwhile (fault 21)', async () => {
    const { harness, runs, state, receive, putBack } = broken();
    await receive(1, MAX_ATTEMPTS);
    state.fixed = true;
    await receive(1, 1, putBack());
    expect(await receive(1, 1, putBack())).toEqual([true]);
    expect(runs).toEqual([1, 2, 3, 4]);
    expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
  });

  test('has its own limit of redrives while the fault persists (fault 22)', async () => {
    const { runs, receive, putBack } = broken();
    await receive(1, MAX_ATTEMPTS);
    for (let redrive = 0; redrive < MAX_REDRIVES + 5; redrive++) await receive(1, MAX_ATTEMPTS, putBack());
    expect(runs).toHaveLength((MAX_REDRIVES + 1) * MAX_ATTEMPTS);
  });
});

test('C4: a second message of a dead-lettered request does not run it, unless it is its dead letter', async () => {
  const { harness, runs, receive } = broken();
  await receive(1, MAX_ATTEMPTS);
  expect(await receive(1, 1, { sentAt: harness.clock.now() + 1 })).toEqual([true]);
  expect(runs).toHaveLength(MAX_ATTEMPTS);
  // Its sender gets the failure again.
  expect(harness.events.map(({ type }) => type)).toEqual(Array(2).fill('coatcheck.request.failed'));
  expect(new Set(harness.events.map(({ id }) => id)).size).toBe(1);
  expect(deadLetterIds(harness.deadLetters)).toEqual(['r-1']);
});

test('E17: two dead letters of one request redrive it once', async () => {
  const { harness, runs, receive, putBack } = broken();
  await receive(1, MAX_ATTEMPTS);
  const [one, other] = [putBack(), putBack()];
  expect(await receive(1, MAX_ATTEMPTS, one)).toEqual([false, false, true]);
  expect(await receive(1, 1, { ...other, sentAt: harness.clock.now() + 1 })).toEqual([true]);
  expect(runs).toHaveLength(2 * MAX_ATTEMPTS);
});

test('E17: dead letters of two redrives in one batch run the request once more', async () => {
  const { harness, runs, receive, putBack } = broken();
  await receive(1, MAX_ATTEMPTS);
  const first = putBack();
  await receive(1, MAX_ATTEMPTS, first);
  const second = putBack();
  const letter = (id: string, given: object) =>
    requestDelivery('r-1', {}, { id, firstDeliveredAt: harness.clock.now(), ...given });
  // The earlier letter has two copies, and the second one returns last.
  const stale = letter('stale', { ...first, sentAt: second.sentAt + 1 });
  const messages = [letter('second', second), stale];
  expect(await harness.process(messages)).toEqual(['second', 'stale']);
  expect(runs).toHaveLength(2 * MAX_ATTEMPTS + 1);
});

test('E17: a dead letter redrives its request although the record does not note that it was sent', async () => {
  const { harness, runs, receive, putBack } = broken();
  await receive(1, MAX_ATTEMPTS - 1);
  harness.records.faults.inject('write', 'works', 'works', 'fails before');
  await receive(MAX_ATTEMPTS, MAX_ATTEMPTS);
  expect(harness.records.record('r-1')?.deadLetteredAt).toBeUndefined();
  await receive(1, 1, putBack());
  expect(runs).toHaveLength(MAX_ATTEMPTS + 1);
});

test('E17: a dead letter beyond the limit of redrives goes back to the dead-letter queue', async () => {
  const { harness, runs, receive, putBack } = broken();
  const submittedAt = harness.clock.now();
  await receive(1, MAX_ATTEMPTS);
  for (let redrive = 0; redrive < MAX_REDRIVES; redrive++) await receive(1, MAX_ATTEMPTS, putBack());
  const letters = harness.deadLetters.messages.length;
  expect(letters).toBe(MAX_REDRIVES + 1);
  expect(await receive(1, 1, putBack())).toEqual([true]);
  expect(runs).toHaveLength((MAX_REDRIVES + 1) * MAX_ATTEMPTS);
  expect(harness.deadLetters.messages).toHaveLength(letters + 1);
  const [before, letter] = harness.deadLetters.messages.slice(-2);
  expect(letter).toEqual(before);
  expect(letter?.attributes.DeadLetterSubmittedAt?.value).toBe(new Date(submittedAt).toISOString());
});

test('E17: a message without room for more attributes is dead-lettered unchanged, and can be redriven', async () => {
  const { harness, runs, receive } = broken();
  const own = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`Own${index}`, 'x']));
  const attributes = { RequestId: 'r-1', ...own };
  await receive(1, MAX_ATTEMPTS, { attributes });
  const letter = harness.deadLetters.messages[0];
  expect(Object.keys(letter?.attributes ?? {})).toEqual(Object.keys(attributes));
  await receive(1, 1, { attributes, sentAt: harness.clock.now() + 1 });
  expect(runs).toHaveLength(MAX_ATTEMPTS + 1);
});

test('E17: a redriven dead letter without room for more attributes runs, although an earlier duplicate runs first', async () => {
  const { harness, runs, receive } = broken();
  const own = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`Own${index}`, 'x']));
  const attributes = { RequestId: 'r-1', ...own };
  await receive(1, MAX_ATTEMPTS, { attributes });
  const now = harness.clock.now();
  const duplicate = requestDelivery('r-1', {}, { attributes, deliveryCount: 2, firstDeliveredAt: now });
  const letter = requestDelivery('r-1', {}, { attributes, id: 'letter', receipt: 'letter', sentAt: now + 1 });
  expect(await harness.process([duplicate, letter])).toEqual(['letter']);
  expect(runs).toHaveLength(MAX_ATTEMPTS + 1);
});
