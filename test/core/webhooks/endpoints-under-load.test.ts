import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CachedEndpoints, ENDPOINTS_AGE_SECONDS } from '../../../lib/core/webhooks/cached-endpoints.ts';
import { WebhookDeliverer } from '../../../lib/core/webhooks/deliverer.ts';
import { EndpointHealth } from '../../../lib/core/webhooks/endpoint-health.ts';
import { MemoryDelayedMessages } from '../../../lib/stores/memory/delayed-messages.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryWebhookQueue } from '../../../lib/stores/memory/webhook-queue.ts';
import { MemoryWebhookStates } from '../../../lib/stores/memory/webhook-states.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { EndpointsHarness, SERVICE_SECRET } from '../../support/webhook-endpoints.ts';

type Step =
  | { readonly do: 'add' | 'remove' | 'deliver' }
  | {
      readonly do: 'process';
      readonly fault: 'works' | 'fails before' | 'fails after';
      readonly restarts: boolean;
    }
  | { readonly do: 'wait'; readonly seconds: number };

/** What is true of an endpoint, by the time of the engine. */
interface Stay {
  readonly id: string;
  readonly from: number;
  until: number;
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('add', 'remove', 'deliver') }),
  fc.record({
    do: fc.constant('process'),
    fault: fc.constantFrom('works', 'fails before', 'fails after'),
    restarts: fc.constantFrom(false, false, false, true),
  }),
  fc.record({ do: fc.constant('wait'), seconds: fc.constantFrom(1, 10, ENDPOINTS_AGE_SECONDS, 25) }),
);

/** A service with processors that come and go, a deliverer, and a receiver at every URL. */
class Load {
  readonly own = new EndpointsHarness();
  readonly webhooks = new MemoryOutputQueue();
  readonly stays: Stay[] = [];
  /** When each request was first processed. */
  readonly processed = new Map<string, number>();
  readonly received: {
    readonly endpoint: string;
    readonly request: string;
    readonly id: string;
    readonly at: number;
  }[] = [];
  engine = this.#newEngine();
  #delivered = 0;

  readonly deliverer = new WebhookDeliverer({
    sender: {
      post: async (url, headers, body) => {
        const endpoint = new URL(url).pathname.slice(1);
        const request = JSON.parse(body).data.id;
        this.received.push({ endpoint, request, id: String(headers['webhook-id']), at: this.now });
        return { status: 204 };
      },
    },
    secrets: { read: async () => [SERVICE_SECRET] },
    queue: new MemoryWebhookQueue(),
    later: new MemoryDelayedMessages(),
    deadLetters: new MemoryWebhookQueue(),
    states: new MemoryWebhookStates(this.own.records),
    endpoints: new EndpointHealth({
      store: this.own.store,
      serviceName: 'service',
      logger: this.engine.logger,
    }),
    logger: this.engine.logger,
    clock: this.own.clock,
    random: () => 0,
  });

  get now(): number {
    return this.own.clock.now();
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'add': {
        const number = this.stays.length + 1;
        const { id } = await this.own.endpoints.create({ url: `https://example.com/e-${number}` });
        this.stays.push({ id, from: this.now, until: Number.POSITIVE_INFINITY });
        return;
      }
      case 'remove': {
        const stay = this.stays.find(({ until }) => until > this.now);
        if (!stay) return;
        await this.own.endpoints.remove(stay.id);
        stay.until = this.now;
        return;
      }
      case 'wait':
        this.own.clock.advanceSeconds(step.seconds);
        return;
      case 'process':
        return this.process(step.fault, step.restarts);
      case 'deliver':
        return this.deliver();
    }
  }

  /** Processes a request until its message is acknowledged, with a fault at first. */
  async process(fault: 'works' | 'fails before' | 'fails after', restarts: boolean): Promise<void> {
    if (restarts) this.engine = this.#newEngine();
    const id = `r-${this.processed.size}`;
    this.processed.set(id, this.now);
    this.webhooks.faults.inject('send', fault);
    while ((await this.engine.process([requestDelivery(id)])).length > 0) this.webhooks.faults.clear('send');
    this.webhooks.faults.clear('send');
  }

  async deliver(): Promise<void> {
    const messages = this.webhooks.messages.slice(this.#delivered);
    this.#delivered += messages.length;
    for (const { body } of messages) {
      await this.deliverer.run(this.engine.input.settleable(delivery(body)));
    }
  }

  #newEngine(): EngineHarness {
    const webhookEndpoints = new CachedEndpoints(this.own.store, this.own.clock);
    return new EngineHarness(async () => 'done', {
      callbacks: 'public',
      ports: { webhooks: this.webhooks, webhookEndpoints, clock: this.own.clock },
    });
  }
}

test('endpoints that come and go under load get what is due to them, each outcome under one id, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (given) => {
      const load = new Load();
      for (const step of given) {
        await load.run(step);
        // Each step has a time of its own.
        load.own.clock.advanceSeconds(0.001);
      }
      await load.deliver();
      for (const { id: endpoint, from, until } of load.stays) {
        const got = load.received.filter((call) => call.endpoint === endpoint);
        for (const [request, at] of load.processed) {
          const ids = new Set(got.filter((call) => call.request === request).map(({ id }) => id));
          expect(ids.size).toBeLessThanOrEqual(1);
          if (at < from || at >= until) expect([request, ids.size]).toEqual([request, 0]);
          const isDue = at >= from + ENDPOINTS_AGE_SECONDS * 1000 && until === Number.POSITIVE_INFINITY;
          if (isDue) expect([request, ids.size]).toEqual([request, 1]);
        }
        for (const call of got) expect(call.at).toBeLessThan(until);
      }
      const ids = new Map(load.received.map(({ id, endpoint, request }) => [id, `${endpoint} ${request}`]));
      for (const { id, endpoint, request } of load.received)
        expect(ids.get(id)).toBe(`${endpoint} ${request}`);
    }),
    { numRuns: 150 },
  );
});
