import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, type TestContext, test, vi } from 'vitest';
import type { Broker } from '../../lib/core/ports/broker.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { outcomeEvent } from '../support/outcome-event.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** Queues with order, for workers. */
export interface OrderHarness {
  readonly broker: Broker;
  readonly urls: Readonly<Record<'requests' | 'outcomes' | 'letters', string>>;
  /** Environment variables of the broker's clients. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Registers what ends with a test. Tests that run at the same time need each their own. */
type OnTestFinished = TestContext['onTestFinished'];

const MESSAGES = 240;
const KEYS = 8;

/** Messages that a sender puts into one call. */
const CALL = 10;

/** The ends of workers: how many requests have succeeded then. */
const KILLED_AFTER = 60;
const STOPPED_AFTER = 100;

/** A killed worker's requests, and on some queues its messages, come back within a minute. */
const TIMEOUT_MILLISECONDS = 240_000;

const PROCESSOR = resolve('test/worker/fixtures/logged-order.ts');

/**
 * The order of requests in workers, of which one is killed and one stopped, and whose handlers fail now and then. @param open
 * opens queues; queues that a worker declares are declared by it.
 */
export function exerciseOrder(name: string, open: (end: OnTestFinished) => Promise<OrderHarness>): void {
  // Most of the time a test waits for a lease to end.
  test.concurrent(`${name}: requests of each key succeed in the order they were sent`, {
    timeout: TIMEOUT_MILLISECONDS,
  }, async ({ onTestFinished }) => {
    const { broker, urls, variables = {} } = await open(onTestFinished);
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-order-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const log = join(folder, 'log');
    const startWorker = async () => {
      const worker = new WorkerProcess(folder, [PROCESSOR], {
        ...variables,
        ORDER_LOG: log,
        COATCHECK_INPUT: urls.requests,
        COATCHECK_OUTPUT: urls.outcomes,
        COATCHECK_DEAD_LETTERS: urls.letters,
        COATCHECK_ORDER: 'fifo',
        COATCHECK_MAX_ATTEMPTS: '10',
        COATCHECK_RETRY_BASE_SECONDS: '1',
        COATCHECK_RETRY_CAP_SECONDS: '1',
      });
      onTestFinished(() => worker.kill());
      await worker.started();
      return worker;
    };
    const successes = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const reach = (count: number) =>
      vi.waitFor(async () => expect(new Set(await successes()).size).toBeGreaterThanOrEqual(count), {
        timeout: TIMEOUT_MILLISECONDS,
        interval: 20,
      });

    const first = await startWorker();
    const second = await startWorker();
    const ids = Array.from({ length: MESSAGES }, (_, nth) => `${keyOf(nth)}-${nth}`);
    await send(broker, urls.requests, ids, onTestFinished);
    await reach(KILLED_AFTER);
    first.child.kill('SIGKILL');
    await startWorker();
    await reach(STOPPED_AFTER);
    second.child.kill('SIGTERM');
    expect(await second.exit()).toBe(0);
    await reach(MESSAGES);

    expect(byKey(await successes())).toEqual(byKey(ids));
    const published = await outcomesOf(broker, urls.outcomes, MESSAGES, onTestFinished);
    expect(byKey(published.map(({ subject }) => subject))).toEqual(byKey(ids));
    for (const { subject, group } of published) expect(group).toBe(subject.split('-')[0]);
  });
}

const keyOf = (nth: number) => `key${(nth * 7) % KEYS}`;

/** The ids of each key. One that comes twice in a row is one: its run was repeated, or its outcome published again. */
function byKey(ids: readonly string[]): Record<string, readonly string[]> {
  const groups = Object.entries(Object.groupBy(ids, (id) => id.split('-')[0] ?? ''));
  return Object.fromEntries(
    groups.map(([key, all = []]) => [key, all.filter((id, place) => id !== all[place - 1])]),
  );
}

async function send(
  broker: Broker,
  url: string,
  ids: readonly string[],
  onTestFinished: OnTestFinished,
): Promise<void> {
  const output = await broker.openOutput(new URL(url), { ordered: true, logger: new CollectingLogger() });
  onTestFinished(() => output[Symbol.asyncDispose]());
  for (let at = 0; at < ids.length; at += CALL) {
    const messages = ids.slice(at, at + CALL).map((id) => ({
      body: '{}',
      attributes: { RequestId: { type: 'String', value: id } },
      group: id.split('-')[0] ?? '',
      deduplicationId: id,
    }));
    expect(await output.send(messages)).toEqual(messages.map(() => ({ sent: true })));
  }
}

/** The first outcome of each request, as they come. */
async function outcomesOf(broker: Broker, url: string, count: number, onTestFinished: OnTestFinished) {
  const queue = await broker.openInput(new URL(url), {
    ordered: url.endsWith('.fifo'),
    maxInFlight: 2 * count,
    maxAttempts: 1,
    logger: new CollectingLogger(),
  });
  onTestFinished(() => queue[Symbol.asyncDispose]());
  const outcomes = new Map<string, { subject: string; group: string | undefined }>();
  await eventually(async () => {
    for (const message of await queue.receive(10, AbortSignal.timeout(1_000))) {
      const { subject } = outcomeEvent(message);
      if (!outcomes.has(subject)) outcomes.set(subject, { subject, group: message.group });
      await message.ack();
    }
    expect(outcomes.size).toBe(count);
  });
  return [...outcomes.values()];
}
