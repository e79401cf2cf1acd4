import type { Client } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { CoatcheckClient } from '../../lib/client/index.ts';
import { openConsoleService } from '../support/console-service.ts';
import { actingAgent, call } from '../support/mcp-agent.ts';

const TENANTS = ['acme', 'globex'] as const;

const UNTIL = new Date(Date.now() + 3_600_000).toISOString();

/** What a plan of an agent looks like. */
interface Plan {
  readonly id: string;
  readonly count: number;
  readonly hash: string;
  readonly change: Wanted;
}

interface Wanted {
  readonly kind: string;
  readonly value?: string;
}

const tenant = fc.constantFrom(...TENANTS);

/** Changes, without the id of the endpoint. */
const wanted = fc.oneof(
  fc.record({
    kind: fc.constant('change_limit'),
    key: fc.constant('tenant'),
    value: tenant,
    concurrency: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant('pause_limit'),
    key: fc.constant('tenant'),
    value: tenant,
    until: fc.constant(UNTIL),
  }),
  fc.record({
    kind: fc.constantFrom('resume_limit', 'reset_limit'),
    key: fc.constant('tenant'),
    value: tenant,
  }),
  fc.record({
    kind: fc.constantFrom('pause_schedule', 'resume_schedule', 'run_schedule'),
    name: fc.constant('nightly'),
  }),
  fc.record({ kind: fc.constantFrom('enable_webhook_endpoint', 'disable_webhook_endpoint') }),
  fc.record({
    kind: fc.constant('pause_service'),
    until: fc.constant(UNTIL),
    reason: fc.constantFrom('one', 'two'),
  }),
  fc.record({ kind: fc.constant('resume_service') }),
);

/** Points at one of the plans made so far. */
const index = fc.nat(7);

const sometimes = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** What an agent does, and an operator beside it. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('plan' as const), wanted }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('apply' as const),
      plan: index,
      // Another plan whose count and hash the agent gives.
      seen: sometimes(index),
      text: sometimes(fc.string()),
    }),
  },
  fc.record({
    type: fc.constant('operate' as const),
    what: fc.constantFrom('limit', 'schedule', 'endpoint', 'pause'),
    value: tenant,
  }),
);

test('whatever an agent calls, only what an applied plan showed is changed, once, and as it was shown', async () => {
  const opened = await openConsoleService({ limits: [{ key: 'tenant', concurrency: 5 }] });
  onTestFinished(() => opened[Symbol.asyncDispose]());
  const { client } = opened;
  const agent = await actingAgent(client);
  await client.schedules.put({ name: 'nightly', cron: '0 3 * * *', text: 'x' });
  const { id: endpoint } = await client.webhookEndpoints.create({ url: 'http://127.0.0.1:9/hooks' });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const plans: { readonly plan: Plan; readonly shown: string | undefined }[] = [];
      const applied = new Set<string>();
      let before = await stateOf(client, endpoint);
      for (const taken of steps) {
        let allowed: string | undefined;
        if (taken.type === 'operate') {
          await operate(client, endpoint, taken.what, taken.value);
          before = await stateOf(client, endpoint);
        } else if (taken.type === 'plan') {
          const plan = await planOf(agent, taken.wanted, endpoint);
          plans.push({ plan, shown: before.get(targetOf(plan.change)) });
        } else {
          const { plan, shown } = plans[taken.plan % plans.length] ?? {};
          if (!plan) continue;
          const target = targetOf(plan.change);
          const seen = taken.seen === undefined ? plan : (plans[taken.seen % plans.length]?.plan ?? plan);
          const id = taken.text ?? plan.id;
          const { isError } = await call(agent, 'apply_change', { id, count: seen.count, hash: seen.hash });
          if (!isError) {
            expect([id, seen.hash, applied.has(id)]).toEqual([plan.id, plan.hash, false]);
            expect(before.get(target)).toBe(shown);
            applied.add(id);
            allowed = target;
          }
        }
        const after = await stateOf(client, endpoint);
        for (const [target, state] of after) {
          // A run of a schedule is a request, and changes neither the schedule nor anything else.
          if (target !== allowed && !(target === 'requests' && allowed === 'schedule')) {
            expect([target, state]).toEqual([target, before.get(target)]);
          }
        }
        before = after;
      }
    }),
    { numRuns: 40 },
  );
});

async function planOf(agent: Client, change: Wanted, endpoint: string): Promise<Plan> {
  const id = change.kind.endsWith('endpoint') ? { id: endpoint } : {};
  return (await call(agent, 'plan_change', { change: { ...change, ...id } })).value;
}

/** What a change is allowed to change. */
function targetOf({ kind, value }: Wanted): string {
  if (kind.endsWith('limit')) return `limit ${value}`;
  if (kind.endsWith('schedule')) return 'schedule';
  return kind.endsWith('service') ? 'pause' : 'endpoint';
}

/** Everything that an agent could change, by target, as JSON. */
async function stateOf(client: CoatcheckClient, endpoint: string): Promise<Map<string, string>> {
  const state = new Map<string, unknown>();
  for (const value of TENANTS) {
    const { running: _running, ...limit } = await client.limits.get('tenant', value);
    state.set(`limit ${value}`, limit);
  }
  const { pausedAt, cron } = await client.schedules.get('nightly');
  state.set('schedule', { pausedAt, cron });
  state.set('endpoint', await client.webhookEndpoints.list());
  expect(state.get('endpoint')).toMatchObject([{ id: endpoint }]);
  state.set('pause', (await client.serviceStatus()).pause);
  state.set('requests', (await client.listPage({ limit: 100 })).requests.length);
  return new Map([...state].map(([target, value]) => [target, JSON.stringify(value)]));
}

/** Another operator's change. */
async function operate(
  client: CoatcheckClient,
  endpoint: string,
  what: string,
  value: string,
): Promise<void> {
  if (what === 'limit') await client.limits.change('tenant', value, { concurrency: 9 });
  else if (what === 'schedule') await client.schedules.pause('nightly');
  else if (what === 'endpoint') await client.webhookEndpoints.update(endpoint, { status: 'disabled' });
  else await client.pause({ until: UNTIL, reason: 'An operator paused it' });
}
