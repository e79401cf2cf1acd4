import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PermanentError, type ProcessorRequest, processor } from 'coatcheck';
import { openService, type Service, type ServiceOptions } from 'coatcheck/embedded';
import { beforeEach, expect, test } from 'vitest';
import type { ActionView } from '../../lib/core/operations/action-view.ts';
import { openServiceAt } from '../../lib/embedded/open-service.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ALL = { action: 'rehearse', filter: { since: 0 }, rate: 1_000 } as const;
const logger = new CollectingLogger();

let file: string;
beforeEach(async () => {
  file = join(await temporaryFolder(), 'jobs.db');
});

function open(handler: (request: ProcessorRequest) => unknown, options: Partial<ServiceOptions> = {}) {
  return openService({
    file,
    processor: processor(handler),
    logger,
    settings: { maxAttempts: 1 },
    ...options,
  });
}

/** Leaves dead letters with these payloads in the file. @returns the ids of their requests */
async function deadLettered(payloads: readonly string[]): Promise<string[]> {
  await using service = await open(() => {
    throw new Error('before the fix');
  });
  const ids: string[] = [];
  for (const payload of payloads) ids.push((await service.submit(payload)).id);
  await eventually(async () => {
    expect(await service.actions.plan({ action: 'purge', filter: { since: 0 } })).toMatchObject({
      count: payloads.length,
    });
  });
  return ids;
}

async function applied(service: Service, plan: ActionView): Promise<string> {
  return (await service.actions.apply(plan.id, plan)).id;
}

async function ended(service: Service, id: string): Promise<ActionView> {
  return eventually(async () => {
    const action = await service.actions.get(id);
    expect(action.state).not.toBe('running');
    return action;
  });
}

/** All rows of the file, without those of actions. */
function contentOf(): Record<string, unknown> {
  using database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
  const others = tables.map(({ name }) => String(name)).filter((name) => !name.startsWith('action'));
  return Object.fromEntries(others.map((name) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]));
}

/** What an operator reads of each request, in the order of the plan. */
async function resultsOf(service: Service, id: string) {
  const { requests } = await service.actions.requests(id, undefined, 100);
  return requests.map(({ id: request, result, detail }) => [request, result, detail]);
}

test('a rehearsal says how each request would end, and changes nothing else', async () => {
  const [good, bad, other] = await deadLettered(['good', 'bad', 'other']);
  await using service = await open(
    async (request) => {
      const text = await request.text();
      expect(request.isRehearsal).toBe(true);
      await request.checkpoint({ text });
      if (text === 'bad') throw new PermanentError('Not this one', { code: 'not_this' });
      return text;
    },
    { settings: { maxAttempts: 1, concurrency: 3 } },
  );
  const plan = await service.actions.plan({ ...ALL, filter: { ids: [good ?? '', bad ?? ''] } });
  expect(plan).toMatchObject({ state: 'planned', count: 2 });
  const before = contentOf();
  const id = await applied(service, plan);
  expect(await ended(service, id)).toMatchObject({
    state: 'succeeded',
    progress: { handled: 2, done: 1, failed: 1, skipped: 0 },
  });
  expect(await resultsOf(service, id)).toEqual([
    [good, 'done', undefined],
    [bad, 'failed', 'would fail: not_this: Not this one'],
  ]);
  expect(contentOf()).toEqual(before);
  expect(await service.request(other ?? '')).toMatchObject({ status: 'failed' });
  // Exactly those that would succeed are put back.
  const { requests } = await service.actions.requests(id, undefined, 100);
  const ids = requests.filter(({ result }) => result === 'done').map(({ id: request }) => request);
  expect(await service.actions.plan({ action: 'redrive', filter: { ids } })).toMatchObject({ count: 1 });
});

test('a rehearsal in a process without a processor waits for one that has it', async () => {
  await deadLettered(['good']);
  await using submitting = await open(() => {}, { processor: undefined });
  const id = await applied(submitting, await submitting.actions.plan(ALL));
  // The process does the steps of another action after it.
  const purge = await submitting.actions.plan({ action: 'purge', filter: { ids: ['other'] } });
  await ended(submitting, await applied(submitting, purge));
  expect(await submitting.actions.get(id)).toMatchObject({ state: 'running', progress: { handled: 0 } });
  await using working = await open(async (request) => ({ rehearsal: request.isRehearsal }));
  expect(await ended(working, id)).toMatchObject({ state: 'succeeded', progress: { done: 1 } });
});

test('a service that closes leaves the requests that it hasn’t begun to the next process', async () => {
  await deadLettered(['1', '2', '3']);
  const started: string[] = [];
  const service = await open(
    async (request) => {
      started.push(await request.text());
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      request.signal.throwIfAborted();
    },
    { settings: { maxAttempts: 1, concurrency: 1 }, graceSeconds: 1 },
  );
  const id = await applied(service, await service.actions.plan(ALL));
  await eventually(() => expect(started).toHaveLength(1));
  await service.close();
  expect(started).toHaveLength(1);
  const clock = { now: () => Date.now() + 60_000 };
  await using next = await openServiceAt({ file, processor: processor(() => 'good'), logger }, clock);
  expect(await ended(next, id)).toMatchObject({ state: 'succeeded', progress: { handled: 3, done: 2 } });
});

test('a request that ends the process is rehearsed once', async () => {
  const [, ends] = await deadLettered(['good', 'ends the process', 'good']);
  const program = join(import.meta.dirname, 'programs', 'rehearse.ts');
  const child = spawn(process.execPath, [program, file, 'plan'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect((await once(child, 'close'))[1]).toBe('SIGKILL');
  // A clock that is ahead: the lease of the killed process is over.
  const clock = { now: () => Date.now() + 60_000 };
  const runs: string[] = [];
  const handler = processor(async (request) => {
    runs.push(request.id);
  });
  await using service = await openServiceAt({ file, processor: handler, logger }, clock);
  const { actions } = await service.actions.list(undefined, 1);
  const [{ id = '' } = {}] = actions;
  expect(await ended(service, id)).toMatchObject({
    progress: { handled: 3, done: 2, skipped: 1, failed: 0 },
  });
  expect(runs).not.toContain(ends);
  expect((await resultsOf(service, id)).find(([, result]) => result === 'skipped')).toEqual([
    ends,
    'skipped',
    'undecided: the process ended while it was rehearsed, alone or with others',
  ]);
});

test('a rehearsal takes no canary', async () => {
  await using service = await open(() => {});
  await expect(service.actions.plan({ ...ALL, canary: { percent: 1, stopAbovePercent: 1 } })).rejects.toThrow(
    'canary is for actions whose requests run again, redrive and retry, got rehearse',
  );
});
