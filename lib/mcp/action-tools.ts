import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { CoatcheckClient } from '../client/index.ts';
import { ACTION_KINDS, MAX_ACTION_RATE, MAX_FILTER_IDS, MAX_REASON_LENGTH } from '../core/model/action.ts';
import { REQUEST_STATUSES } from '../core/model/request-record.ts';
import { ActionId } from './action-id.ts';
import { answer } from './answer.ts';
import { KnownMetadata, MetadataValues } from './known-metadata.ts';
import { redactAction } from './redact.ts';
import { SeenPlan } from './seen-plan.ts';

const Time = z.iso.datetime({ offset: true });

const Filter = z
  .strictObject({
    ids: z.array(z.string()).min(1).max(MAX_FILTER_IDS).optional(),
    failureGroup: z.string().optional(),
    code: z.string().optional(),
    tenant: z.string().optional().describe('An empty one selects requests without a tenant.'),
    topic: z.string().optional(),
    status: z.enum(REQUEST_STATUSES).optional(),
    handlerVersion: z.string().optional(),
    metadata: KnownMetadata.optional(),
    since: Time.optional().describe('Ended since then, or submitted since then if it has not ended.'),
    until: Time.optional().describe('Ended before then, or submitted before then if it has not ended.'),
    createdSince: Time.optional().describe('Submitted since then.'),
    createdUntil: Time.optional().describe('Submitted before then.'),
  })
  .describe('All of its members must match. It has at least one.');

const NewAction = z.strictObject({
  action: z.enum(ACTION_KINDS),
  filter: Filter,
  rate: z.int().min(1).max(MAX_ACTION_RATE).optional().describe('Most requests in a second.'),
  canary: z
    .strictObject({ percent: z.int().min(1).max(100), stopAbovePercent: z.int().min(0).max(99) })
    .optional()
    .describe('Handles a part first, and stops if more than stopAbovePercent of it fails again.'),
  reason: z.string().max(MAX_REASON_LENGTH).optional().describe('Why, for the log of operations.'),
  payload: z
    .strictObject({
      text: z.string(),
      contentType: z.string().optional(),
      metadata: MetadataValues.optional(),
    })
    .optional()
    .describe('For a retry of one request: replaces its payload.'),
});

/** Adds the tools that act on many requests. A change takes two calls: one lists the requests, the other one handles these. */
export function addActionTools(server: McpServer, client: CoatcheckClient): void {
  server.registerTool(
    'plan_action',
    {
      title: 'Plan an action',
      description:
        'Lists the requests that an action would handle, and changes none of them. redrive puts dead-lettered requests back, purge deletes dead letters, cancel cancels requests that have not ended, retry submits the payloads of failed requests again as new requests, rehearse runs dead-lettered requests once and keeps nothing of it: its progress counts those that would succeed as done and those that would fail as failed. Show the plan to the operator before you apply it.',
      inputSchema: NewAction,
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    (action) => answer(async () => redactAction(await client.actions.plan(action))),
  );

  server.registerTool(
    'apply_action',
    {
      title: 'Apply a plan',
      description:
        'Handles the requests that a plan lists, and no others. Only after the operator has agreed to this plan.',
      inputSchema: SeenPlan,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ id, ...seen }, { mcpReq: { signal } }) =>
      answer(async () => redactAction(await client.actions.apply(id, seen, { signal }))),
  );

  server.registerTool(
    'abort_action',
    {
      title: 'Abort an action',
      description: 'Ends an action that runs, or drops a plan. Requests that were handled stay handled.',
      inputSchema: z.strictObject({ id: ActionId }),
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: true,
        openWorldHint: false,
      },
    },
    ({ id }) => answer(async () => redactAction(await client.actions.abort(id))),
  );
}
