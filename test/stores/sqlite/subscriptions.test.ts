import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesTopic } from '../../../lib/core/model/topic.ts';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { SqliteOutputQueue } from '../../../lib/stores/sqlite/output-queue.ts';
import {
  subscribe,
  subscriptionQueue,
  subscriptionsTo,
  unsubscribe,
} from '../../../lib/stores/sqlite/subscriptions.ts';
import { openSqlite } from '../../support/sqlite.ts';
import { patterns, topics } from '../../support/topic-arbitraries.ts';

test('the trigger fits topics as matchesTopic() does', async () => {
  const { file } = await openSqlite({ synchronous: 'normal' });
  const clock = { now: () => 0 };
  const output = new SqliteOutputQueue(file, 'outcomes', clock, 'committed');
  const input = new SqliteInputQueue(file, { queue: subscriptionQueue('outcomes', 's'), clock });
  await fc.assert(
    fc.asyncProperty(
      fc.array(patterns, { minLength: 1, maxLength: 3 }),
      fc.option(topics, { nil: undefined }),
      async (given, topic) => {
        await subscribe(file, 'outcomes', 's', { topics: given });
        await output.send([{ body: JSON.stringify({ topic }), attributes: {} }]);
        const { waiting } = await input.read();
        await unsubscribe(file, 'outcomes', 's');
        expect(waiting).toBe(given.some((pattern) => matchesTopic(pattern, topic)) ? 1 : 0);
      },
    ),
    { numRuns: 200 },
  );
});

test('without subscriptions there is no trigger, so that sending costs nothing more', async () => {
  const { file } = await openSqlite({ synchronous: 'normal' });
  const triggers = () =>
    file
      .statement(
        "SELECT count(*) AS count FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'messages'",
      )
      .get()?.count;
  expect([triggers(), subscriptionsTo(file, 'outcomes')]).toEqual([0, []]);
  await subscribe(file, 'outcomes', 'a', {});
  await subscribe(file, 'outcomes', 'b', {});
  expect([triggers(), subscriptionsTo(file, 'outcomes')]).toEqual([1, ['a', 'b']]);
  expect(await unsubscribe(file, 'outcomes', 'a')).toBe(true);
  expect(await unsubscribe(file, 'outcomes', 'a')).toBe(false);
  expect(triggers()).toBe(1);
  await unsubscribe(file, 'outcomes', 'b');
  expect([triggers(), subscriptionsTo(file, 'outcomes')]).toEqual([0, []]);
});

test('what is not JSON can be sent, and no subscription gets it', async () => {
  const { file } = await openSqlite({ synchronous: 'normal' });
  const clock = { now: () => 0 };
  await subscribe(file, 'outcomes', 's', { topics: ['images.*'] });
  await new SqliteOutputQueue(file, 'outcomes', clock).send([{ body: 'a raw result', attributes: {} }]);
  const waiting = ['outcomes', subscriptionQueue('outcomes', 's')].map((queue) =>
    new SqliteInputQueue(file, { queue, clock }).read(),
  );
  expect((await Promise.all(waiting)).map((backlog) => backlog.waiting)).toEqual([1, 0]);
});
