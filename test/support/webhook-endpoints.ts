import type { WebhookEndpoint } from '../../lib/core/model/webhook-endpoint.ts';
import { WebhookEndpoints } from '../../lib/core/webhooks/endpoints.ts';
import type { WebhookRules } from '../../lib/core/webhooks/recipient.ts';
import { MemoryRecordIndex } from '../../lib/stores/memory/record-index.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { MemoryWebhookEndpoints } from '../../lib/stores/memory/webhook-endpoints.ts';
import { MemoryWebhookQueue } from '../../lib/stores/memory/webhook-queue.ts';
import { START, TestClock } from './test-clock.ts';

/** What services of the tests derive the secrets of endpoints from. */
export const SERVICE_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export const WEBHOOK_RULES: WebhookRules = {
  callbacks: 'public',
  callbackPorts: [443],
  webhookDefaultUrl: '',
  webhookEvents: ['succeeded', 'failed'],
};

/** An endpoint as a store keeps it. */
export function endpointOf(given: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id: 'e-1',
    url: 'https://example.com/hook',
    createdAt: START,
    status: 'enabled',
    generation: 1,
    ...given,
  };
}

/** The endpoints of a service in memory. */
export class EndpointsHarness {
  readonly clock = new TestClock();
  readonly store = new MemoryWebhookEndpoints();
  readonly queue = new MemoryWebhookQueue();
  readonly records = new MemoryRecordStore();
  secrets: readonly string[] = [SERVICE_SECRET];
  #ids = 0;

  readonly endpoints = new WebhookEndpoints({
    store: this.store,
    secrets: { read: async () => this.secrets },
    queue: this.queue,
    index: new MemoryRecordIndex(this.records, this.clock.now),
    rules: WEBHOOK_RULES,
    serviceName: 'service',
    clock: this.clock,
    newId: () => `e-${++this.#ids}`,
  });
}
