import { describe, expect, test } from 'vitest';
import { SQS_MAX_RETENTION_SECONDS } from '../../../lib/core/config/aws-limits.ts';
import { maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import { DEFAULT_UPLOAD_PREFIX } from '../../../lib/core/config/settings.ts';
import { ticketKey } from '../../../lib/core/model/upload-key.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { MemoryInputQueue } from '../../../lib/stores/memory/input-queue.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';
import { START } from '../../support/test-clock.ts';

const HOUR = 3_600;

function timeAfter(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

/** A message that must not start for some seconds. */
function later(seconds: number, attributes: Record<string, string> = {}) {
  return requestDelivery(
    'r-1',
    {},
    { attributes: { RequestId: 'r-1', NotBefore: timeAfter(seconds), ...attributes } },
  );
}

function recordsOf({ records, clock }: EngineHarness): RequestRecords {
  return new RequestRecords(records, clock.now, 30);
}

/** An engine that counts the runs of its handler. */
function counted(settings: ConstructorParameters<typeof EngineHarness>[1] = {}) {
  const runs: string[] = [];
  const harness = new EngineHarness(({ id }) => void runs.push(id), settings);
  return { harness, runs };
}

test('an early message goes back until its time, is recorded and takes no attempt', async () => {
  const { harness, runs } = counted();
  expect(await harness.process([later(HOUR)])).toEqual(['message-r-1']);
  expect(harness.delays).toEqual({ 'message-r-1': HOUR });
  expect(harness.records.record('r-1')).toMatchObject({ status: 'queued', attempts: 0 });
  expect([runs, harness.events]).toEqual([[], []]);
});

test('it runs at its time, as the first attempt', async () => {
  const { harness, runs } = counted();
  await harness.process([later(HOUR)]);
  harness.clock.advanceSeconds(HOUR);
  expect(await harness.process([{ ...later(HOUR), deliveryCount: 2 }])).toEqual([]);
  expect(runs).toEqual(['r-1']);
  expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('a millisecond early, it goes back for a second', async () => {
  const { harness, runs } = counted();
  harness.clock.time = START + 999;
  await harness.process([later(1)]);
  expect([harness.delays, runs]).toEqual([{ 'message-r-1': 1 }, []]);
});

test('a duplicate never starts it early, in whatever process', async () => {
  const { harness, runs } = counted();
  await harness.process([later(HOUR), { ...later(HOUR), id: 'message-2' }]);
  await harness.processElsewhere([{ ...later(HOUR), id: 'message-3' }]);
  expect(runs).toEqual([]);
  expect(harness.delays).toEqual({ 'message-r-1': HOUR, 'message-2': HOUR, 'message-3': HOUR });
});

test('nor does a message that leaves the time out', async () => {
  const { harness, runs } = counted();
  await harness.process([later(HOUR)]);
  const bare = requestDelivery('r-1', {}, { id: 'message-2', deliveryCount: 2 });
  expect(await harness.process([bare])).toEqual(['message-2']);
  expect(runs).toEqual([]);
});

test('a time that has passed is run at once', async () => {
  const { harness, runs } = counted();
  expect(await harness.process([later(-HOUR)])).toEqual([]);
  expect(runs).toEqual(['r-1']);
});

test('that of a CloudEvent is its extension, and no metadata', async () => {
  const event = {
    specversion: '1.0',
    id: 'r-1',
    source: '/shop',
    type: 'order',
    notbefore: timeAfter(60),
    data: {},
  };
  const harness = new EngineHarness(({ metadata }) => metadata);
  expect(await harness.process([delivery(JSON.stringify(event))])).toEqual(['message-1']);
  harness.clock.advanceSeconds(60);
  await harness.process([delivery(JSON.stringify(event))]);
  expect(harness.event.data).not.toHaveProperty('notbefore');
});

test('a request that was cancelled meanwhile never runs, and its outcome is published', async () => {
  const { harness, runs } = counted();
  await harness.process([later(HOUR)]);
  await recordsOf(harness).change({ id: 'r-1', source: '' }, { type: 'cancel' });
  expect(await harness.process([{ ...later(HOUR), deliveryCount: 2 }])).toEqual([]);
  expect(harness.statuses).toEqual({ 'r-1': 'cancelled' });
  harness.clock.advanceSeconds(HOUR);
  expect(await harness.process([{ ...later(HOUR), id: 'message-2' }])).toEqual([]);
  expect(runs).toEqual([]);
});

test('a record is kept until its request has run, cancelled or not', async () => {
  const { harness, runs } = counted({ recordAgeDays: 30, inputRetentionSeconds: 2 * 366 * 24 * HOUR });
  const due = 365 * 24 * HOUR;
  await harness.process([later(due)]);
  await recordsOf(harness).change({ id: 'r-1', source: '' }, { type: 'cancel' });
  harness.clock.advanceSeconds(due);
  await harness.process([later(due)]);
  expect([harness.statuses, runs]).toEqual([{ 'r-1': 'cancelled' }, []]);
});

test('an upload with a ticket waits for the time in its record', async () => {
  const { harness, runs } = counted();
  const request = { id: '019c13ec-9e00-7000-8000-000000000001', source: '', notBefore: START + HOUR * 1000 };
  await recordsOf(harness).submit(request, START, false);
  const key = ticketKey(DEFAULT_UPLOAD_PREFIX, request);
  harness.store.put(key, 'hello');
  const event = delivery(s3Event(s3Record({ key, size: 5 })));
  expect(await harness.process([event])).toEqual(['message-1']);
  expect(harness.records.record(request.id)).toMatchObject({ status: 'queued', attempts: 0 });
  harness.clock.advanceSeconds(HOUR);
  expect(await harness.process([{ ...event, deliveryCount: 2 }])).toEqual([]);
  expect(runs).toEqual([request.id]);
});

describe('what can not wait', () => {
  test.each([
    ['366.1 days', 366.1 * 24 * HOUR, {}, 'a request can wait for 366 days at most'],
    [
      'more than half of the retention',
      49 * HOUR,
      { inputRetentionSeconds: 4 * 24 * HOUR },
      'its queue keeps a message for 345600 seconds, of which half is for waiting',
    ],
  ])('%s fails at once', async (_, seconds, settings, reason) => {
    const { harness, runs } = counted({ inputRetentionSeconds: 2 * 366 * 24 * HOUR, ...settings });
    expect(await harness.process([later(seconds)])).toEqual([]);
    expect(harness.problem).toMatchObject({
      code: 'not_before_refused',
      detail: `The request can't wait until ${timeAfter(seconds)}: ${reason}`,
      attempts: 0,
    });
    expect(runs).toEqual([]);
    expect(harness.deadLetters.messages).toEqual([]);
  });

  test('a message in a queue that keeps order', async () => {
    const { harness, runs } = counted();
    const queue = new MemoryInputQueue({
      now: harness.clock.now,
      visibilityTimeoutSeconds: 60,
      ordered: true,
    });
    const ordered = queue.settleable({ ...later(HOUR), group: 'a' });
    await harness.host.handle([ordered], START + 60_000);
    expect(harness.problem.detail).toContain(
      'its queue keeps order, and those behind it would have to wait too',
    );
    expect(runs).toEqual([]);
  });

  test('a message that its queue is about to dead-letter', async () => {
    const { harness } = counted();
    await harness.process([{ ...later(HOUR), deliveryCount: maxReceivesOf(harness.settings.maxAttempts) }]);
    expect(harness.problem).toMatchObject({ code: 'not_before_refused' });
    expect(harness.problem.detail).toContain('its queue is about to dead-letter the message');
  });

  test('what would expire before', async () => {
    const { harness } = counted();
    await harness.process([later(60, { ExpiresAt: timeAfter(60) })]);
    expect(harness.problem).toMatchObject({
      code: 'envelope_malformed',
      detail: `message attribute: NotBefore must be before ExpiresAt, ${timeAfter(60)}, got ${timeAfter(60)}`,
    });
  });

  test('what is no time', async () => {
    const { harness } = counted();
    await harness.process([later(60, { NotBefore: 'tomorrow' })]);
    expect(harness.problem).toMatchObject({ code: 'envelope_malformed' });
  });
});

test('it waits for as long as the longest retention allows, in several steps', async () => {
  const { harness, runs } = counted({ inputRetentionSeconds: SQS_MAX_RETENTION_SECONDS });
  const due = 6 * 24 * HOUR;
  await harness.process([later(due)]);
  harness.clock.advanceSeconds(12 * HOUR);
  await harness.process([{ ...later(due), deliveryCount: 2 }]);
  expect(harness.delays).toEqual({ 'message-r-1': due - 12 * HOUR });
  expect(runs).toEqual([]);
});
