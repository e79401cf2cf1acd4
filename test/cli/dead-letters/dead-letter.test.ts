import { beforeEach, describe, expect, test } from 'vitest';
import { attributesToPutBack, decideLetter, openDeadLetter } from '../../../lib/aws/dead-letter.ts';
import type { SqsReceivedMessage } from '../../../lib/aws/sqs-source.ts';
import { type DeadLetterFilter, matchingRequests } from '../../../lib/cli/dead-letters/filter.ts';
import { summarize } from '../../../lib/cli/dead-letters/summary.ts';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure } from '../../../lib/core/model/outcome.ts';
import { MAX_REDRIVES } from '../../../lib/core/model/request-record.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { POINTER_CLASS } from '../../../lib/core/wire/extended-client.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { exhaustAttempts, failAgain, succeed } from '../../support/dead-lettered.ts';
import { outcomeOf } from '../../support/outcomes.ts';
import { START, TestClock } from '../../support/test-clock.ts';

const REQUEST = { id: 'r-1', source: '' };
const NAMED = { RequestId: { DataType: 'String', StringValue: 'r-1' } };

/** After a message was sent at START. */
const LATER = START + 60_000;

let records: RequestRecords;

beforeEach(() => {
  records = new RequestRecords(new MemoryRecordStore(), new TestClock().now, 30, ['order']);
});

function open(given: Partial<SqsReceivedMessage> = {}) {
  const message = { id: 'm-1', body: '{}', attributes: NAMED, sentAt: START, receiveCount: 1, receipt: '' };
  return openDeadLetter({ ...message, ...given }, records);
}

async function summaryOfOne(given: Partial<SqsReceivedMessage> = {}) {
  const [request] = (await open(given)).requests;
  return request && summarize(request);
}

/** An S3 event about uploads. */
function s3Event(...keys: readonly string[]): string {
  const record = (key: string) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'payloads' }, object: { key, size: 5, versionId: `v-${key}` } },
  });
  return JSON.stringify({ Records: keys.map(record) });
}

describe('the summary of a request', () => {
  test('that was dead-lettered has the error of its last attempt', async () => {
    await exhaustAttempts(records, REQUEST, new RangeError('out of paper'), LATER);
    expect(await summaryOfOne()).toEqual({
      code: 'RangeError',
      message: 'out of paper',
      endedAt: LATER,
      attempts: 1,
      redrives: 0,
    });
  });

  test('prefers the code of an error to its name', async () => {
    await exhaustAttempts(records, REQUEST, new PermanentError('no', { code: 'printer_off' }), LATER);
    expect(await summaryOfOne()).toMatchObject({ code: 'printer_off', message: 'no' });
  });

  test('that failed permanently has its problem, whatever an earlier attempt threw', async () => {
    const claim = await records.claim(REQUEST, LATER);
    if (claim.status !== 'claimed') throw new Error(claim.status);
    await claim.lease.complete(outcomeOf(failure(new PermanentError('no', { code: 'refused' }), 3)));
    expect(await summaryOfOne()).toMatchObject({ code: 'refused', message: 'no', attempts: 3 });
  });

  test('that was put back has the number of redrives and the current status', async () => {
    await exhaustAttempts(records, REQUEST, new Error('no'), START);
    await failAgain(records, REQUEST, 2, LATER);
    expect(await summaryOfOne()).toMatchObject({ code: 'Error', redrives: 2 });
    await succeed(records, REQUEST, LATER);
    expect(await summaryOfOne()).toMatchObject({ code: 'succeeded', message: '', redrives: 3 });
  });

  test('without a record is unknown', async () => {
    expect(await summaryOfOne()).toEqual({ code: 'unknown', message: '', attempts: 0, redrives: 0 });
  });

  test('that was rejected has the rejection, not the record of the id that it claims', async () => {
    const body = '{"specversion": "1.0", "id": "e-1", "source": "/shop"}';
    await exhaustAttempts(records, { id: 'e-1', source: '/shop' }, new Error('another'), LATER);
    expect(await summaryOfOne({ body, attributes: {} })).toMatchObject({ code: 'envelope_malformed' });
  });
});

describe('a redrive', () => {
  test('puts back a request that was dead-lettered', async () => {
    await exhaustAttempts(records, REQUEST, new Error('no'), START);
    expect(decideLetter(await open())).toBe('put_back');
  });

  test('puts back a message without a record', async () => {
    expect(decideLetter(await open())).toBe('put_back');
    expect(decideLetter(await open({ body: '{"Service": "Amazon S3", "Event": "s3:TestEvent"}' }))).toBe(
      'put_back',
    );
  });

  test('settles a dead letter whose request another message was put back for, and which succeeded', async () => {
    await exhaustAttempts(records, REQUEST, new Error('no'), START);
    await succeed(records, REQUEST, LATER);
    expect(decideLetter(await open())).toBe('settled');
  });

  test('puts back the message that was put back before, whose outcome may be unpublished', async () => {
    await exhaustAttempts(records, REQUEST, new Error('no'), START);
    await succeed(records, REQUEST, LATER);
    expect(decideLetter(await open({ sentAt: LATER }))).toBe('put_back');
  });

  test('puts back a succeeded request that was not put back before, whose outcome may be unpublished', async () => {
    await succeed(records, REQUEST, START);
    expect(decideLetter(await open())).toBe('put_back');
  });

  test('stops at the limit of redrives', async () => {
    await exhaustAttempts(records, REQUEST, new Error('no'), START);
    await failAgain(records, REQUEST, MAX_REDRIVES - 1, LATER);
    expect(decideLetter(await open({ sentAt: LATER }))).toBe('put_back');
    await failAgain(records, REQUEST, 1, LATER);
    expect(decideLetter(await open({ sentAt: LATER }))).toBe('limit_reached');
  });

  test('puts back a message about several uploads if one of them needs it', async () => {
    const body = s3Event('a', 'b');
    const { requests } = await open({ body });
    const [a, b] = requests.map(({ described }) => ({ id: described.id, source: '' }));
    if (!a || !b) throw new Error('not two requests');
    for (const request of [a, b]) await exhaustAttempts(records, request, new Error('no'), START);
    await succeed(records, a, LATER);
    expect(decideLetter(await open({ body }))).toBe('put_back');
    await succeed(records, b, LATER);
    expect(decideLetter(await open({ body }))).toBe('settled');
  });
});

describe('the attributes of a message that is put back', () => {
  const pointer = JSON.stringify([POINTER_CLASS, { s3BucketName: 'payloads', s3Key: 'k' }]);
  const other = { Colour: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) } };

  test.each([
    ['a plain message', 'hello'],
    ['a pointer', pointer],
  ])('keep the id of %s', async (_, body) => {
    expect(attributesToPutBack(await open({ body, attributes: other }))).toEqual({
      ...other,
      RequestId: { DataType: 'String', StringValue: 'm-1' },
    });
  });

  test.each([
    ['an id of its own', 'hello', NAMED],
    ['an envelope', '{"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "t"}', other],
    ['uploads', s3Event('a'), other],
  ])('stay as they are for a message with %s', async (_, body, attributes) => {
    expect(attributesToPutBack(await open({ body, attributes }))).toEqual(attributes);
  });
});

describe('a filter', () => {
  const FAILED = Date.UTC(2026, 0, 31, 12);
  const EARLIER = new Date(FAILED - 1);
  const THEN = new Date(FAILED);
  const AFTER = new Date(FAILED + 1);

  test.each<[string, Omit<DeadLetterFilter, 'ids'> & { ids?: string[] }, boolean]>([
    ['anything', {}, true],
    ['the code', { code: 'RangeError' }, true],
    ['another code', { code: 'Range' }, false],
    ['the tenant', { tenant: 'acme' }, true],
    ['another tenant', { tenant: 'other' }, false],
    ['metadata of the message', { metadata: { customer: 'acme & co' } }, true],
    ['other metadata', { metadata: { customer: 'acme' } }, false],
    ['metadata that only its record has', { metadata: { order: '17' } }, true],
    ['metadata of both', { metadata: { customer: 'acme & co', order: '17' } }, true],
    ['metadata of which one is another', { metadata: { customer: 'acme & co', order: '18' } }, false],
    ['since it failed', { since: THEN }, true],
    ['since after it', { since: AFTER }, false],
    ['until after it', { until: AFTER }, true],
    ['until it', { until: THEN }, false],
    ['the ticket among others', { ids: ['x', 'r-1'] }, true],
    ['the message', { ids: ['m-1'] }, true],
    ['others', { ids: ['x'] }, false],
    ['all of it', { code: 'RangeError', tenant: 'acme', since: EARLIER, until: AFTER, ids: ['r-1'] }, true],
    ['all but one', { code: 'RangeError', tenant: 'acme', since: EARLIER, until: AFTER, ids: ['x'] }, false],
  ])('by %s', async (_, filter, matches) => {
    const request = { ...REQUEST, tenant: 'acme', metadata: { order: '17' } };
    await exhaustAttempts(records, request, new RangeError('out of paper'), FAILED);
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    const attributes = { ...NAMED, Tenant: text('acme'), customer: text('acme & co') };
    const letter = await open({ attributes, sentAt: FAILED - 1_000_000 });
    expect(matchingRequests(letter, { ids: [], ...filter })).toHaveLength(matches ? 1 : 0);
  });

  test('uses the time a message was sent if there is no record', async () => {
    const letter = await open({ sentAt: FAILED });
    expect(matchingRequests(letter, { since: THEN, ids: [] })).toHaveLength(1);
    expect(matchingRequests(letter, { until: THEN, ids: [] })).toHaveLength(0);
  });
});
