import type { Client } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { eventually } from '../support/eventually.ts';
import { agentOf, call } from '../support/mcp-agent.ts';
import { openServedService } from '../support/served-service.ts';
import type { TestClock } from '../support/test-clock.ts';

const TOPICS = ['orders', 'reports'] as const;

/** A plan that the agent saw. */
interface Plan {
  readonly id: string;
  readonly count: number;
  readonly hash: string;
  readonly sample: readonly { readonly id: string }[];
}

const index = fc.nat(9);

/** What an agent and the senders of requests do. */
const step = fc.oneof(
  fc.record({ type: fc.constant('submit' as const), topic: fc.constantFrom(...TOPICS) }),
  fc.record({ type: fc.constant('plan' as const), topic: fc.constantFrom(...TOPICS) }),
  fc.record({
    type: fc.constant('apply' as const),
    plan: index,
    // The plan whose count and hash it gives, which need not be the same.
    seen: index,
    text: fc.option(fc.string(), { freq: 5 }),
  }),
  fc.record({ type: fc.constant('abort' as const), plan: index }),
);

test('whatever an agent calls, only requests that an applied plan listed are changed', async () => {
  const { url, clock } = await openServedService(undefined);
  const service = new CoatcheckClient({ baseUrl: url });
  const agent = await agentOf(url, '--allow-actions');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      const before = await cancelled(service);
      const plans: Plan[] = [];
      const allowed = new Set<string>();
      const applied: string[] = [];
      for (const taken of steps) {
        if (taken.type === 'submit') await service.submit('x', { topic: taken.topic });
        else if (taken.type === 'plan') plans.push(await planOf(agent, taken.topic));
        else {
          const plan = plans[taken.plan];
          if (!plan) continue;
          if (taken.type === 'abort') await call(agent, 'abort_action', { id: plan.id });
          else {
            const seen = plans[taken.seen] ?? plan;
            const id = taken.text ?? plan.id;
            const { isError } = await call(agent, 'apply_action', { id, count: seen.count, hash: seen.hash });
            if (isError) continue;
            expect([id, seen.hash, seen.count]).toEqual([plan.id, plan.hash, plan.count]);
            applied.push(id);
            for (const request of plan.sample) allowed.add(request.id);
          }
        }
      }
      for (const id of applied) await ended(agent, id, clock);
      const changed = [...(await cancelled(service))].filter((id) => !before.has(id));
      expect(changed.filter((id) => !allowed.has(id))).toEqual([]);
      await clear(agent, clock);
    }),
    { numRuns: 25 },
  );
});

async function planOf(agent: Client, topic: string): Promise<Plan> {
  return (await call(agent, 'plan_action', { action: 'cancel', filter: { topic } })).value;
}

async function cancelled(service: CoatcheckClient): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { id } of service.list({ status: 'cancelled', limit: 100 })) ids.add(id);
  return ids;
}

async function ended(agent: Client, id: string, clock: TestClock): Promise<void> {
  await eventually(async () => {
    clock.advanceSeconds(1);
    expect((await call(agent, 'get_action', { id })).value.state).not.toBe('running');
  });
}

/** Cancels what waits, so that no plan lists more than its sample shows. */
async function clear(agent: Client, clock: TestClock): Promise<void> {
  for (const topic of TOPICS) {
    const { id, count, hash } = await planOf(agent, topic);
    await call(agent, 'apply_action', { id, count, hash });
    await ended(agent, id, clock);
  }
}
