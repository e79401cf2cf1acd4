import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { FailureEventPublisher } from '../../../lib/core/engine/failure-event-publisher.ts';
import { cancellation, expiry, failure } from '../../../lib/core/model/outcome.ts';
import { MemoryEventBus } from '../../../lib/stores/memory/event-bus.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { ENDED_AT, inlineOutcome, outcomeOf } from '../../support/outcomes.ts';

const NEVER = new AbortController().signal;

function withBus() {
  const bus = new MemoryEventBus();
  const logger = new CollectingLogger();
  const events = new FailureEventPublisher(bus, { serviceName: 'service', random: () => 0, logger });
  return { bus, logger, events };
}

function failed(details: unknown = undefined) {
  return outcomeOf(failure(new PermanentError('no', { code: 'csv_invalid', details }), 2), {
    request: { id: 'r-1', source: '', tenant: 'acme' },
  });
}

test('a failure event contains the published CloudEvent and its type', async () => {
  const { bus, events } = withBus();
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

test('every other outcome except success has an event', async () => {
  const { bus, events } = withBus();
  for (const ending of [expiry(1), cancellation(1)]) events.add(outcomeOf(ending));
  events.add(inlineOutcome('1'));
  await events.flush(NEVER);
  expect(bus.events.map(({ type }) => type).toSorted()).toEqual([
    'coatcheck.request.cancelled',
    'coatcheck.request.expired',
  ]);
});

test('calls stay within their limits, however many failures there are and however large they are', async () => {
  const { bus, logger, events } = withBus();
  const much = '漢'.repeat(32_000);
  for (let count = 0; count < 25; count++) events.add(failed(much));
  await events.flush(NEVER);
  expect(bus.events).toHaveLength(25);
  expect(logger.lines).toEqual([]);
});

test('a bus that refuses is logged, and the event is dropped', async () => {
  const { bus, logger, events } = withBus();
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

test('a bus that does not answer blocks nothing', async () => {
  const { bus, logger, events } = withBus();
  bus.faults.inject('send', 'never answers');
  events.add(failed());
  await events.flush(AbortSignal.timeout(5));
  events.add(failed());
  await events.flush(AbortSignal.timeout(5_000));
  expect(bus.events).toHaveLength(1);
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { events: 1 } }]);
});

test('a batch sends its failure events after their publication, and is acknowledged in any case', async () => {
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

test('an unpublished failure has no event', async () => {
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
