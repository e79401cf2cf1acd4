import { expect, test } from 'vitest';
import { batchWebhookOf } from '../../../lib/core/webhooks/batch-webhook.ts';
import type { WebhookRules } from '../../../lib/core/webhooks/recipient.ts';

const RULES: WebhookRules = {
  callbacks: 'public',
  callbackPorts: [443],
  webhookDefaultUrl: 'https://example.com/hook',
  webhookEvents: [],
};
const COUNTS = { total: 1, queued: 0, running: 0, succeeded: 1, failed: 0, cancelled: 0, expired: 0 };
const VIEW = {
  id: 'b-1',
  status: 'completed',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  endedAt: new Date('2026-01-31T13:00:00Z'),
  counts: COUNTS,
  progress: 1,
} as const;

test('the end of a batch has one id, and those of other batches have others', () => {
  const idOf = (changed: object, service = 'service') =>
    batchWebhookOf({ view: { ...VIEW, ...changed } }, RULES, service)?.id;
  const id = idOf({});
  expect(idOf({ counts: { ...COUNTS, succeeded: 0, running: 1 } })).toBe(id);
  const others = [
    idOf({ id: 'b-2' }),
    idOf({ tenant: 'acme' }),
    // The same idempotency key, after the first batch is gone.
    idOf({ createdAt: new Date('2026-03-31T12:00:00Z') }),
    idOf({}, 'other'),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});
