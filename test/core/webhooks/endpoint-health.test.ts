import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebhookEndpoint } from '../../../lib/core/model/webhook-endpoint.ts';
import { WebhookDeliverer } from '../../../lib/core/webhooks/deliverer.ts';
import { EndpointHealth } from '../../../lib/core/webhooks/endpoint-health.ts';
import { endpointSecret } from '../../../lib/core/webhooks/endpoint-secrets.ts';
import {
  encodeWebhook,
  progressWebhookOf,
  testWebhookOf,
  type WebhookMessage,
} from '../../../lib/core/webhooks/message.ts';
import { ENDPOINT_FAILING_SECONDS } from '../../../lib/core/webhooks/retry-schedule.ts';
import { MemoryDelayedMessages } from '../../../lib/stores/memory/delayed-messages.ts';
import { MemoryEventBus } from '../../../lib/stores/memory/event-bus.ts';
import { MemoryInputQueue } from '../../../lib/stores/memory/input-queue.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { MemoryWebhookEndpoints } from '../../../lib/stores/memory/webhook-endpoints.ts';
import { MemoryWebhookQueue } from '../../../lib/stores/memory/webhook-queue.ts';
import { MemoryWebhookStates } from '../../../lib/stores/memory/webhook-states.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { delivery } from '../../support/delivery.ts';
import { MemoryMetrics } from '../../support/memory-metrics.ts';
import { START, TestClock } from '../../support/test-clock.ts';
import { endpointOf, SERVICE_SECRET } from '../../support/webhook-endpoints.ts';

const REQUEST = { id: 'r-1', source: '', tenant: 'acme' };
const MESSAGE: WebhookMessage = {
  url: 'https://example.com/hook',
  endpoint: 'e-1',
  id: 'id-1',
  attempt: 1,
  subject: { type: 'coatcheck.request.succeeded', request: REQUEST, at: START },
  body: '{"type":"coatcheck.request.succeeded"}',
};
const LAST = { ...MESSAGE, attempt: 10 };

/** A deliverer with endpoints in memory. */
class Harness {
  readonly clock = new TestClock();
  readonly logger = new CollectingLogger();
  readonly calls: { readonly url: string; readonly headers: Readonly<Record<string, string>> }[] = [];
  readonly store = new MemoryWebhookEndpoints();
  readonly records = new MemoryRecordStore();
  readonly queue = new MemoryWebhookQueue();
  readonly deadLetters = new MemoryWebhookQueue();
  readonly bus = new MemoryEventBus();
  readonly metrics = new MemoryMetrics();
  readonly input = new MemoryInputQueue({ now: () => this.clock.now(), visibilityTimeoutSeconds: 360 });
  secrets: readonly string[] = [SERVICE_SECRET];
  status = 200;
  onPost = async () => {};

  readonly deliverer = new WebhookDeliverer({
    sender: {
      post: async (url, headers) => {
        this.calls.push({ url, headers });
        await this.onPost();
        return { status: this.status };
      },
    },
    secrets: { read: async () => this.secrets },
    queue: this.queue,
    later: new MemoryDelayedMessages(),
    deadLetters: this.deadLetters,
    states: new MemoryWebhookStates(this.records),
    endpoints: new EndpointHealth({
      store: this.store,
      serviceName: 'service',
      logger: this.logger,
      metrics: this.metrics,
      bus: this.bus,
    }),
    logger: this.logger,
    clock: this.clock,
    random: () => 0,
  });

  async put(...endpoints: readonly WebhookEndpoint[]): Promise<void> {
    const { revision } = await this.store.read('acme');
    await this.store.write('acme', { endpoints, revision: revision + 1 });
    this.store.writes = 0;
  }

  async endpoint(): Promise<WebhookEndpoint | undefined> {
    return (await this.store.read('acme')).endpoints.find(({ id }) => id === 'e-1');
  }

  deliver(message: WebhookMessage = MESSAGE) {
    return this.deliverer.run(this.input.settleable(delivery(encodeWebhook(message))));
  }

  async answer(status: number, message?: WebhookMessage): Promise<void> {
    this.status = status;
    expect(await this.deliver(message)).toEqual({ action: 'ack' });
  }
}

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.put(endpointOf());
});

describe('a delivery to an endpoint', () => {
  test('is signed with its secrets, and goes to the URL that it has now', async () => {
    vi.setSystemTime(START);
    await harness.put(
      endpointOf({ url: 'https://moved.example.com/', generation: 2, previousUntil: START + 1 }),
    );
    await harness.deliver();
    const [call] = harness.calls;
    expect(call?.url).toBe('https://moved.example.com/');
    for (const generation of [1, 2]) {
      const secret = endpointSecret(SERVICE_SECRET, 'e-1', generation);
      expect(new Webhook(secret).verify(MESSAGE.body, { ...call?.headers })).toBeDefined();
    }
    expect(() => new Webhook(SERVICE_SECRET).verify(MESSAGE.body, { ...call?.headers })).toThrow();
    vi.useRealTimers();
  });

  test('writes nothing while all is well, neither to the endpoint nor to the record', async () => {
    await harness.answer(200);
    expect([harness.store.writes, harness.records.writes]).toEqual([0, 0]);
  });

  test.each([
    ['removed', []],
    ['disabled', [endpointOf({ status: 'disabled' })]],
    ['of another tenant', [endpointOf({ id: 'e-2' })]],
  ])('is dropped if the endpoint is %s', async (_, endpoints) => {
    await harness.put(...endpoints);
    expect(await harness.deliver()).toEqual({ action: 'ack' });
    expect(harness.calls).toEqual([]);
    expect([...harness.queue.sent, ...harness.deadLetters.sent]).toEqual([]);
  });

  test('waits if the endpoints can’t be read', async () => {
    harness.store.faults.inject('read', 'fails before');
    expect(await harness.deliver()).toEqual({ action: 'retry', afterSeconds: 900 });
    expect(harness.calls).toEqual([]);
  });
});

describe('failures', () => {
  test('are noted when they begin, with the first reason, and forgotten at the next delivery', async () => {
    await harness.answer(500);
    harness.clock.advanceSeconds(5);
    await harness.answer(503, { ...MESSAGE, attempt: 2 });
    expect(await harness.endpoint()).toEqual(
      endpointOf({ failingSince: START, lastError: 'the receiver answered 500' }),
    );
    expect(harness.store.writes).toBe(1);
    await harness.answer(204, { ...MESSAGE, attempt: 3 });
    expect(await harness.endpoint()).toEqual(endpointOf());
    expect(harness.store.writes).toBe(2);
  });

  test('of one endpoint leave the others and the record of the request alone', async () => {
    await harness.put(endpointOf(), endpointOf({ id: 'e-2' }));
    await harness.answer(500);
    expect((await harness.store.read('acme')).endpoints[1]).toEqual(endpointOf({ id: 'e-2' }));
    expect(harness.records.writes).toBe(0);
  });

  test('of many deliveries at the same time are noted once', async () => {
    harness.status = 500;
    await Promise.all(Array.from({ length: 10 }, () => harness.deliver()));
    expect((await harness.store.read('acme')).revision).toBe(2);
  });

  test('that can’t be noted change nothing about the delivery', async () => {
    harness.store.faults.inject('write', 'fails before');
    await harness.answer(500);
    expect(harness.queue.sent).toHaveLength(1);
  });

  test('of an endpoint that is removed meanwhile are forgotten', async () => {
    harness.onPost = () => harness.put();
    await harness.answer(410);
    expect(await harness.endpoint()).toBeUndefined();
    expect(harness.bus.events).toEqual([]);
  });
});

describe('an endpoint is disabled', () => {
  test('when its receiver answers 410: with a log line, a count and an event', async () => {
    await harness.answer(410);
    expect(await harness.endpoint()).toEqual(
      endpointOf({ status: 'disabled', failingSince: START, lastError: 'the receiver answered 410' }),
    );
    const about = {
      endpoint: 'e-1',
      tenant: 'acme',
      reason: 'the receiver answered 410',
      failingSince: new Date(START).toISOString(),
    };
    expect(harness.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'Webhook endpoint disabled', fields: about }),
    );
    expect(harness.metrics.figures.counts).toEqual({ WebhookEndpointsDisabled: 1 });
    const [event] = harness.bus.events;
    expect(event).toMatchObject({ type: 'coatcheck.webhook_endpoint.disabled', time: START });
    expect(JSON.parse(event?.json ?? '')).toMatchObject({
      specversion: '1.0',
      source: '/coatcheck/service',
      type: 'coatcheck.webhook_endpoint.disabled',
      subject: 'e-1',
      tenant: 'acme',
      data: about,
    });
  });

  test('once, however many deliveries show it', async () => {
    harness.status = 410;
    await Promise.all(Array.from({ length: 5 }, () => harness.deliver()));
    expect(harness.bus.events).toHaveLength(1);
    expect(harness.metrics.emitted).toHaveLength(1);
  });

  test('when a webhook used up its attempts and nothing was delivered meanwhile', async () => {
    await harness.answer(500);
    harness.clock.advanceSeconds(ENDPOINT_FAILING_SECONDS);
    await harness.answer(502, LAST);
    expect(await harness.endpoint()).toEqual(
      endpointOf({ status: 'disabled', failingSince: START, lastError: 'the receiver answered 502' }),
    );
    expect(harness.deadLetters.sent).toHaveLength(1);
  });

  test('even if the event bus fails', async () => {
    harness.bus.faults.inject('send', 'fails before');
    await harness.answer(410);
    expect(await harness.endpoint()).toMatchObject({ status: 'disabled' });
    expect(harness.metrics.emitted).toHaveLength(1);
  });

  test('not when something was delivered since', async () => {
    await harness.answer(500);
    harness.clock.advanceSeconds(ENDPOINT_FAILING_SECONDS);
    await harness.answer(200, { ...MESSAGE, id: 'id-2' });
    await harness.answer(500, LAST);
    expect(await harness.endpoint()).toMatchObject({
      status: 'enabled',
      failingSince: START + ENDPOINT_FAILING_SECONDS * 1000,
    });
  });

  test('not by progress that is out of date, nor before a webhook used up its attempts', async () => {
    await harness.answer(500);
    harness.clock.advanceSeconds(ENDPOINT_FAILING_SECONDS);
    const { url, endpoint } = MESSAGE;
    const now = harness.clock.now();
    const progress = progressWebhookOf(REQUEST, { fraction: 0.5 }, now, { url, endpoint }, 's');
    await harness.answer(500, { ...progress, attempt: 2 });
    await harness.answer(500, { ...MESSAGE, attempt: 9 });
    expect(await harness.endpoint()).toMatchObject({ status: 'enabled', failingSince: START });
  });

  test('by failures alone that last long enough: whatever happens in which order', async () => {
    const step = fc.record({
      status: fc.constantFrom(200, 410, 500),
      attempt: fc.integer({ min: 1, max: 10 }),
      waitSeconds: fc.constantFrom(1, 3_600, ENDPOINT_FAILING_SECONDS / 2, ENDPOINT_FAILING_SECONDS),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        harness = new Harness();
        await harness.put(endpointOf());
        let failingSince: number | undefined;
        let isDisabled = false;
        for (const { status, attempt, waitSeconds } of steps) {
          const at = harness.clock.now();
          await harness.answer(status, { ...MESSAGE, attempt });
          if (!isDisabled) {
            failingSince = status === 200 ? undefined : (failingSince ?? at);
            const isLost = status === 500 && attempt === 10 && at - (failingSince ?? at) >= 259_200_000;
            isDisabled = status === 410 || isLost;
          }
          const endpoint = await harness.endpoint();
          expect(endpoint?.status).toBe(isDisabled ? 'disabled' : 'enabled');
          expect(endpoint?.failingSince).toBe(failingSince);
          harness.clock.advanceSeconds(waitSeconds);
        }
        expect(harness.bus.events).toHaveLength(isDisabled ? 1 : 0);
      }),
    );
  });
});

describe('a test', () => {
  const webhook = () => testWebhookOf(endpointOf(), 'acme', harness.clock.now());

  test('shows in the state of the endpoint', async () => {
    await harness.answer(500, webhook());
    expect(await harness.endpoint()).toMatchObject({ failingSince: START });
    await harness.answer(200, webhook());
    expect(await harness.endpoint()).toEqual(endpointOf());
  });

  test('is sent to a disabled endpoint, which stays as it is', async () => {
    const disabled = endpointOf({ status: 'disabled', failingSince: 1, lastError: 'gone' });
    await harness.put(disabled);
    for (const status of [200, 500, 410]) await harness.answer(status, webhook());
    expect(harness.calls).toHaveLength(3);
    expect(await harness.endpoint()).toEqual(disabled);
  });

  test('is tried twice, and dropped after a minute', async () => {
    await harness.answer(500, webhook());
    expect(harness.queue.sent).toHaveLength(1);
    await harness.answer(500, { ...webhook(), attempt: 2 });
    expect(harness.queue.sent).toHaveLength(1);
    expect(harness.deadLetters.sent).toEqual([]);
    const old = webhook();
    harness.clock.advanceSeconds(61);
    await harness.answer(200, old);
    expect(harness.calls).toHaveLength(2);
  });
});
