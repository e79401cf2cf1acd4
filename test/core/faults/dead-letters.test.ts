import { describe, expect, test } from 'vitest';
import { MAX_REDRIVES } from '../../../lib/core/request-record.ts';
import { RequestRecords } from '../../../lib/core/request-records.ts';
import { GIVING_UP_RECEIVES, maxReceivesOf } from '../../../lib/core/settings.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const MAX_ATTEMPTS = 3;
const MAX_RECEIVES = maxReceivesOf(MAX_ATTEMPTS);

/** A service whose handler fails until it is mended. */
function broken() {
  const runs: number[] = [];
  const state = { mended: false };
  const harness = new EngineHarness(
    (request) => {
      runs.push(request.attempt);
      if (!state.mended) throw new Error('out of paper');
      return 'printed';
    },
    { maxAttempts: MAX_ATTEMPTS },
  );
  /** Receives the request's message so often. @returns what each receive came to: whether it was acknowledged */
  const receive = async (first: number, last: number, given = {}) => {
    const acknowledged: boolean[] = [];
    for (let attempt = first; attempt <= last; attempt++) {
      harness.chance.advanceSeconds(1_000);
      const delivery = requestDelivery(
        'r-1',
        {},
        { attempt, firstDeliveredAt: harness.chance.now(), ...given },
      );
      acknowledged.push((await harness.process([delivery])).length === 0);
    }
    return acknowledged;
  };
  const putBack = () => ({ sentAt: harness.chance.now() + 1 });
  return { harness, runs, state, receive, putBack };
}

describe('a request whose attempts are used up (fault 19)', () => {
  test('fails for everybody to know, once, and its message stays for the dead-letter queue', async () => {
    const { harness, runs, receive } = broken();
    expect(await receive(1, MAX_RECEIVES)).toEqual(Array(MAX_RECEIVES).fill(false));

    expect(runs).toEqual([1, 2, 3]);
    expect(harness.statuses).toEqual({ 'r-1': 'failed' });
    expect(harness.problem).toMatchObject({
      code: 'attempts_exhausted',
      attempts: MAX_ATTEMPTS,
      detail: 'All attempts failed, 3 in number, the last one with Error: out of paper',
      details: { lastError: { name: 'Error', message: 'out of paper' } },
    });
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed', givenUp: true });
    expect(harness.delays).toEqual({ 'message-r-1': 0 });
  });

  test('says that the last attempt ended without a word, if it did', async () => {
    const { harness, receive } = broken();
    await receive(1, MAX_ATTEMPTS - 1);
    // The process of the last attempt dies: its claim is the last that was heard of it.
    const { now } = harness.chance;
    await new RequestRecords(harness.records, now, 30).claim({ id: 'r-1', issuer: '' }, now() + 1_000);
    await receive(MAX_ATTEMPTS + 1, MAX_ATTEMPTS + 1);
    expect(harness.problem.detail).toBe(
      'All attempts failed, 3 in number, the last one ended without a word: it crashed, ran out of memory or over its time',
    );
    expect(harness.problem.details).toMatchObject({ lastError: { message: 'out of paper' } });
  });

  test('because deliveries came to nothing is given up before SQS moves its message', async () => {
    const { harness, runs, receive } = broken();
    await receive(MAX_RECEIVES - GIVING_UP_RECEIVES, MAX_RECEIVES - GIVING_UP_RECEIVES);
    expect(runs).toEqual([1]);
    await receive(MAX_RECEIVES - GIVING_UP_RECEIVES + 1, MAX_RECEIVES);
    expect(runs).toEqual([1]);
    expect(harness.problem).toMatchObject({ code: 'attempts_exhausted', attempts: 1 });
  });

  test('that expired meanwhile is expired, and done', async () => {
    const { harness, receive } = broken();
    const expiring = { attributes: { RequestId: 'r-1', ExpiresAt: '2026-01-31T12:45:00Z' } };
    expect(await receive(1, 3, expiring)).toEqual([false, false, true]);
    expect(harness.statuses).toEqual({ 'r-1': 'expired' });
  });

  test.each(['write', 'send'] as const)('is told of later when a %s fails', async (call) => {
    const { harness, receive } = broken();
    await receive(1, MAX_ATTEMPTS);
    if (call === 'send') harness.output.faults.inject('send', 'fails before', 'fails before', 'fails before');
    else harness.records.faults.inject('write', 'works', 'fails before');
    await receive(MAX_ATTEMPTS + 1, MAX_ATTEMPTS + 1);
    await receive(MAX_ATTEMPTS + 2, MAX_RECEIVES);
    expect(harness.statuses).toEqual({ 'r-1': 'failed' });
    expect(new Set(harness.events.map(({ id }) => id)).size).toBe(1);
  });
});

test('an attempt that finds another has given the request up leaves its message for the dead-letter queue too', async () => {
  const chance = { giveUp: async (): Promise<void> => {} };
  const harness = new EngineHarness(async () => chance.giveUp(), { maxAttempts: 1 });
  chance.giveUp = async () => {
    // Frozen until its lease was over and the next delivery had said that there are no more attempts.
    harness.chance.advanceSeconds(1_000);
    const later = { attempt: 2, firstDeliveredAt: harness.chance.now() };
    expect(await harness.process([requestDelivery('r-1', {}, later)])).toEqual(['message-r-1']);
  };
  expect(await harness.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
  expect(harness.statuses).toEqual({ 'r-1': 'failed' });
});

describe('a message put back from the dead-letter queue', () => {
  test('is run again, under its ticket, and its outcome is another event (fault 21)', async () => {
    const { harness, runs, state, receive, putBack } = broken();
    await receive(1, MAX_RECEIVES);
    state.mended = true;
    expect(await receive(1, 1, putBack())).toEqual([true]);

    expect(runs).toEqual([1, 2, 3, 5]);
    const [failed, succeeded] = harness.events;
    expect(succeeded).toMatchObject({ type: 'coatcheck.request.succeeded', subject: 'r-1', data: 'printed' });
    expect(succeeded?.id).not.toBe(failed?.id);
    const putBackAt = harness.chance.now() + 1 - 1_000_000;
    expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded', redrives: 1, putBackAt });
  });

  test('has all its attempts again, and fails as another event', async () => {
    const { harness, runs, receive, putBack } = broken();
    await receive(1, MAX_RECEIVES);
    await receive(1, MAX_RECEIVES, putBack());
    expect(runs).toHaveLength(2 * MAX_ATTEMPTS);
    expect(harness.events.map(({ type }) => type)).toEqual(Array(2).fill('coatcheck.request.failed'));
    expect(new Set(harness.events.map(({ id }) => id)).size).toBe(2);
  });

  test('of a request that has succeeded meanwhile has no second effect (fault 21)', async () => {
    const { harness, runs, state, receive, putBack } = broken();
    await receive(1, MAX_RECEIVES);
    state.mended = true;
    await receive(1, 1, putBack());
    expect(await receive(1, 1, putBack())).toEqual([true]);
    expect(runs).toEqual([1, 2, 3, 5]);
    expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
  });

  test('again and again while the fault persists is stopped by a count of its own (fault 22)', async () => {
    const { runs, receive, putBack } = broken();
    await receive(1, MAX_RECEIVES);
    for (let redrive = 0; redrive < MAX_REDRIVES + 5; redrive++) await receive(1, MAX_RECEIVES, putBack());
    expect(runs).toHaveLength((MAX_REDRIVES + 1) * MAX_ATTEMPTS);
  });
});

test('a second message of a request that was given up doesn’t run it, if it was sent before', async () => {
  const { harness, runs, receive } = broken();
  const sentAt = harness.chance.now() + 500_000;
  await receive(1, MAX_RECEIVES);
  await receive(1, 1, { sentAt });
  expect(runs).toHaveLength(MAX_ATTEMPTS);
});
