import { expect, test } from 'vitest';
import { settleBatch, settleQuietly } from '../../lib/lambda/batch-response.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';

const FAILURE = 'The queue refused';

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a call that fails ends no wait for the others', async () => {
  const logger = new CollectingLogger();
  const slow = Promise.withResolvers<void>();
  let isSettled = false;
  const settling = settleQuietly(FAILURE, [Promise.reject(new Error('no')), slow.promise], logger).then(
    () => {
      isSettled = true;
    },
  );
  await turn();
  expect(isSettled).toBe(false);
  slow.resolve();
  await settling;
  expect(logger.lines).toMatchObject([
    { level: 'warn', message: FAILURE, fields: { failed: 1, error: { message: 'no' } } },
  ]);
});

test('calls that never answer are waited for until the signal fires', async () => {
  const logger = new CollectingLogger();
  const stop = new AbortController();
  const settling = settleQuietly(FAILURE, [new Promise(() => {})], logger, stop.signal);
  stop.abort();
  await settling;
  expect(logger.lines).toMatchObject([
    { fields: { error: { message: "it didn't respond before the deadline" } } },
  ]);
});

test('messages to be retried are failures of the batch, those whose wait can’t be set included', async () => {
  const logger = new CollectingLogger();
  const queue = new MemoryInputQueue({ now: () => 0, visibilityTimeoutSeconds: 30 });
  for (const id of ['m-1', 'm-2', 'm-3']) queue.send('{}', {}, id);
  const [one, two, three] = queue.receive(3);
  if (!one || !two || !three) throw new Error('not all messages were received');
  queue.faults.inject('defer', 'fails before');
  const retry = { action: 'retry', afterSeconds: 5 } as const;
  const settlements = [[one, retry] as const, [two, { action: 'ack' }] as const, [three, retry] as const];
  expect(await settleBatch(settlements, logger)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm-1' }, { itemIdentifier: 'm-3' }],
  });
  expect(queue.deferrals).toMatchObject([{ message: { id: 'm-3' }, delaySeconds: 5 }]);
});
