import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { answer } from './answer.ts';
import type { ChangePlans } from './change-plans.ts';
import { NewChange } from './changes/change-of.ts';
import { SeenPlan } from './seen-plan.ts';

/** Adds the tools that change something other than requests. As with actions, a change takes a plan and its application. */
export function addChangeTools(server: McpServer, plans: ChangePlans): void {
  server.registerTool(
    'plan_change',
    {
      title: 'Plan a change',
      description:
        'Plans a change of a limit, a schedule, a webhook endpoint, a batch, a note or a pause of the service: shows the current state of what it would change, and changes nothing. Show the plan to the operator before you apply it.',
      inputSchema: z.strictObject({ change: NewChange }),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ change }, { mcpReq: { signal } }) => answer(() => plans.plan(change, signal)),
  );

  server.registerTool(
    'apply_change',
    {
      title: 'Apply a planned change',
      description:
        'Makes the change that plan_change planned, once, if nothing that the plan shows has changed. Only after the operator has agreed to this plan.',
      inputSchema: SeenPlan,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    (seen, { mcpReq: { signal } }) => answer(() => plans.apply(seen, signal)),
  );
}
