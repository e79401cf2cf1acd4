import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { FailureEvents } from '../../../lib/core/engine/failure-events.ts';
import { cancellation, expiry, failure } from '../../../lib/core/model/outcome.ts';
import { MemoryEventBus } from '../../../lib/stores/memory/event-bus.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { ENDED_AT, inlineOutcome, outcomeOf } from '../../support/outcomes.ts';

const NEVER = new AbortController().signal;

function telling() {
  const bus = new MemoryEventBus();
  const logger = new CollectingLogger();
  const events = new FailureEvents(bus, { serviceName: 'service', random: () => 0, logger });
  return { bus, logger, events };
}

function failed(details: unknown = undefined) {
  return outcomeOf(failure(new PermanentError('no', { code: 'csv_invalid', details }), 2), {
    request: { id: 'r-1', source: '', tenant: 'acme' },
  });
}

test('a failure is told as the CloudEvent that was published, with its type beside', async () => {
  const { bus, events } = telling();
  events.add(failed());
  await events.flush(NEVER);
  expect(bus.events.map(({ json, ...event }) => ({ ...event, detail: JSON.parse(json) }))).toEqual([
    {
      type: 'coatcheck.request.failed',
      time: ENDED_AT,
      detail: {
        specversion: '1.0',
        id: expect.any(String),
        source: '/coatcheck/service',
        type: 'coatcheck.request.failed',
        subject: 'r-1',
        time: '2026-01-31T12:00:00.005Z',
        tenant: 'acme',
        datacontenttype: 'application/json',
        data: {
          type: 'urn:coatcheck:problem:csv_invalid',
          title: 'csv invalid',
          detail: 'no',
          code: 'csv_invalid',
          attempts: 2,
        },
      },
    },
  ]);
});

test('every other ending is told, a success isn’t', async () => {
  const { bus, events } = telling();
  for (const ending of [expiry(1), cancellation(1)]) events.add(outcomeOf(ending));
  events.add(inlineOutcome('1'));
  await events.flush(NEVER);
  expect(bus.events.map(({ type }) => type).toSorted()).toEqual([
    'coatcheck.request.cancelled',
    'coatcheck.request.expired',
  ]);
});

test('calls hold no more than they may, however many fail with however much to tell', async () => {
  const { bus, logger, events } = telling();
  const much = '漢'.repeat(32_000);
  for (let count = 0; count < 25; count++) events.add(failed(much));
  await events.flush(NEVER);
  expect(bus.events).toHaveLength(25);
  expect(logger.lines).toEqual([]);
});

test('a bus that refuses is logged and forgotten', async () => {
  const { bus, logger, events } = telling();
  bus.faults.inject('send', 'fails before');
  events.add(failed());
  await events.flush(NEVER);
  events.add(failed());
  await events.flush(NEVER);
  expect(bus.events).toHaveLength(1);
  expect(logger.lines).toMatchObject([
    { level: 'warn', fields: { requestId: 'r-1', tenant: 'acme', reason: expect.stringContaining('send') } },
  ]);
});

test('a bus that doesn’t answer holds nobody up', async () => {
  const { bus, logger, events } = telling();
  bus.faults.inject('send', 'never answers');
  events.add(failed());
  await events.flush(AbortSignal.timeout(5));
  events.add(failed());
  await events.flush(AbortSignal.timeout(5_000));
  expect(bus.events).toHaveLength(1);
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { events: 1 } }]);
});

test('a batch tells of its failures once they are published, and is acknowledged all the same', async () => {
  const bus = new MemoryEventBus();
  const harness = new EngineHarness(
    ({ id }) => {
      if (id !== 'fine') throw new PermanentError('no');
    },
    { ports: { failureBus: bus } },
  );
  let publishedBefore: number | undefined;
  const send = bus.send.bind(bus);
  bus.send = (events) => {
    publishedBefore = harness.output.messages.length;
    return send(events);
  };
  expect(await harness.process(['fine', 'broken'].map((id) => requestDelivery(id)))).toEqual([]);
  expect(publishedBefore).toBe(2);
  expect(bus.events.map(({ json }) => JSON.parse(json).subject)).toEqual(['broken']);
  bus.faults.inject('send', 'never answers');
  expect(await harness.process([requestDelivery('another')], 0.6)).toEqual([]);
});

test('a failure that isn’t published is not told', async () => {
  const bus = new MemoryEventBus();
  const harness = new EngineHarness(
    () => {
      throw new PermanentError('no');
    },
    { ports: { failureBus: bus } },
  );
  harness.output.faults.inject('send', 'fails before');
  expect(await harness.process([requestDelivery('r-1')])).toHaveLength(1);
  expect(bus.events).toEqual([]);
});
