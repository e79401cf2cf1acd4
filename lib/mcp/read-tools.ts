import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { CoatcheckClient } from '../client/index.ts';
import { REQUEST_STATUSES } from '../core/model/request-record.ts';
import { WEBHOOK_STATUSES } from '../core/model/webhook-state.ts';
import { MAX_ACTIVITY_HOURS } from '../core/ports/activity-log.ts';
import { ActionId } from './action-id.ts';
import { answer } from './answer.ts';
import { KnownMetadata } from './known-metadata.ts';
import { redactAction, redactBatch, redactEndpoint, redactRequest } from './redact.ts';

/** Agents need no permission for these tools: they change nothing. */
const READING = { readOnlyHint: true, openWorldHint: false } as const;

/** Most things that one call lists. */
const MAX_LISTED = 100;

const Ticket = z.string().min(1).describe('The ticket of a request.');

const Tenant = z.string().optional().describe('Of this tenant. For operators.');

const GroupId = z.string().regex(/^[\da-f]{16}$/, 'must be the id of a failure group: 16 hexadecimal digits');

const Time = z.iso.datetime({ offset: true });

const Limit = z.int().min(1).max(MAX_LISTED).default(20);

/** Adds the tools that show the service. None of them reads a payload or a result. */
export function addReadTools(server: McpServer, client: CoatcheckClient): void {
  server.registerTool(
    'get_status',
    {
      title: 'Load of the service',
      description:
        'Whether the service accepts requests, how many wait or run, how fast it completes them, how long attempts took lately, and whether it is paused, until when and why.',
      annotations: READING,
    },
    () => answer(() => client.serviceStatus()),
  );

  server.registerTool(
    'list_settings',
    {
      title: 'Settings of the service',
      description: 'The settings in effect, with where each came from. Secrets have no value.',
      annotations: READING,
    },
    () => answer(async () => ({ settings: await client.settings() })),
  );

  server.registerTool(
    'list_alarms',
    {
      title: 'Alarms of the service',
      description: 'The alarms with their states, what each is raised for, and what to do then.',
      annotations: READING,
    },
    () => answer(async () => ({ alarms: await client.alarms() })),
  );

  server.registerTool(
    'get_ledger',
    {
      title: 'Ledger of the service',
      description:
        'How many requests were accepted, and where they are. A drift other than 0 means that requests are lost.',
      annotations: READING,
    },
    () => answer(() => client.ledger()),
  );

  server.registerTool(
    'get_activity',
    {
      title: 'Activity of the last hours',
      description:
        'How many requests were submitted and ended, by time. Figures in missing have no data, so their counts may not be 0.',
      inputSchema: z.strictObject({ hours: z.int().min(1).max(MAX_ACTIVITY_HOURS).optional() }),
      annotations: READING,
    },
    ({ hours }) => answer(() => client.activity({ hours })),
  );

  server.registerTool(
    'list_requests',
    {
      title: 'List requests',
      description:
        'Requests, newest first. A page may contain fewer than limit, even none, and still have a next page: call again with next as the cursor.',
      inputSchema: z.strictObject({
        status: z.enum(REQUEST_STATUSES).optional(),
        tenant: Tenant,
        topic: z.string().optional(),
        code: z.string().optional().describe('The code that requests failed with.'),
        webhook: z
          .enum(WEBHOOK_STATUSES)
          .optional()
          .describe('The status of their webhooks; those that are dead_lettered need a replay.'),
        metadata: KnownMetadata.optional(),
        since: Time.optional().describe('Only requests that were created at this time or later.'),
        until: Time.optional().describe('Only requests that were created before this time.'),
        limit: Limit,
        cursor: z.string().optional().describe('next of the previous page.'),
      }),
      annotations: READING,
    },
    (page) =>
      answer(async () => {
        const { requests, next } = await client.listPage(page);
        return { requests: requests.map(redactRequest), next };
      }),
  );

  server.registerTool(
    'get_request',
    {
      title: 'Show a request',
      description: 'The status of a request, why it waits, when it starts, and how it failed.',
      inputSchema: z.strictObject({ id: Ticket, source: z.string().optional(), tenant: Tenant }),
      annotations: READING,
    },
    ({ id, ...address }) => answer(async () => redactRequest(await client.status(id, address))),
  );

  server.registerTool(
    'list_failures',
    {
      title: 'List groups of failures',
      description: 'Failed requests in groups of the same error, the latest seen first.',
      inputSchema: z.strictObject({ limit: Limit }),
      annotations: READING,
    },
    ({ limit }) => answer(async () => ({ groups: await firstOf(client.failures.list({ limit }), limit) })),
  );

  server.registerTool(
    'list_failed_requests',
    {
      title: 'List the requests of a group of failures',
      description: 'The failed requests of a group, the one that failed last first.',
      inputSchema: z.strictObject({ group: GroupId, limit: Limit }),
      annotations: READING,
    },
    ({ group, limit }) =>
      answer(async () => {
        const requests = await firstOf(client.failures.requests(group, { limit }), limit);
        return { requests: requests.map(redactRequest) };
      }),
  );

  server.registerTool(
    'list_limits',
    {
      title: 'List limits',
      description: 'The limits of requests that share a tenant, a topic or metadata, as they are configured.',
      annotations: READING,
    },
    () => answer(async () => ({ limits: await client.limits.list() })),
  );

  server.registerTool(
    'get_limit',
    {
      title: 'Show a limit',
      description: 'What one value of a key allows now, and how many of its requests run and wait.',
      inputSchema: z.strictObject({
        key: z.string().describe('tenant, topic, all or metadata.NAME'),
        value: z.string().optional().describe('Which tenant, topic or value; none for all.'),
      }),
      annotations: READING,
    },
    ({ key, value }) => answer(() => client.limits.get(key, value)),
  );

  server.registerTool(
    'get_batch',
    {
      title: 'Show a batch',
      description: 'How many items of a batch have which status, and when it ends.',
      inputSchema: z.strictObject({ id: z.string().min(1).describe('The ticket of the batch.') }),
      annotations: READING,
    },
    ({ id }) => answer(async () => redactBatch(await client.batches.get(id))),
  );

  server.registerTool(
    'list_schedules',
    {
      title: 'List schedules',
      description: 'The recurring schedules with their last and next runs.',
      annotations: READING,
    },
    () => answer(async () => ({ schedules: await client.schedules.list() })),
  );

  server.registerTool(
    'list_webhook_endpoints',
    {
      title: 'List webhook endpoints',
      description: 'The endpoints that outcomes are sent to, and whether they work. Without secrets.',
      annotations: READING,
    },
    () => answer(async () => ({ endpoints: (await client.webhookEndpoints.list()).map(redactEndpoint) })),
  );

  server.registerTool(
    'list_actions',
    {
      title: 'Log of operations',
      description:
        'The actions on many requests, newest first: who planned what, for how many requests, and what became of it.',
      inputSchema: z.strictObject({ limit: Limit }),
      annotations: READING,
    },
    ({ limit }) =>
      answer(async () => ({
        actions: (await firstOf(client.actions.list({ limit }), limit)).map(redactAction),
      })),
  );

  server.registerTool(
    'get_action',
    {
      title: 'Show an action',
      description: 'An action on many requests, and how far it is.',
      inputSchema: z.strictObject({ id: ActionId }),
      annotations: READING,
    },
    ({ id }) => answer(async () => redactAction(await client.actions.get(id))),
  );
}

/** The first items of a list. */
async function firstOf<Item>(items: AsyncIterable<Item>, limit: number): Promise<Item[]> {
  const first: Item[] = [];
  for await (const item of items) {
    first.push(item);
    if (first.length === limit) break;
  }
  return first;
}
