import type { Client } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { PLAN_MILLISECONDS } from '../../lib/core/model/action.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { all } from '../support/all.ts';
import { manyRecords, openConsoleService } from '../support/console-service.ts';
import { eventually } from '../support/eventually.ts';
import { actingAgent, call } from '../support/mcp-agent.ts';
import { openServedService } from '../support/served-service.ts';
import { callOf, httpReceiver, type ReceivedCall, webhookIdOf } from '../webhooks/receiver.ts';

const ACME = { key: 'tenant', value: 'acme' };

const NIGHTLY = { name: 'nightly', cron: '0 3 * * *', text: 'x' };

async function open(handler?: Handler) {
  const opened = await openConsoleService({ handler, limits: [{ key: 'tenant', concurrency: 5 }] });
  onTestFinished(() => opened[Symbol.asyncDispose]());
  const clock = { aheadBy: 0 };
  const agent = await actingAgent(opened.client, () => Date.now() + clock.aheadBy);
  return { ...opened, clock, agent };
}

async function planOf(agent: Client, change: object) {
  const { value, isError } = await call(agent, 'plan_change', { change });
  expect([isError, value]).toEqual([false, expect.anything()]);
  return value;
}

async function apply(agent: Client, { id, count, hash }: Record<'id' | 'count' | 'hash', unknown>) {
  return call(agent, 'apply_change', { id, count, hash });
}

async function change(agent: Client, given: object) {
  const { isError, value } = await apply(agent, await planOf(agent, given));
  expect([isError, value]).toEqual([false, expect.anything()]);
  return value;
}

function soon(): string {
  return new Date(Date.now() + 600_000).toISOString();
}

test('a plan of a change shows what is there now, and changes nothing', async () => {
  const { agent, client } = await open();
  const plan = await planOf(agent, { kind: 'change_limit', ...ACME, concurrency: 2 });
  expect(plan).toMatchObject({
    count: 1,
    hash: expect.stringMatching(/^[\da-f]{64}$/),
    change: { kind: 'change_limit', concurrency: 2 },
    now: { ...ACME, concurrency: 5 },
  });
  expect(Date.parse(plan.expiresAt)).toBeGreaterThan(Date.now() + PLAN_MILLISECONDS - 60_000);
  expect(await client.limits.get('tenant', 'acme')).toMatchObject({ concurrency: 5 });
  expect(await apply(agent, plan)).toMatchObject({ isError: false, value: { concurrency: 2 } });
  expect(await client.limits.get('tenant', 'acme')).toMatchObject({ concurrency: 2 });
});

test('a limit is paused, resumed and reset', async () => {
  const { agent, client } = await open();
  const limit = () => client.limits.get('tenant', 'acme');
  const until = soon();
  await change(agent, { kind: 'pause_limit', ...ACME, until });
  expect(await limit()).toMatchObject({ pausedUntil: until });
  await change(agent, { kind: 'resume_limit', ...ACME });
  expect(await limit()).not.toHaveProperty('pausedUntil');
  await change(agent, { kind: 'change_limit', ...ACME, rate: '10/min' });
  expect(await limit()).toMatchObject({ concurrency: 5, rate: '10/min' });
  await change(agent, { kind: 'reset_limit', ...ACME });
  expect(await limit()).not.toHaveProperty('changed');
});

test('the service is paused and resumed', async () => {
  const { agent, client } = await open();
  const until = soon();
  await change(agent, { kind: 'pause_service', until, reason: 'The database moves' });
  expect((await client.serviceStatus()).pause).toMatchObject({ until, reason: 'The database moves' });
  expect(await planOf(agent, { kind: 'resume_service' })).toMatchObject({ now: { pause: { until } } });
  await change(agent, { kind: 'resume_service' });
  expect(await client.serviceStatus()).not.toHaveProperty('pause');
});

test('a schedule is paused, resumed, run and removed', async () => {
  const { agent, client } = await open();
  await client.schedules.put(NIGHTLY);
  await change(agent, { kind: 'pause_schedule', name: 'nightly' });
  expect(await client.schedules.get('nightly')).toHaveProperty('pausedAt');
  await change(agent, { kind: 'resume_schedule', name: 'nightly' });
  expect(await client.schedules.get('nightly')).not.toHaveProperty('pausedAt');
  const { id } = await change(agent, { kind: 'run_schedule', name: 'nightly' });
  expect(await client.status(id)).toMatchObject({ status: 'queued' });
  await change(agent, { kind: 'remove_schedule', name: 'nightly' });
  expect(await client.schedules.list()).toEqual([]);
});

test('runs of a schedule leave the plan of its change as it is', async () => {
  const { agent, client } = await open();
  await client.schedules.put(NIGHTLY);
  const plan = await planOf(agent, { kind: 'pause_schedule', name: 'nightly' });
  await client.schedules.run('nightly');
  expect(await apply(agent, plan)).toMatchObject({ isError: false });
});

test('a change that the agent cancels while the API refuses it is not made later', async () => {
  const { url } = await openServedService(undefined, { limits: [{ key: 'all', concurrency: 5 }] });
  const refused = Promise.withResolvers<void>();
  let refusals = 0;
  let isBusy = true;
  const client = new CoatcheckClient({
    baseUrl: url,
    retry: { attempts: 1_000_000, capMilliseconds: 1 },
    fetch: async (call, init) => {
      if (init?.method !== 'PUT' || !isBusy) return fetch(call, init);
      refusals++;
      refused.resolve();
      return Response.json(
        { type: 'about:blank', title: 'Busy', status: 503, code: 'busy' },
        { status: 503 },
      );
    },
  });
  const agent = await actingAgent(client);
  const { id, count, hash } = await planOf(agent, { kind: 'change_limit', key: 'all', concurrency: 2 });
  const cancelled = new AbortController();
  const applying = agent.callTool(
    { name: 'apply_change', arguments: { id, count, hash } },
    { signal: cancelled.signal },
  );
  applying.catch(() => {});
  await refused.promise;
  cancelled.abort(new Error('cancelled'));
  await expect(applying).rejects.toThrow();
  // The server learns of it after the agent.
  await eventually(async () => {
    const before = refusals;
    await client.limits.get('all');
    expect(refusals).toBe(before);
  });
  isBusy = false;
  for (let call = 0; call < 50; call++) {
    expect(await client.limits.get('all')).toMatchObject({ concurrency: 5 });
  }
});

test('an endpoint is disabled, enabled and tested, and gets outcomes again: those that its plan counts', async () => {
  const received: ReceivedCall[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    received.push(await callOf(request));
    response.end();
  });
  const { agent, client } = await open(() => 'done');
  const { id } = await client.webhookEndpoints.create({ url: `http://127.0.0.1:${port}/hooks` });
  const webhooks = () => new Set(received.map(webhookIdOf)).size;
  const begin = new Date().toISOString();
  for (const payload of ['1', '2', '3']) await client.wait((await client.submit(payload)).id);
  await eventually(() => expect(webhooks()).toBe(3));
  const status = async () => (await client.webhookEndpoints.get(id)).status;
  await change(agent, { kind: 'disable_webhook_endpoint', id });
  expect(await status()).toBe('disabled');
  await change(agent, { kind: 'enable_webhook_endpoint', id });
  expect(await status()).toBe('enabled');
  await change(agent, { kind: 'test_webhook_endpoint', id });
  await eventually(() => expect(webhooks()).toBe(4));

  const plan = await planOf(agent, { kind: 'replay_webhooks', id, from: begin });
  expect(plan).toMatchObject({ count: 3, now: { outcomes: 3, url: expect.stringContaining('/hooks') } });
  // Ends after the plan, so the plan doesn't list it. It is sent anyway.
  await client.wait((await client.submit('4')).id);
  await eventually(() => expect(webhooks()).toBe(5));
  const before = received.length;
  expect(await apply(agent, plan)).toMatchObject({ isError: false, value: { sent: 3 } });
  await eventually(() => expect(received.length).toBeGreaterThanOrEqual(before + 3));
  expect(webhooks()).toBe(5);
});

test('an agent sees that an endpoint fails, and no text of its receiver', async () => {
  const { agent, client } = await open(() => 'done');
  const { id } = await client.webhookEndpoints.create({ url: 'http://127.0.0.1:9/hooks' });
  await client.wait((await client.submit('x')).id);
  await eventually(async () => expect((await client.webhookEndpoints.get(id)).lastError).toBeDefined());
  const { value } = await call(agent, 'list_webhook_endpoints');
  expect(value.endpoints).toMatchObject([{ id, failingSince: expect.any(String) }]);
  const disabled = await change(agent, { kind: 'disable_webhook_endpoint', id });
  expect(JSON.stringify([value, disabled])).not.toContain('lastError');
});

test('the webhooks of a request are sent again', async () => {
  const received: ReceivedCall[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    received.push(await callOf(request));
    response.end();
  });
  const { agent, client } = await open(() => 'secret result');
  const { id } = await client.submit('x', { callbackUrl: `http://127.0.0.1:${port}/callback` });
  await eventually(async () => expect((await client.status(id)).webhook?.status).toBe('delivered'));
  const repeated = await change(agent, { kind: 'repeat_webhook', request: id });
  await eventually(() => expect(received.length).toBeGreaterThanOrEqual(2));
  expect(new Set(received.map(webhookIdOf)).size).toBe(1);
  expect(JSON.stringify(repeated)).not.toContain('secret');
});

test('an agent finds the requests of a tenant', async () => {
  const { agent, write } = await open();
  const [record] = manyRecords(1);
  if (!record) throw new Error('There is no record');
  await write([{ ...record, request: { ...record.request, id: 'theirs', tenant: 'acme' } }]);
  const found = { id: 'theirs', status: 'queued' };
  expect(await call(agent, 'list_requests', { tenant: 'acme' })).toMatchObject({
    value: { requests: [found] },
  });
  expect(await call(agent, 'get_request', { id: 'theirs', tenant: 'acme' })).toMatchObject({ value: found });
  expect((await call(agent, 'get_request', { id: 'theirs' })).isError).toBe(true);
  const given = { kind: 'repeat_webhook', request: 'theirs', tenant: 'acme' };
  expect(await planOf(agent, given)).toMatchObject({ now: found });
});

test('a batch is cancelled: its plan counts the items that have not ended', async () => {
  const { agent, client } = await open();
  const { id } = await client.batches.create();
  await client.batches.add(id, [
    { key: 'a', text: '1' },
    { key: 'b', text: '2' },
  ]);
  const plan = await planOf(agent, { kind: 'cancel_batch', id });
  expect(plan).toMatchObject({ count: 2, now: { id, status: 'open', total: 2 } });
  await client.batches.add(id, [{ key: 'c', text: '3' }]);
  expect(await apply(agent, plan)).toMatchObject({ isError: true, value: { code: 'plan_changed' } });
  await change(agent, { kind: 'cancel_batch', id });
  const { status } = await client.batches.wait(id);
  expect(status).toBe('cancelled');
  expect(await call(agent, 'plan_change', { change: { kind: 'cancel_batch', id } })).toMatchObject({
    isError: true,
    value: { code: 'change_invalid', message: `The batch ${id} can't be cancelled: it is cancelled` },
  });
});

test('a note of a failure is set', async () => {
  const { agent, client } = await open(() => {
    throw new PermanentError('no', { code: 'csv_invalid' });
  });
  await client.wait((await client.submit('x')).id);
  const [failure] = await all(client.failures.list());
  const group = failure?.id ?? '';
  await change(agent, { kind: 'note_failure', group, text: 'The supplier knows' });
  expect((await client.failures.get(group)).note).toMatchObject({ text: 'The supplier knows' });
});

test('an agent retries a request with another payload', async () => {
  const { agent, client } = await open(async (request) => {
    if ((await request.text()) === 'wrong') throw new PermanentError('no', { code: 'csv_invalid' });
    return 'done';
  });
  const { id } = await client.submit('wrong');
  await client.wait(id);
  const { value: plan } = await call(agent, 'plan_action', {
    action: 'retry',
    filter: { ids: [id] },
    payload: { text: 'right', contentType: 'text/plain' },
  });
  expect(plan).toMatchObject({ count: 1, payload: { size: 5, contentType: 'text/plain' } });
  const { count, hash } = plan;
  expect(await call(agent, 'apply_action', { id: plan.id, count, hash })).toMatchObject({ isError: false });
  await client.actions.wait(plan.id);
  const [line] = await all(client.actions.requests(plan.id));
  expect(await client.wait(line?.retriedAs ?? '')).toMatchObject({ status: 'succeeded' });
});

test('a plan is applied once, even by two calls at the same time', async () => {
  const { agent, client } = await open();
  await client.schedules.put(NIGHTLY);
  const plan = await planOf(agent, { kind: 'run_schedule', name: 'nightly' });
  const answers = await Promise.all([apply(agent, plan), apply(agent, plan)]);
  expect(answers.map(({ isError }) => isError).toSorted()).toEqual([false, true]);
  expect(await apply(agent, plan)).toMatchObject({ isError: true, value: { code: 'plan_unknown' } });
  expect((await client.listPage()).requests).toHaveLength(1);
});

test('of two plans for the same limit, one is refused, also when they are applied at the same time', async () => {
  const { agent, client } = await open();
  const plans = await Promise.all(
    [2, 3].map((concurrency) => planOf(agent, { kind: 'change_limit', ...ACME, concurrency })),
  );
  const [first, second] = await Promise.all(plans.map((plan) => apply(agent, plan)));
  expect(first).toMatchObject({ isError: false });
  expect(second).toMatchObject({ isError: true, value: { code: 'plan_changed' } });
  expect(await client.limits.get('tenant', 'acme')).toMatchObject({ concurrency: 2 });
});

test('a plan is refused that expires while the service does not answer', async () => {
  const { url } = await openServedService(undefined, { limits: [{ key: 'all', concurrency: 5 }] });
  const clock = { aheadBy: 0 };
  const client = new CoatcheckClient({
    baseUrl: url,
    fetch: (call, init) => {
      clock.aheadBy += PLAN_MILLISECONDS / 2;
      return fetch(call, init);
    },
  });
  const agent = await actingAgent(client, () => Date.now() + clock.aheadBy);
  const wanted = { kind: 'change_limit', key: 'all', concurrency: 2 };
  const plan = await planOf(agent, wanted);
  clock.aheadBy += PLAN_MILLISECONDS / 2;
  expect(await apply(agent, plan)).toMatchObject({ isError: true, value: { code: 'plan_expired' } });
  expect(await client.limits.get('all')).toMatchObject({ concurrency: 5 });
});

test('a plan is refused when what it changes has changed, after 15 minutes, and by another server', async () => {
  const { agent, client, clock } = await open();
  const wanted = { kind: 'change_limit', ...ACME, concurrency: 2 };
  const changed = await planOf(agent, wanted);
  await client.limits.change('tenant', 'acme', { concurrency: 9 });
  expect(await apply(agent, changed)).toMatchObject({ isError: true, value: { code: 'plan_changed' } });

  const late = await planOf(agent, wanted);
  clock.aheadBy += PLAN_MILLISECONDS;
  expect(await apply(agent, late)).toMatchObject({ isError: true, value: { code: 'plan_expired' } });

  const foreign = await planOf(await actingAgent(client), wanted);
  expect(await apply(agent, foreign)).toMatchObject({ isError: true, value: { code: 'plan_unknown' } });
  expect(await client.limits.get('tenant', 'acme')).toMatchObject({ concurrency: 9 });
});

test.each([
  [{ kind: 'pause_limit', ...ACME, until: '2020-01-01T00:00:00Z' }, 'until must be later than now'],
  [{ kind: 'pause_service', until: '2020-01-01T00:00:00Z', reason: 'x' }, 'until must be later than now'],
  [{ kind: 'pause_schedule', name: 'unknown' }, 'There is no schedule \\"unknown\\"'],
  [{ kind: 'test_webhook_endpoint', id: 'unknown' }, "The webhook endpoint unknown doesn't exist"],
  [{ kind: 'change_limit', key: 'colour', value: 'x', concurrency: 1 }, 'colour'],
  [{ kind: 'change_limit', ...ACME }, 'must have concurrency, rate or maxWaiting'],
  [{ kind: 'change_limit', ...ACME, rate: '0/min' }, 'must be a whole number from 1, and /s, /min or /h'],
  [{ kind: 'delete_everything' }, 'kind'],
  [{ kind: 'reset_limit', ...ACME, also: 'x' }, 'also'],
])('%j can not be planned', async (given, message) => {
  const { agent } = await open();
  const { isError, value } = await call(agent, 'plan_change', { change: given });
  expect(isError).toBe(true);
  expect(JSON.stringify(value)).toContain(message);
});
