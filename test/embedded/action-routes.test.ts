import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Action, bearer, CoatcheckClient } from 'coatcheck/client';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ActionPage, ActionRequestPage, Action as ActionSchema } from '../../lib/api/action-schemas.ts';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { all } from '../support/all.ts';
import { exactly } from '../support/api-answers.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';
const OPERATOR = 'o'.repeat(32);
const COLLEAGUE = 'p'.repeat(32);
const CALLER = 'c'.repeat(32);

let fails: boolean;
let service: Service;
let fetch: typeof globalThis.fetch;
let client: CoatcheckClient;
let logger: CollectingLogger;

beforeEach(async () => {
  fails = true;
  const file = join(await temporaryFolder(), 'service.db');
  const settings = { maxAttempts: 1 };
  logger = new CollectingLogger();
  const parts = await openParts({ file, logger, settings, recordMetadata: ['customer'] }, Date);
  const processor = defineProcessor(async (request) => {
    if (fails) throw Object.assign(new Error('Down'), { code: 'EDOWN' });
    return request.json();
  });
  service = new Service({ ...parts, processor });
  onTestFinished(() => service.close());
  const apiKeys = { callers: [CALLER], operators: [OPERATOR, COLLEAGUE] };
  const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32), apiKeys });
  fetch = async (input, init) => app.fetch(new Request(input, init));
  client = new CoatcheckClient({ baseUrl: BASE_URL, fetch, auth: bearer(OPERATOR) });
});

/** @returns the status and the body of the answer */
async function call(method: string, path: string, body?: unknown, key = OPERATOR) {
  const answer = await fetch(`${BASE_URL}/v1/actions${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** Submits a request that is dead-lettered. @returns its id */
async function deadLettered(value: unknown): Promise<string> {
  const { id } = await client.submitJson(value);
  expect(await client.wait(id)).toMatchObject({ status: 'failed' });
  return eventually(async () => {
    expect(await client.actions.plan({ action: 'purge', filter: { ids: [id] } })).toMatchObject({ count: 1 });
    return id;
  });
}

test('an operator plans, applies and looks at an action by the client', async () => {
  const id = await deadLettered({ order: 1 });
  fails = false;
  const plan = await client.actions.plan({
    action: 'retry',
    filter: { code: 'EDOWN', since: new Date(Date.now() - 60_000) },
    rate: 1_000,
    canary: { percent: 50, stopAbovePercent: 10 },
    reason: 'Up again',
  });
  expect(plan).toMatchObject({ state: 'planned', count: 1, sample: [{ id, status: 'failed' }] });
  expect(plan.createdBy).toMatch(/^key [0-9a-f]{8}$/);
  const seen: Action[] = [];
  await client.actions.apply(plan.id, plan);
  const ended = await client.actions.wait(plan.id, { onChange: (action) => seen.push(action) });
  expect(ended).toMatchObject({
    state: 'succeeded',
    progress: { handled: 1, done: 1, skipped: 0, failed: 0 },
  });
  expect(seen.at(-1)).toEqual(ended);
  const [listed] = await all(client.actions.requests(plan.id));
  expect(listed).toMatchObject({ id, status: 'failed', result: 'done' });
  expect(await client.wait(listed?.retriedAs ?? '')).toMatchObject({ status: 'succeeded', retryOf: id });
  const [newest] = await all(client.actions.list({ limit: 1 }));
  expect(newest).toEqual(ended);
  await expect(client.actions.abort(plan.id)).rejects.toMatchObject({ code: 'action_over', status: 409 });
});

test('the log says who applied an action and who aborted one, and not only who planned it', async () => {
  const filter = { ids: [await deadLettered({ order: 1 })] };
  const plan = () => client.actions.plan({ action: 'purge', filter, reason: 'Test data' });
  const [aborted, applied] = [await plan(), await plan()];
  for (let times = 0; times < 2; times++) {
    expect((await call('POST', `/${aborted.id}/abort`, undefined, COLLEAGUE)).status).toBe(200);
  }
  const { hash, count, createdBy } = applied;
  expect((await call('POST', `/${applied.id}/apply`, { hash, count }, COLLEAGUE)).status).toBe(202);
  await client.actions.wait(applied.id);
  const logged = logger.lines.filter(({ message }) => message.startsWith('An action '));
  const by = logged[0]?.fields.by;
  expect(by).toMatch(/^key [0-9a-f]{8}$/);
  expect(by).not.toBe(createdBy);
  expect(logged.map(({ message, fields }) => [message, fields.action, fields.by, fields.createdBy])).toEqual([
    ['An action was aborted', aborted.id, by, createdBy],
    ['An action was applied', applied.id, by, createdBy],
    ['An action has ended', applied.id, undefined, createdBy],
  ]);
});

test('one request is retried with another payload', async () => {
  const id = await deadLettered({ order: 1 });
  fails = false;
  const plan = await client.actions.plan({
    action: 'retry',
    filter: { ids: [id] },
    payload: { json: { order: 2 } },
  });
  expect(plan.payload).toEqual({ size: 11, contentType: 'application/json' });
  expect(await (await client.actions.payload(plan.id)).json()).toEqual({ order: 2 });
  const other = await client.actions.plan({ action: 'retry', filter: { ids: [id] } });
  expect(await call('GET', `/${other.id}/payload`)).toMatchObject({
    status: 404,
    body: { code: 'action_payload_unknown' },
  });
  expect(await call('GET', `/${plan.id}/payload`, undefined, CALLER)).toMatchObject({
    status: 403,
    body: { code: 'operator_required' },
  });
  await client.actions.apply(plan.id, plan);
  await client.actions.wait(plan.id);
  const [listed] = await all(client.actions.requests(plan.id));
  const retried = listed?.retriedAs ?? '';
  await client.wait(retried);
  expect(await (await client.result(retried)).json()).toEqual({ order: 2 });
});

test('the answers are as the document of the API says', async () => {
  await deadLettered(1);
  await deadLettered(2);
  const planned = await call('POST', '', {
    action: 'redrive',
    filter: {
      since: '2026-01-01T00:00:00Z',
      until: '2100-01-01T00:00:00+01:00',
      createdSince: '2026-01-01T00:00:00.5Z',
      createdUntil: '2099-01-01T00:00:00Z',
      handlerVersion: '42',
      tenant: '',
      topic: 'none',
      metadata: { customer: 'acme' },
    },
  });
  expect(planned.status).toBe(201);
  const { id, hash, count, filter } = exactly(ActionSchema, planned.body);
  expect(filter).toEqual({
    since: '2026-01-01T00:00:00.000Z',
    until: '2099-12-31T23:00:00.000Z',
    createdSince: '2026-01-01T00:00:00.500Z',
    createdUntil: '2099-01-01T00:00:00.000Z',
    handlerVersion: '42',
    tenant: '',
    topic: 'none',
    metadata: { customer: 'acme' },
  });
  expect(count).toBe(0);
  expect(exactly(ActionSchema, (await call('GET', `/${id}`)).body)).toMatchObject({ id, hash });
  const page = exactly(ActionPage, (await call('GET', '?limit=1')).body);
  expect(page.actions).toHaveLength(1);
  exactly(ActionPage, (await call('GET', `?limit=1&cursor=${page.next}`)).body);
  const all = await call('POST', '', { action: 'redrive', filter: { code: 'EDOWN' } });
  const first = exactly(ActionRequestPage, (await call('GET', `/${all.body.id}/requests?limit=1`)).body);
  const second = exactly(
    ActionRequestPage,
    (await call('GET', `/${all.body.id}/requests?limit=1&cursor=${first.next}`)).body,
  );
  expect([first, second].map(({ requests }) => requests.length)).toEqual([1, 1]);
  expect(second.next).toBeUndefined();
  const applied = await call('POST', `/${id}/apply`, { hash, count });
  expect([applied.status, exactly(ActionSchema, applied.body).state]).toEqual([202, 'running']);
  const aborted = await call('POST', `/${all.body.id}/abort`);
  expect([aborted.status, exactly(ActionSchema, aborted.body).state]).toEqual([200, 'aborted']);
});

test('only operators may', async () => {
  const plan = { action: 'purge', filter: { code: 'x' } };
  const calls = await Promise.all([
    call('POST', '', plan, CALLER),
    call('GET', '', undefined, CALLER),
    call('GET', '/x', undefined, CALLER),
    call('GET', '/x/requests', undefined, CALLER),
    call('POST', '/x/apply', { hash: 'x', count: 1 }, CALLER),
    call('POST', '/x/abort', undefined, CALLER),
  ]);
  for (const { status, body } of calls) expect([status, body.code]).toEqual([403, 'operator_required']);
});

test.each([
  ['', { action: 'burn', filter: { code: 'x' } }, 400, 'request_malformed'],
  ['', { action: 'purge', filter: {} }, 422, 'filter_empty'],
  ['', { action: 'purge', filter: { stauts: 'failed' } }, 400, 'request_malformed'],
  ['', { action: 'purge', filter: { since: 'yesterday' } }, 400, 'request_malformed'],
  ['', { action: 'purge', filter: { createdUntil: 'yesterday' } }, 400, 'request_malformed'],
  ['', { action: 'purge', filter: { metadata: { region: 'eu' } } }, 400, 'metadata_undeclared'],
  ['', { action: 'purge', filter: { metadata: { customer: 17 } } }, 400, 'request_malformed'],
  ['', { action: 'purge', filter: { metadata: { customer: '' } } }, 422, 'filter_invalid'],
  ['', { action: 'purge', filter: { code: 'x' }, rate: 0 }, 422, 'action_invalid'],
  ['', { action: 'retry', filter: { ids: ['x'] }, payload: {} }, 422, 'action_invalid'],
  ['/x/apply', { hash: 'x', count: 1 }, 404, 'action_unknown'],
  ['/x/abort', undefined, 404, 'action_unknown'],
] as const)('POST /v1/actions%s is refused: %#', async (path, body, status, code) => {
  expect(await call('POST', path, body)).toMatchObject({ status, body: { code } });
});

test('an unknown member of a filter is refused with those that are known', async () => {
  const { body } = await call('POST', '', { action: 'purge', filter: { stauts: 'failed' } });
  expect(body.detail).toContain(
    'this call takes ids, failureGroup, code, tenant, topic, status, handlerVersion, metadata, since, until, createdSince, createdUntil',
  );
});
