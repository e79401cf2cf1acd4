import { join } from 'node:path';
import { PermanentError, processor } from 'coatcheck';
import { openService, type Service, type ServiceOptions } from 'coatcheck/embedded';
import { beforeEach, expect, test } from 'vitest';
import { ACTION_KINDS, type ActionFilter } from '../../lib/core/model/action.ts';
import type { ActionView } from '../../lib/core/operations/action-view.ts';
import { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { copyDeadLetter } from '../support/dead-letters.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What the processor does now. */
let behaviour: { fails: boolean; runs: Map<string, number>; ids: Map<string, string> };
let file: string;
beforeEach(async () => {
  behaviour = { fails: true, runs: new Map(), ids: new Map() };
  file = join(await temporaryFolder(), 'jobs.db');
});

const handler = processor(async (request) => {
  const text = await request.text();
  behaviour.ids.set(text, request.id);
  behaviour.runs.set(text, (behaviour.runs.get(text) ?? 0) + 1);
  if (text.startsWith('never')) throw new PermanentError('Not this one', { code: 'not_this' });
  if (behaviour.fails) throw Object.assign(new Error('Down'), { code: 'EDOWN' });
  return { text };
});

const logger = new CollectingLogger();

function open(options: Partial<ServiceOptions> = {}): Promise<Service> {
  return openService({ file, processor: handler, logger, settings: { maxAttempts: 1 }, ...options });
}

/** Submits requests that are dead-lettered. @returns their ids */
async function deadLettered(service: Service, count: number, tenant?: string): Promise<string[]> {
  const ids = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { id } = await service.submit(`request ${index} of ${tenant}`, { tenant });
      await service.wait(id, { tenant });
      return id;
    }),
  );
  await eventually(async () => {
    const { count: known } = await service.actions.plan({ action: 'purge', filter: { tenant, ids } });
    expect(known).toBe(count);
  });
  return ids;
}

/** Applies a plan and waits for its end. */
async function applied(service: Service, plan: ActionView): Promise<ActionView> {
  await service.actions.apply(plan.id, plan);
  return eventually(async () => {
    const action = await service.actions.get(plan.id);
    expect(action.state).not.toBe('running');
    return action;
  });
}

test('a redrive is planned without a change, and applied to what it lists', async () => {
  await using service = await open();
  const ids = await deadLettered(service, 30, 'blue');
  const [other = ''] = await deadLettered(service, 1, 'green');
  behaviour.fails = false;
  const plan = await service.actions.plan({
    action: 'redrive',
    filter: { tenant: 'blue', code: 'EDOWN' },
    rate: 1_000,
    reason: 'The downstream is up again',
    createdBy: 'key 0a1b',
  });
  expect(plan).toMatchObject({ state: 'planned', count: 30, progress: { handled: 0 } });
  expect(plan.sample).toHaveLength(20);
  expect(plan.sample[0]).toMatchObject({ tenant: 'blue', status: 'failed' });
  expect(await service.request(ids[0] ?? '', { tenant: 'blue' })).toMatchObject({ status: 'failed' });
  const ended = await applied(service, plan);
  expect(ended).toMatchObject({
    state: 'succeeded',
    progress: { handled: 30, done: 30, skipped: 0, failed: 0 },
  });
  for (const id of ids)
    expect(await service.wait(id, { tenant: 'blue' })).toMatchObject({ status: expect.any(String) });
  await eventually(async () => {
    for (const id of ids) expect((await service.request(id, { tenant: 'blue' }))?.status).toBe('succeeded');
  });
  expect([...behaviour.runs].filter(([text]) => text.endsWith('blue')).every(([, runs]) => runs === 2)).toBe(
    true,
  );
  expect(await service.request(other, { tenant: 'green' })).toMatchObject({ status: 'failed' });
  const { actions } = await service.actions.list(undefined, 1);
  expect(actions).toMatchObject([
    { id: plan.id, reason: 'The downstream is up again', createdBy: 'key 0a1b', state: 'succeeded' },
  ]);
  await expect(service.actions.apply(plan.id, plan)).rejects.toMatchObject({ code: 'action_not_planned' });
  await expect(service.actions.abort(plan.id)).rejects.toMatchObject({ code: 'action_over' });
});

test.each(ACTION_KINDS)('a %s is planned for the requests that were submitted in a time', async (action) => {
  await using service = await open({ processor: action === 'cancel' ? undefined : handler });
  const ids = [];
  for (let count = 0; count < 3; count++) {
    const [id = ''] = await submitted(service, {});
    ids.push(id);
    const { createdAt } = (await service.request(id)) ?? {};
    await eventually(async () => expect(Date.now()).toBeGreaterThan(Number(createdAt)));
  }
  await eventually(async () => {
    const all = await service.actions.plan({ action, filter: { since: 0 } });
    expect(all.count).toBe(3);
  });
  const [, second, third] = await Promise.all(ids.map((id) => service.request(id)));
  const [createdSince, createdUntil] = [Number(second?.createdAt), Number(third?.createdAt)];
  const listed = async (filter: ActionFilter) => {
    const { id } = await service.actions.plan({ action, filter });
    const { requests } = await service.actions.requests(id, undefined, 10);
    return requests.map((request) => request.id).toSorted();
  };
  expect(await listed({ createdSince })).toEqual(ids.slice(1).toSorted());
  expect(await listed({ createdUntil })).toEqual(ids.slice(0, 2).toSorted());
  expect(await listed({ createdSince, createdUntil })).toEqual([ids[1]]);
});

/** Submits requests without a tenant. @returns their ids */
function submitted(service: Service, ...all: readonly Readonly<Record<string, string>>[]): Promise<string[]> {
  return Promise.all(all.map(async (metadata) => (await service.submit('x', { metadata })).id));
}

test.each(ACTION_KINDS)('a %s is planned for the requests with metadata', async (action) => {
  const isCancelled = action === 'cancel';
  const processor = isCancelled ? undefined : handler;
  await using service = await open({ processor, recordMetadata: ['customer', 'order'] });
  const [first, second] = await submitted(
    service,
    { customer: 'acme', order: '17' },
    { customer: 'acme', order: '18', secret: 'x' },
    { customer: 'acme & co', order: '17' },
    { order: 'acme' },
    {},
  );
  await eventually(async () => {
    const all = await service.actions.plan({ action, filter: { since: 0 } });
    expect(all.count).toBe(5);
  });
  const listed = async (metadata: Readonly<Record<string, string>>) => {
    const { id, filter } = await service.actions.plan({ action, filter: { metadata } });
    expect(filter).toEqual({ metadata });
    const { requests } = await service.actions.requests(id, undefined, 10);
    return requests.map((request) => request.id).toSorted();
  };
  expect(await listed({ customer: 'acme' })).toEqual([first, second].toSorted());
  expect(await listed({ customer: 'acme', order: '17' })).toEqual([first]);
  expect(await listed({ customer: 'Acme' })).toEqual([]);
});

test('a plan for metadata is applied to no other requests', async () => {
  await using service = await open({ recordMetadata: ['customer'] });
  const [acme = '', other = ''] = await submitted(service, { customer: 'acme' }, { customer: 'other' });
  const plan = await eventually(async () => {
    expect(await service.actions.plan({ action: 'purge', filter: { since: 0 } })).toMatchObject({ count: 2 });
    return await service.actions.plan({ action: 'redrive', filter: { metadata: { customer: 'acme' } } });
  });
  behaviour.fails = false;
  expect(await applied(service, plan)).toMatchObject({ state: 'succeeded', progress: { done: 1 } });
  await eventually(async () => expect((await service.request(acme))?.status).toBe('succeeded'));
  expect((await service.request(other))?.status).toBe('failed');
});

test('of a dead letter whose record is gone, the message has the metadata', async () => {
  await using service = await open({ recordMetadata: ['customer'] });
  await using other = await SqliteFile.open(file);
  const [acme] = await submitted(service, { customer: 'acme' }, { customer: 'other' });
  await eventually(async () => {
    expect(await service.actions.plan({ action: 'purge', filter: { since: 0 } })).toMatchObject({ count: 2 });
  });
  await other.write(() => other.statement('DELETE FROM records').run());
  const { sample } = await service.actions.plan({
    action: 'purge',
    filter: { metadata: { customer: 'acme' } },
  });
  expect(sample.map(({ id }) => id)).toEqual([acme]);
});

test('a plan isn’t applied when its requests have changed, or for figures that aren’t its own', async () => {
  await using service = await open();
  await deadLettered(service, 2);
  const plan = await service.actions.plan({ action: 'redrive', filter: { code: 'EDOWN' } });
  const { id, hash, count } = plan;
  await expect(service.actions.apply(id, { hash, count: 3 })).rejects.toMatchObject({ code: 'plan_changed' });
  await expect(service.actions.apply(id, { hash: 'other', count })).rejects.toMatchObject({
    code: 'plan_changed',
  });
  await deadLettered(service, 1, 'late');
  await expect(service.actions.apply(id, plan)).rejects.toThrow('it lists 2, 3 match now');
  expect(await service.actions.get(id)).toMatchObject({ state: 'planned', progress: { handled: 0 } });
  expect(await service.actions.abort(id)).toMatchObject({ state: 'aborted' });
  expect(await service.actions.abort(id)).toMatchObject({ state: 'aborted' });
  await expect(service.actions.get('other')).rejects.toMatchObject({ code: 'action_unknown' });
});

test('a purge deletes dead letters, and no record', async () => {
  await using service = await open();
  const [id = ''] = await deadLettered(service, 3);
  const plan = await service.actions.plan({ action: 'purge', filter: { ids: [id] } });
  expect(await applied(service, plan)).toMatchObject({ state: 'succeeded', progress: { done: 1 } });
  expect(await service.request(id)).toMatchObject({ status: 'failed' });
  expect(await service.redrive()).toBe(2);
});

test('requests that wait are cancelled', async () => {
  await using service = await open({ processor: undefined });
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) ids.push((await service.submit('one', { topic: 'images' })).id);
  const { id: later } = await service.submit('one', {
    topic: 'images',
    notBefore: new Date(Date.now() + 3_600_000),
  });
  const { id: other } = await service.submit('one', { topic: 'texts' });
  const plan = await service.actions.plan({ action: 'cancel', filter: { topic: 'images' } });
  expect(plan.count).toBe(6);
  expect(await applied(service, plan)).toMatchObject({ state: 'succeeded', progress: { done: 6 } });
  for (const id of [...ids, later]) expect((await service.request(id))?.status).toBe('cancelled');
  expect((await service.request(other))?.status).toBe('queued');
});

test('a retry is a new request, which takes the dead letter of the old one', async () => {
  await using service = await open();
  const [id = ''] = await deadLettered(service, 1, 'blue');
  behaviour.fails = false;
  const plan = await service.actions.plan({ action: 'retry', filter: { tenant: 'blue' } });
  expect(await applied(service, plan)).toMatchObject({ state: 'succeeded', progress: { done: 1 } });
  expect(await service.request(id, { tenant: 'blue' })).toMatchObject({ status: 'failed' });
  await eventually(() => expect(behaviour.runs.get('request 0 of blue')).toBe(2));
  const retried = behaviour.ids.get('request 0 of blue') ?? '';
  expect(await service.wait(retried, { tenant: 'blue' })).toMatchObject({ status: 'succeeded' });
  expect(await service.request(retried, { tenant: 'blue' })).toMatchObject({ retryOf: id });
  expect(await service.redrive()).toBe(0);
  expect(await service.actions.plan({ action: 'retry', filter: { tenant: 'blue' } })).toMatchObject({
    count: 0,
  });
});

test('of two dead letters of a request, the second is deleted when the first was retried', async () => {
  await using service = await open();
  await using other = await SqliteFile.open(file);
  const [id = ''] = await deadLettered(service, 1);
  await copyDeadLetter(other, 0, Date.now());
  behaviour.fails = false;
  const retry = { action: 'retry', filter: { ids: [id] } } as const;
  expect(await applied(service, await service.actions.plan(retry))).toMatchObject({ progress: { done: 1 } });
  await eventually(() => expect(behaviour.runs.get('request 0 of undefined')).toBe(2));
  const later = await applied(service, await service.actions.plan(retry));
  const retriedAs = behaviour.ids.get('request 0 of undefined');
  const { requests } = await service.actions.requests(later.id, undefined, 10);
  expect(requests).toMatchObject([
    { id, result: 'skipped', detail: `it was retried before, as ${retriedAs}`, retriedAs },
  ]);
  expect(await service.redrive()).toBe(0);
});

test('one request is retried with another payload, dead-lettered or not', async () => {
  await using service = await open();
  behaviour.fails = false;
  const { id } = await service.submit('never', { topic: 'images' });
  await service.wait(id);
  const payload = { base64: Buffer.from('edited').toString('base64'), contentType: 'text/plain' };
  const plan = await service.actions.plan({ action: 'retry', filter: { ids: [id] }, payload });
  expect(plan).toMatchObject({ count: 1 });
  expect(plan.payload).toEqual({ size: 6, contentType: 'text/plain' });
  expect(await applied(service, plan)).toMatchObject({ progress: { done: 1 } });
  await eventually(() => expect(behaviour.runs.get('edited')).toBe(1));
  const retried = await service.request(behaviour.ids.get('edited') ?? '');
  expect(retried).toMatchObject({ retryOf: id, topic: 'images' });
});

test('a canary whose requests fail again stops its action', async () => {
  await using service = await open();
  await deadLettered(service, 20);
  const plan = await service.actions.plan({
    action: 'redrive',
    filter: { code: 'EDOWN' },
    canary: { percent: 10, stopAbovePercent: 50 },
  });
  expect(await applied(service, plan)).toMatchObject({
    state: 'stopped',
    stoppedBecause: '2 of the first 2 requests failed again, which is more than 50%',
    progress: { handled: 2, done: 2 },
  });
  await eventually(async () => expect(await service.redrive()).toBe(20));
});

test('a canary whose requests succeed lets its action go on', async () => {
  await using service = await open();
  await deadLettered(service, 20);
  behaviour.fails = false;
  const canary = { percent: 1, stopAbovePercent: 0 };
  const plan = await service.actions.plan({
    action: 'retry',
    filter: { code: 'EDOWN' },
    canary,
    rate: 1_000,
  });
  expect(await applied(service, plan)).toMatchObject({ state: 'succeeded', progress: { done: 20 } });
});

test('an action that is aborted handles no further requests', async () => {
  await using service = await open();
  await deadLettered(service, 10);
  const plan = await service.actions.plan({ action: 'purge', filter: { code: 'EDOWN' }, rate: 1 });
  await service.actions.apply(plan.id, plan);
  await eventually(async () => expect((await service.actions.get(plan.id)).progress.done).toBeGreaterThan(0));
  const { progress } = await service.actions.abort(plan.id);
  expect(progress.done).toBeLessThan(10);
  expect(await service.redrive()).toBeGreaterThan(0);
});

test.each([
  [
    { action: 'redrive', filter: {} },
    'filter_empty',
    'filter must have at least one of ids, failureGroup, code',
  ],
  [
    { action: 'cancel', filter: { status: 'failed' } },
    'filter_invalid',
    'filter.status of cancel must be one of awaiting_upload',
  ],
  [
    { action: 'redrive', filter: { ids: [] } },
    'filter_invalid',
    'filter.ids must be 1 to 1000 ids of requests, got 0',
  ],
  [
    { action: 'redrive', filter: { since: 2, until: 1 } },
    'filter_invalid',
    'filter.since must be before until',
  ],
  [
    { action: 'cancel', filter: { since: Number.NaN } },
    'filter_invalid',
    'filter.since must be a time in the years 0000 to 9999, got an invalid date',
  ],
  [
    { action: 'cancel', filter: { createdUntil: 1e20 } },
    'filter_invalid',
    'filter.createdUntil must be a time in the years 0000 to 9999, got an invalid date',
  ],
  [
    { action: 'redrive', filter: { createdSince: 2, createdUntil: 2 } },
    'filter_invalid',
    'filter.createdSince must be before createdUntil, got 1970-01-01T00:00:00.002Z and 1970-01-01T00:00:00.002Z',
  ],
  [
    { action: 'redrive', filter: { metadata: {} } },
    'filter_invalid',
    'filter.metadata must have at least one key',
  ],
  [
    { action: 'redrive', filter: { metadata: { region: 'eu' } } },
    'metadata_undeclared',
    'got "metadata.region": the declared keys are metadata.customer',
  ],
  [
    { action: 'cancel', filter: { metadata: { customer: '' } } },
    'filter_invalid',
    'filter.metadata.customer must have a value, got ""',
  ],
  [
    { action: 'purge', filter: { code: 'x' }, canary: { percent: 1, stopAbovePercent: 1 } },
    'action_invalid',
    'canary is for actions whose requests run again, redrive and retry, got purge',
  ],
  [
    { action: 'redrive', filter: { code: 'x' }, canary: { percent: 0, stopAbovePercent: 1 } },
    'action_invalid',
    'canary.percent must be a whole number from 1 to 100, got 0',
  ],
  [
    { action: 'redrive', filter: { code: 'x' }, rate: 0.5 },
    'action_invalid',
    'rate must be a whole number from 1 to 1000, got 0.5',
  ],
  [
    { action: 'retry', filter: { code: 'x' }, payload: { base64: '', contentType: 'text/plain' } },
    'action_invalid',
    'payload is for a retry of one request',
  ],
  [
    { action: 'retry', filter: { code: 'x' }, reason: 'x'.repeat(501) },
    'action_invalid',
    'reason has at most 500 characters, got 501',
  ],
] as const)('a plan is refused: %#', async (request, code, message) => {
  await using service = await open({ processor: undefined, recordMetadata: ['customer'] });
  const planning = service.actions.plan(request);
  await expect(planning).rejects.toMatchObject({ code });
  await expect(planning).rejects.toThrow(message);
});
