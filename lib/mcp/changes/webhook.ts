import * as z from 'zod';
import type { CoatcheckClient, ReplayOptions } from '../../client/index.ts';
import { redactEndpoint, redactRequest } from '../redact.ts';
import type { Change, ChangeTools } from './change.ts';

const ENDPOINT = { id: z.string().min(1).describe('The id of an endpoint.') };

const Time = z.iso.datetime({ offset: true });

/** Changes of webhook endpoints that exist, and webhooks that are sent again. None of them decides where outcomes are sent. */
export const WEBHOOK_CHANGES = [
  z
    .strictObject({ kind: z.literal('enable_webhook_endpoint'), ...ENDPOINT })
    .describe('Sends outcomes to it from now on.'),
  z
    .strictObject({ kind: z.literal('disable_webhook_endpoint'), ...ENDPOINT })
    .describe('Sends nothing to it, not even webhooks that wait.'),
  z
    .strictObject({ kind: z.literal('test_webhook_endpoint'), ...ENDPOINT })
    .describe('Sends it a webhook that says it is a test.'),
  z
    .strictObject({
      kind: z.literal('replay_webhooks'),
      ...ENDPOINT,
      from: Time.describe('Outcomes of requests that were submitted at this time or later.'),
      to: Time.optional().describe('Only of requests that were submitted before.'),
    })
    .describe('Sends it outcomes again. count of the plan is how many.'),
  z
    .strictObject({
      kind: z.literal('repeat_webhook'),
      request: z.string().min(1).describe('The ticket of a request that has ended.'),
      source: z.string().optional(),
      tenant: z.string().optional().describe('That of the request, if it has one.'),
    })
    .describe('Sends the webhooks of a request again.'),
] as const;

type WebhookArguments = z.infer<(typeof WEBHOOK_CHANGES)[number]>;

type EndpointArguments = Exclude<WebhookArguments, { readonly kind: 'repeat_webhook' }>;

type ReplayArguments = Extract<WebhookArguments, { readonly kind: 'replay_webhooks' }>;

export function webhookChange(change: WebhookArguments, { client, now }: ChangeTools): Change {
  if (change.kind !== 'repeat_webhook') return endpointChange(change, client, new Date(now()));
  const { request, source, tenant } = change;
  return {
    look: async (signal) => {
      const { id, status, webhook } = await client.status(request, { source, tenant, signal });
      return { count: 1, state: { id, status, webhook: webhook?.status } };
    },
    make: async ({ signal }) =>
      redactRequest(await client.repeatWebhook(request, { source, tenant, signal })),
  };
}

function endpointChange(
  change: EndpointArguments,
  { webhookEndpoints }: CoatcheckClient,
  plannedAt: Date,
): Change {
  const { id } = change;
  const replay = async (
    { from, to = plannedAt.toISOString() }: ReplayArguments,
    options: Pick<ReplayOptions, 'dryRun' | 'signal'>,
  ) => {
    let sent = 0;
    let cursor: string | undefined;
    do {
      // Outcomes of requests that end later aren't part of the plan.
      const window = { from, to, endedBefore: plannedAt, cursor };
      const page = await webhookEndpoints.replay(id, { ...window, ...options });
      sent += page.sent;
      cursor = page.next;
    } while (cursor !== undefined);
    return sent;
  };
  return {
    look: async (signal) => {
      const { url, events, topics, status } = await webhookEndpoints.get(id, { signal });
      const state = { id, url, events, topics, status };
      if (change.kind !== 'replay_webhooks') return { count: 1, state };
      const outcomes = await replay(change, { dryRun: true, signal });
      return { count: outcomes, state: { ...state, outcomes } };
    },
    make: async ({ signal }) => {
      switch (change.kind) {
        case 'enable_webhook_endpoint':
          return redactEndpoint(await webhookEndpoints.update(id, { status: 'enabled' }, { signal }));
        case 'disable_webhook_endpoint':
          return redactEndpoint(await webhookEndpoints.update(id, { status: 'disabled' }, { signal }));
        case 'test_webhook_endpoint':
          return { webhookId: await webhookEndpoints.test(id, { signal }) };
        case 'replay_webhooks':
          return { sent: await replay(change, { signal }) };
      }
    },
  };
}
