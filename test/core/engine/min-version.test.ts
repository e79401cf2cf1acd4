import { expect, test } from 'vitest';
import { ATTRIBUTES } from '../../../lib/core/wire/attributes.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { START } from '../../support/test-clock.ts';

const HOUR = 3_600_000;

/** Runs a request for version 7 on another version. */
function on(handlerVersion: string | undefined, options: HarnessOptions = {}) {
  const ran: (string | undefined)[] = [];
  const handler = () => {
    ran.push(handlerVersion);
    return 'done';
  };
  return Object.assign(new EngineHarness(handler, { handlerVersion, ...options }), { ran });
}

function message(given: Parameters<typeof requestDelivery>[2] = {}) {
  return requestDelivery(
    'r-1',
    {},
    {
      attributes: { RequestId: 'r-1', MinVersion: '7' },
      firstDeliveredAt: START,
      ...given,
    },
  );
}

test('older code leaves a request to newer code, at no attempt and no write', async () => {
  const old = on('6');
  expect(await old.process([message()])).toEqual(['message-r-1']);
  expect(old.ran).toEqual([]);
  expect(old.records.writes).toBe(0);
  expect(old.delays['message-r-1']).toBe(60);

  const { records, output, store, clock } = old;
  const newer = on('7', { ports: { records, output, store, clock } });
  expect(await newer.process([message({ deliveryCount: 2 })])).toEqual([]);
  expect(newer.ran).toEqual(['7']);
  expect(records.record('r-1')).toMatchObject({ status: 'succeeded', attempts: 1, handlerVersion: '7' });
});

test('the record’s version counts if the message names none', async () => {
  const old = on('6');
  const request = { id: 'r-1', source: '', minVersion: '7' };
  const now = old.clock.now();
  const record = { request, status: 'queued', attempts: 0, createdAt: now, updatedAt: now } as const;
  await old.records.write({ record, revision: 1, keptUntil: now + HOUR });
  const ticketed = message({ attributes: { RequestId: 'r-1' }, deliveryCount: 2 });
  expect(await old.process([ticketed])).toEqual(['message-r-1']);
  expect(old.ran).toEqual([]);
  expect(old.records.record('r-1')).toMatchObject({ status: 'queued', attempts: 0 });
});

test.each([
  ['an hour after its first delivery', { deliveryCount: 9, aged: HOUR }],
  ['when its deliveries are used up', { deliveryCount: 136, aged: 0 }],
])('a request that no newer code took ends %s, and is dead-lettered', async (_, { deliveryCount, aged }) => {
  const old = on('6');
  const firstDeliveredAt = old.clock.now() - aged;
  expect(await old.process([message({ deliveryCount, firstDeliveredAt })])).toEqual([]);
  expect(old.ran).toEqual([]);
  expect(old.problem).toMatchObject({ code: 'min_version_unmet', attempts: 0 });
  expect(old.deadLetters.messages[0]?.attributes).toMatchObject({
    [ATTRIBUTES.deadLetterCode]: { value: 'min_version_unmet' },
  });
});

test.each(['9f86d08', undefined])(
  'code of the version %s has no order, so the request ends at once',
  async (version) => {
    const code = on(version);
    expect(await code.process([message()])).toEqual([]);
    expect(code.ran).toEqual([]);
    expect(code.problem).toMatchObject({
      code: 'min_version_unmet',
      detail: expect.stringContaining('isn’t made of numbers'.replace('’', "'")),
    });
  },
);

test('a request that has expired ends, instead of waiting for newer code', async () => {
  const old = on('6');
  const attributes = {
    RequestId: 'r-1',
    MinVersion: '7',
    ExpiresAt: new Date(old.clock.now()).toISOString(),
  };
  expect(await old.process([message({ attributes })])).toEqual([]);
  expect(old.records.record('r-1')?.status).toBe('expired');
});

test('a version that isn’t one is refused', async () => {
  const code = on('7');
  await code.process([message({ attributes: { RequestId: 'r-1', MinVersion: 'v7' } })]);
  expect(code.problem).toMatchObject({
    code: 'envelope_malformed',
    detail:
      'message attribute: MinVersion must be 1 to 4 whole numbers with dots between them, like 42 or 1.4.2, got "v7"',
  });
});
