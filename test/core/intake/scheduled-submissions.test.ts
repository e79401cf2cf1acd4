import { describe, expect, test } from 'vitest';
import { MAX_DAYS_AHEAD } from '../../../lib/core/model/not-before.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { decodedRequest } from '../../support/decoded.ts';
import { SubmissionService } from '../../support/submission-service.ts';
import { START } from '../../support/test-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a submission that must not start before a time', () => {
  test('has the time in its message, its place in the queue and its record', async () => {
    const service = new SubmissionService();
    const notBefore = START + HOUR;
    const { request, status } = await service.submit({ notBefore });
    expect([request.notBefore, status]).toEqual([notBefore, 'queued']);
    const [sent] = service.queue.sent;
    expect(sent?.place).toEqual({ requestId: request.id, notBefore });
    expect(decodedRequest(sent?.message)).toMatchObject({ notBefore });
  });

  test('runs at its time, whenever its message is delivered', async () => {
    const service = new SubmissionService();
    const { request } = await service.submit({ notBefore: START + HOUR });
    await service.deliver(2);
    expect(service.runs).toEqual([]);
    service.harness.clock.time = START + HOUR;
    service.waiting.push(...service.queue.sent.map(({ message }) => message));
    await service.deliver();
    expect(service.runs).toMatchObject([{ id: request.id }]);
  });

  test('publishes its outcome before its time when it was cancelled, and at its time again', async () => {
    const service = new SubmissionService();
    const { clock, records, settings } = service.harness;
    const { request } = await service.submit({ notBefore: START + HOUR });
    const requests = new RequestRecords(records, clock.now, settings.recordAgeDays);
    await requests.change(request, { type: 'cancel' });
    await service.deliver();
    expect(service.harness.event).toMatchObject({ type: 'coatcheck.request.cancelled' });
    clock.time = START + HOUR;
    service.waiting.push(...service.queue.sent.map(({ message }) => message));
    await service.deliver();
    const ids = service.harness.events.map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    expect(service.runs).toEqual([]);
  });

  test('that has passed is sent without a delay', async () => {
    const service = new SubmissionService();
    await service.submit({ notBefore: START });
    expect(service.queue.sent[0]?.place).not.toHaveProperty('notBefore');
  });

  test('is the same as before with the same key, and another one with another time', async () => {
    const service = new SubmissionService();
    const notBefore = START + HOUR;
    const { request } = await service.submit({ idempotencyKey: 'k', notBefore });
    expect((await service.submit({ idempotencyKey: 'k', notBefore })).request.id).toBe(request.id);
    await expect(service.submit({ idempotencyKey: 'k', notBefore: notBefore + 1 })).rejects.toThrow(
      'was used for a request with another payload',
    );
  });
});

test('what the queue can not delay is stored, and the message has no placeholder', async () => {
  const service = new SubmissionService();
  service.queue.canDelay = (message) => !message.includes('<aws.');
  const payload = Buffer.from('<aws.scheduler.execution-id>');
  const metadata = { a: '<aws.scheduler.execution-id>' };
  await service.submit({ payload, metadata, notBefore: START + HOUR });
  await service.submit({ payload, metadata });
  const [scheduled, immediate] = service.queue.sent.map(({ message }) => message);
  expect(scheduled).not.toContain('<aws.');
  expect(decodedRequest(scheduled)).toMatchObject({ metadata, payload: { bucket: expect.any(String) } });
  expect(decodedRequest(immediate)).toMatchObject({ metadata, payload: { inline: String(payload) } });
});

describe('what is refused, before anything is sent', () => {
  test.each([
    [
      'more than a year ahead',
      { notBefore: START + (MAX_DAYS_AHEAD + 1) * DAY },
      Number.POSITIVE_INFINITY,
      'not_before_invalid',
      'notBefore must be at most 366 days ahead, got 2027-02-02T12:00:00.000Z',
    ],
    [
      'after its expiry',
      { notBefore: START + 2 * HOUR, expiresAt: START + HOUR },
      Number.POSITIVE_INFINITY,
      'not_before_invalid',
      'notBefore must be before the expiry of the request, 2026-01-31T13:00:00.000Z, got 2026-01-31T14:00:00.000Z',
    ],
    [
      'later than the queue can delay',
      { notBefore: START + 901_000 },
      900,
      'not_before_unsupported',
      'notBefore must be at most 900 seconds ahead, got 2026-01-31T12:15:01.000Z: submit the request later, or see docs/schedules.md for longer waits',
    ],
    [
      'any time, in a queue that keeps order',
      { notBefore: START + 1 },
      0,
      'not_before_unsupported',
      "notBefore can't be used in a service that keeps order: leave it out",
    ],
  ])('%s', async (_, times, maxDelaySeconds, code, message) => {
    const service = new SubmissionService();
    service.queue.maxDelaySeconds = maxDelaySeconds;
    await expect(service.submit(times)).rejects.toMatchObject({ code, message });
    await expect(service.submit({ ...times, idempotencyKey: 'k' })).rejects.toMatchObject({ code });
    expect(service.queue.sent).toEqual([]);
  });

  test.each([
    [{ notBefore: Number.NaN }, 'notBefore must be a time in the years 0000 to 9999, got an invalid date'],
    [
      { notBefore: Date.parse('-000001-12-31T23:00:00Z') },
      'notBefore must be a time in the years 0000 to 9999, got -000001-12-31T23:00:00.000Z',
    ],
    [
      { expiresAt: Date.parse('+010000-01-01T00:00:00Z') },
      'expiresAt must be a time in the years 0000 to 9999, got +010000-01-01T00:00:00.000Z',
    ],
    [
      { contentType: 'text/plain\n' },
      'contentType: a content type must have 1 to 255 printable ASCII characters, got "text/plain\\n"',
    ],
    [{ metadata: JSON.parse('{"size": 5}') }, 'The metadata "size" must be text, got 5'],
  ])('what no message can hold: %j', async (given, message) => {
    const service = new SubmissionService();
    const submitting = service.submit({ ...given, idempotencyKey: 'k' });
    await expect(submitting).rejects.toMatchObject({ name: 'RequestRefused', message });
    // The key is free.
    await service.submit({ idempotencyKey: 'k' });
    expect(service.queue.sent).toHaveLength(1);
  });

  test.each([
    [15, undefined],
    [
      15.1,
      'A payload that is stored is kept for 15 days, and the request may start at 2026-02-15T14:24:00.000Z: schedule it earlier, or with a smaller payload',
    ],
  ])('a stored payload that is deleted within %d days', async (days, message) => {
    const service = new SubmissionService({ settings: { inlineLimitBytes: 4 }, uploadAgeDays: 15 });
    const submitting = service.submit({ notBefore: START + days * DAY });
    if (message === undefined) await submitting;
    else await expect(submitting).rejects.toMatchObject({ code: 'not_before_unsupported', message });
  });
});
