import { beforeEach, describe, expect, test } from 'vitest';
import type { DeadMessage } from '../../../lib/aws/sqs-dead-letter-queue.ts';
import { attributesToPutBack, fateOf, openLetter } from '../../../lib/cli/dead-letters/dead-letter.ts';
import { factsOf } from '../../../lib/cli/dead-letters/letter-facts.ts';
import { type LetterFilter, requestsMeant } from '../../../lib/cli/dead-letters/letter-filter.ts';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure } from '../../../lib/core/model/outcome.ts';
import { MAX_REDRIVES } from '../../../lib/core/model/request-record.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { POINTER_CLASS } from '../../../lib/core/wire/extended-client.ts';
import { failAgain, giveUp, succeed } from '../../support/given-up.ts';
import { MemoryRecordStore } from '../../support/memory-record-store.ts';
import { outcomeOf } from '../../support/outcomes.ts';
import { SetChance, START } from '../../support/set-chance.ts';

const REQUEST = { id: 'r-1', issuer: '' };
const NAMED = { RequestId: { DataType: 'String', StringValue: 'r-1' } };

/** After a message that was sent at the start. */
const LATER = START + 60_000;

let records: RequestRecords;

beforeEach(() => {
  records = new RequestRecords(new MemoryRecordStore(), new SetChance().now, 30);
});

function open(given: Partial<DeadMessage> = {}) {
  const message = { id: 'm-1', body: '{}', attributes: NAMED, sentAt: START, receiveCount: 1, receipt: '' };
  return openLetter({ ...message, ...given }, records);
}

async function factsOfOne(given: Partial<DeadMessage> = {}) {
  const [request] = (await open(given)).requests;
  return request && factsOf(request);
}

/** What S3 tells of uploads. */
function s3Event(...keys: readonly string[]): string {
  const record = (key: string) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'payloads' }, object: { key, size: 5, versionId: `v-${key}` } },
  });
  return JSON.stringify({ Records: keys.map(record) });
}

describe('what is known of a request', () => {
  test('that was given up: what its last attempt threw', async () => {
    await giveUp(records, REQUEST, new RangeError('out of paper'), LATER);
    expect(await factsOfOne()).toEqual({
      code: 'RangeError',
      message: 'out of paper',
      endedAt: LATER,
      attempts: 1,
      redrives: 0,
    });
  });

  test('by the code of an error of ours', async () => {
    await giveUp(records, REQUEST, new PermanentError('no', { code: 'printer_off' }), LATER);
    expect(await factsOfOne()).toMatchObject({ code: 'printer_off', message: 'no' });
  });

  test('that failed for good, whatever an attempt before threw: its problem', async () => {
    const claim = await records.claim(REQUEST, LATER);
    if (claim.status !== 'claimed') throw new Error(claim.status);
    await claim.lease.complete(outcomeOf(failure(new PermanentError('no', { code: 'refused' }), 3)));
    expect(await factsOfOne()).toMatchObject({ code: 'refused', message: 'no', attempts: 3 });
  });

  test('that was put back: how often, and where it stands', async () => {
    await giveUp(records, REQUEST, new Error('no'), START);
    await failAgain(records, REQUEST, 2, LATER);
    expect(await factsOfOne()).toMatchObject({ code: 'Error', redrives: 2 });
    await succeed(records, REQUEST, LATER);
    expect(await factsOfOne()).toMatchObject({ code: 'succeeded', message: '', redrives: 3 });
  });

  test('of which nothing is known', async () => {
    expect(await factsOfOne()).toEqual({ code: 'unknown', message: '', attempts: 0, redrives: 0 });
  });

  test('that was rejected: why, and not what the record of the id it claims says', async () => {
    const body = '{"specversion": "1.0", "id": "e-1", "source": "/shop"}';
    await giveUp(records, { id: 'e-1', issuer: '/shop' }, new Error('another'), LATER);
    expect(await factsOfOne({ body, attributes: {} })).toMatchObject({ code: 'envelope_malformed' });
  });
});

describe('a letter that is redriven', () => {
  test('is put back when its request was given up', async () => {
    await giveUp(records, REQUEST, new Error('no'), START);
    expect(fateOf(await open())).toBe('put_back');
  });

  test('is put back when nothing is known of its request', async () => {
    expect(fateOf(await open())).toBe('put_back');
    expect(fateOf(await open({ body: '{"Service": "Amazon S3", "Event": "s3:TestEvent"}' }))).toBe(
      'put_back',
    );
  });

  test('is superfluous when another message was put back for it, and has succeeded', async () => {
    await giveUp(records, REQUEST, new Error('no'), START);
    await succeed(records, REQUEST, LATER);
    expect(fateOf(await open())).toBe('settled');
  });

  test('is the message that was put back itself: its outcome may be unpublished', async () => {
    await giveUp(records, REQUEST, new Error('no'), START);
    await succeed(records, REQUEST, LATER);
    expect(fateOf(await open({ sentAt: LATER }))).toBe('put_back');
  });

  test('has succeeded and never came back: its outcome may be unpublished', async () => {
    await succeed(records, REQUEST, START);
    expect(fateOf(await open())).toBe('put_back');
  });

  test('has come back as often as it may', async () => {
    await giveUp(records, REQUEST, new Error('no'), START);
    await failAgain(records, REQUEST, MAX_REDRIVES - 1, LATER);
    expect(fateOf(await open({ sentAt: LATER }))).toBe('put_back');
    await failAgain(records, REQUEST, 1, LATER);
    expect(fateOf(await open({ sentAt: LATER }))).toBe('limit_reached');
  });

  test('of several uploads is put back for the sake of one', async () => {
    const body = s3Event('a', 'b');
    const { requests } = await open({ body });
    const [a, b] = requests.map(({ described }) => ({ id: described.id, issuer: '' }));
    if (!a || !b) throw new Error('not two requests');
    for (const request of [a, b]) await giveUp(records, request, new Error('no'), START);
    await succeed(records, a, LATER);
    expect(fateOf(await open({ body }))).toBe('put_back');
    await succeed(records, b, LATER);
    expect(fateOf(await open({ body }))).toBe('settled');
  });
});

describe('a request put back', () => {
  const pointer = JSON.stringify([POINTER_CLASS, { s3BucketName: 'payloads', s3Key: 'k' }]);
  const other = { Colour: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) } };

  test.each([
    ['a plain message', 'hello'],
    ['a pointer', pointer],
  ])('that was %s keeps the id of its first message', async (_, body) => {
    expect(attributesToPutBack(await open({ body, attributes: other }))).toEqual({
      ...other,
      RequestId: { DataType: 'String', StringValue: 'm-1' },
    });
  });

  test.each([
    ['an id of its own', 'hello', NAMED],
    ['an envelope', '{"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "t"}', other],
    ['uploads', s3Event('a'), other],
  ])('that has %s is sent as it was', async (_, body, attributes) => {
    expect(attributesToPutBack(await open({ body, attributes }))).toEqual(attributes);
  });
});

describe('letters are meant', () => {
  const FAILED = Date.UTC(2026, 0, 31, 12);
  const EARLIER = new Date(FAILED - 1);
  const THEN = new Date(FAILED);
  const AFTER = new Date(FAILED + 1);

  test.each<[string, Omit<LetterFilter, 'ids'> & { ids?: string[] }, boolean]>([
    ['anything', {}, true],
    ['the code', { code: 'RangeError' }, true],
    ['another code', { code: 'Range' }, false],
    ['the tenant', { tenant: 'acme' }, true],
    ['another tenant', { tenant: 'other' }, false],
    ['since it failed', { since: THEN }, true],
    ['since after it', { since: AFTER }, false],
    ['until after it', { until: AFTER }, true],
    ['until it', { until: THEN }, false],
    ['the ticket among others', { ids: ['x', 'r-1'] }, true],
    ['the message', { ids: ['m-1'] }, true],
    ['others', { ids: ['x'] }, false],
    ['all of it', { code: 'RangeError', tenant: 'acme', since: EARLIER, until: AFTER, ids: ['r-1'] }, true],
    ['all but one', { code: 'RangeError', tenant: 'acme', since: EARLIER, until: AFTER, ids: ['x'] }, false],
  ])('by %s', async (_, filter, isMeant) => {
    await giveUp(records, { ...REQUEST, tenant: 'acme' }, new RangeError('out of paper'), FAILED);
    const attributes = { ...NAMED, Tenant: { DataType: 'String', StringValue: 'acme' } };
    const letter = await open({ attributes, sentAt: FAILED - 1_000_000 });
    expect(requestsMeant(letter, { ids: [], ...filter })).toHaveLength(isMeant ? 1 : 0);
  });

  test('by when it was sent, where nobody knows when it failed', async () => {
    const letter = await open({ sentAt: FAILED });
    expect(requestsMeant(letter, { since: THEN, ids: [] })).toHaveLength(1);
    expect(requestsMeant(letter, { until: THEN, ids: [] })).toHaveLength(0);
  });
});
