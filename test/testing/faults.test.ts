import { describe, expect, test } from 'vitest';
import { processor } from '../../functions/processor/index.ts';
import {
  FAULT_NAMES,
  type FaultName,
  InjectedFault,
  TestService,
  type TestSettings,
} from '../../lib/testing/index.ts';

/** A service that counts the runs of its handler. */
function counting(settings: TestSettings = {}) {
  const runs: string[] = [];
  const service = new TestService(
    processor(async (request) => {
      runs.push(request.id);
      return { text: await request.text() };
    }),
    { settings },
  );
  return { runs, service };
}

/** Runs of the handler, and outcomes that a consumer receives, for a fault that strikes once. */
const ONCE = {
  'duplicate-delivery': { runs: 1, outcomes: 1 },
  'record-answer-lost': { runs: 1, outcomes: 1 },
  'crash-in-handler': { runs: 1, outcomes: 1 },
  'crash-after-handler': { runs: 2, outcomes: 1 },
  'publish-answer-lost': { runs: 1, outcomes: 2 },
  'crash-before-publish': { runs: 1, outcomes: 1 },
  'crash-before-acknowledge': { runs: 1, outcomes: 2 },
} as const;

/** Faults that last, and whether the handler runs meanwhile. */
const OUTAGES = {
  'record-table-throttled': { runsMeanwhile: false },
  'payload-store-down': { runsMeanwhile: true },
  'output-queue-down': { runsMeanwhile: true },
} as const;

const AT_SUBMIT = ['input-queue-down', 'submit-answer-lost'] as const;

test('every fault is tested', () => {
  const tested = [
    ...Object.keys(ONCE),
    ...Object.keys(OUTAGES),
    ...AT_SUBMIT,
    'dead-letter-queue-down',
  ].toSorted();
  expect(tested).toEqual([...FAULT_NAMES].toSorted());
});

describe.each(Object.entries(ONCE))('%s', (name, expected) => {
  test('the request succeeds, and its outcome is the same however often it is published', async () => {
    const { service, runs } = counting();
    service.inject(name as FaultName);
    const { id } = await service.submit('x');
    await service.drain({ skipDelays: true });
    expect(runs).toHaveLength(expected.runs);
    expect(service.outcomes).toHaveLength(expected.outcomes);
    expect(new Set(service.outcomes.map((outcome) => outcome.id)).size).toBe(1);
    expect(service.outcome(id)).toMatchObject({ status: 'succeeded', result: { text: 'x' } });
    expect(service.deadLetters).toEqual([]);

    await service.submit('y');
    await service.drain();
    expect(runs).toHaveLength(expected.runs + 1);
  });
});

describe.each(Object.entries(OUTAGES))('%s', (name, { runsMeanwhile }) => {
  test('nothing is published meanwhile, and everything is afterwards', async () => {
    const { service, runs } = counting();
    const { id } = await service.submit('x'.repeat(300_000));
    service.inject(name as FaultName);
    await service.drain();
    expect(service.outcomes).toEqual([]);
    if (!runsMeanwhile) expect(runs).toEqual([]);
    service.recover();
    await service.drain({ skipDelays: true });
    expect(service.outcomes).toMatchObject([{ requestId: id, status: 'succeeded' }]);
    expect(runs.length).toBeGreaterThanOrEqual(1);
  });
});

test('input-queue-down: submit rejects, and there is no request', async () => {
  const { service, runs } = counting();
  service.inject('input-queue-down');
  await expect(service.submit('x')).rejects.toThrow(InjectedFault);
  service.recover('input-queue-down');
  await service.drain();
  expect(runs).toEqual([]);
});

test('submit-answer-lost: submit rejects, the request runs, and the same key is the same request', async () => {
  const { service, runs } = counting();
  service.inject('submit-answer-lost');
  await expect(service.submit('x', { idempotencyKey: 'k' })).rejects.toThrow(InjectedFault);
  await service.drain();
  const { id } = await service.submit('x', { idempotencyKey: 'k' });
  await service.drain();
  expect(runs).toEqual([id]);
});

test('dead-letter-queue-down: the message stays in the input queue', async () => {
  const service = new TestService(
    processor(() => {
      throw new Error('no');
    }),
    { settings: { maxAttempts: 1 } },
  );
  const { id } = await service.submit('x');
  service.inject('dead-letter-queue-down');
  await service.drain();
  expect(service.deadLetters).toEqual([]);
  service.recover();
  await service.drain({ skipDelays: true });
  expect(service.deadLetters).toMatchObject([{ requestId: id }]);
});

test('a duplicate that comes after the end of its request publishes the same outcome again', async () => {
  const { service, runs } = counting({ batchSize: 1 });
  service.inject('duplicate-delivery');
  await service.submit('x');
  await service.drain();
  expect(runs).toHaveLength(1);
  const [first, ...others] = service.outcomes;
  expect(others).toEqual([first]);
});

test('a fault strikes as often as is asked for', async () => {
  const { service, runs } = counting();
  service.inject('crash-after-handler', { times: 3 });
  const { id } = await service.submit('x');
  await service.drain({ skipDelays: true });
  expect(runs).toEqual([id, id, id, id]);
});

test('attempts that end without reporting use up the attempts of a request', async () => {
  const { service } = counting();
  service.inject('crash-in-handler', { times: Number.POSITIVE_INFINITY });
  const { id } = await service.submit('x');
  await service.drain({ skipDelays: true });
  expect(service.outcome(id)).toMatchObject({ status: 'failed', problem: { attempts: 5 } });
  expect(service.deadLetters).toMatchObject([{ requestId: id, code: 'attempts_exhausted' }]);
});
