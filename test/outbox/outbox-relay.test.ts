import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Relay } from '../../lib/core/intake/relay.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { OutboxRelay, type RelayedBatch } from '../../lib/outbox/outbox-relay.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';
import { publishToQueue } from '../../lib/outbox/publish-rows.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';

let outbox: MemoryOutbox;
let queue: MemoryOutputQueue;
let logger: CollectingLogger;
let batches: RelayedBatch[];

beforeEach(() => {
  outbox = new MemoryOutbox();
  queue = new MemoryOutputQueue();
  logger = new CollectingLogger();
  batches = [];
});

function lane(to = queue, ordered = false): Relay {
  return new Relay({ queue: to }, { payloadPrefix: 'payloads/', ordered });
}

/** Relays while `work` runs. */
async function relaying(work: () => Promise<unknown>, publish = publishToQueue({ normal: lane() }, false)) {
  const stop = new AbortController();
  const relay = new OutboxRelay(outbox, publish, {
    logger,
    // Waits as short as they get.
    random: () => 0,
    onBatch: (batch) => batches.push(batch),
  });
  const running = relay.run(stop.signal);
  await work();
  stop.abort();
  await running;
  return relay;
}

function idOf({ body }: OutputMessage): string {
  return JSON.parse(body).id;
}

describe('the relay of an outbox', () => {
  test('publishes what is committed while it waits, and removes it', async () => {
    const row = outboxRow('text', { orderingKey: 'a' });
    await relaying(async () => {
      await eventually(() => expect(queue.messages).toHaveLength(0));
      outbox.add(row);
      await eventually(() => expect(outbox.rows).toEqual([]));
    });
    expect(queue.messages.map(idOf)).toEqual([row.id]);
    expect(batches).toEqual([{ published: 1, refused: 0, failed: 0 }]);
  });

  test('waits out a queue and a store that fail, and loses nothing', async () => {
    const rows = [outboxRow('1'), outboxRow('2')];
    let outage = true;
    queue.refuse = () => (outage ? { sent: false, refused: false, reason: 'Unavailable' } : undefined);
    outbox.failure = new Error('connection lost');
    const relay = await relaying(async () => {
      outbox.add(...rows);
      await eventually(() => expect(batches.length).toBeGreaterThan(1));
      expect(batches[0]).toEqual({ published: 0, refused: 0, failed: 2 });
      expect(outbox.rows).toEqual(rows);
      outage = false;
      await eventually(() => expect(outbox.rows).toEqual([]));
    });
    expect(queue.messages.map(idOf).toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
    expect(relay.isHealthy).toBe(true);
    expect(logger.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'The outbox could not be relayed; trying again',
        'Rows of the outbox could not be published; trying again',
        'The outbox is relayed again',
      ]),
    );
  });

  test('keeps what is refused, and goes on with the others', async () => {
    queue.maxMessageBytes = 1_000;
    const large = outboxRow('x'.repeat(1_000));
    const malformed = { ...outboxRow('x'), payload: 'not the request' };
    const small = outboxRow('small');
    await relaying(async () => {
      outbox.add(large, malformed, small);
      await eventually(() => expect(outbox.rows).toEqual([large, malformed]));
    });
    expect(queue.messages.map(idOf)).toEqual([small.id]);
    expect(Object.fromEntries(outbox.refused)).toEqual({
      [large.id]: expect.stringMatching(/^the message is \d+ bytes; the queue's limit is 1000$/),
      [malformed.id]: expect.stringContaining(malformed.id),
    });
    expect(batches).toEqual([{ published: 1, refused: 2, failed: 0 }]);
  });

  test('finishes the batch it has begun before it stops', async () => {
    const row = outboxRow('x');
    const sending = Promise.withResolvers<void>();
    outbox.add(row);
    await relaying(
      () => sending.promise,
      async (rows) => {
        sending.resolve();
        await new Promise(setImmediate);
        return rows.map(() => ({ published: true }));
      },
    );
    expect(outbox.rows).toEqual([]);
  });

  test('takes the next rows while others are published, once there is a backlog', async () => {
    outbox = new MemoryOutbox(2);
    const rows = Array.from({ length: 6 }, (_, nth) => outboxRow({ nth }));
    const ids = rows.map(({ id }) => id);
    const bothTaken = Promise.withResolvers<void>();
    const calls: string[][] = [];
    outbox.add(...rows);
    await relaying(
      () => eventually(() => expect(outbox.rows).toEqual([])),
      async (taken) => {
        if (taken.length > 0) calls.push(taken.map(({ id }) => id));
        // The second batch is published when the third is taken.
        if (calls.length === 3) bothTaken.resolve();
        if (calls.length === 2) await bothTaken.promise;
        return taken.map(() => ({ published: true }));
      },
    );
    expect(calls).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4, 6)]);
  });

  test('publishes to the queue of a priority, where there is one', async () => {
    const high = new MemoryOutputQueue();
    const rows = (['high', 'low', 'normal'] as const).map((priority) => outboxRow('x', { priority }));
    await relaying(
      async () => {
        outbox.add(...rows);
        await eventually(() => expect(outbox.rows).toEqual([]));
      },
      publishToQueue({ normal: lane(), high: lane(high) }, false),
    );
    expect(high.messages.map(idOf)).toEqual([rows[0]?.id]);
    expect(queue.messages.map(idOf).toSorted()).toEqual([rows[1]?.id, rows[2]?.id].toSorted());
  });

  test('keeps the order of each aggregate, whatever fails when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), fate: fc.nat({ max: 6 }) }), {
          maxLength: 40,
        }),
        async (given) => {
          outbox = new MemoryOutbox(7);
          queue = new MemoryOutputQueue();
          const rows = given.map(({ key }, nth) => outboxRow({ nth }, { orderingKey: key }));
          const keys = new Map(rows.map(({ id, aggregateid }) => [id, aggregateid]));
          const refusals = new Set(rows.filter((_, nth) => given[nth]?.fate === 0).map(({ id }) => id));
          const failures = new Map(rows.map(({ id }, nth) => [id, given[nth]?.fate === 1 ? 5 : 0]));
          queue.refuse = (message) => {
            const id = idOf(message);
            if (refusals.has(id)) return { sent: false, refused: true, reason: 'InvalidMessage' };
            const left = failures.get(id) ?? 0;
            failures.set(id, left - 1);
            return left > 0 ? { sent: false, refused: false, reason: 'Throttled' } : undefined;
          };
          const refusedFirst = new Set<string>();
          const published = rows.filter(({ id, aggregateid }) => {
            if (refusals.has(id)) refusedFirst.add(aggregateid);
            return !refusedFirst.has(aggregateid);
          });
          await relaying(
            async () => {
              outbox.add(...rows);
              await eventually(() => expect(outbox.rows).toHaveLength(rows.length - published.length));
            },
            publishToQueue({ normal: lane(queue, true) }, true),
          );
          const sent = Map.groupBy(queue.messages.map(idOf), (id) => keys.get(id));
          const expected = Map.groupBy(
            published.map(({ id }) => id),
            (id) => keys.get(id),
          );
          expect(sent).toEqual(expected);
          expect([...outbox.refused.keys()].every((id) => refusals.has(id))).toBe(true);
        },
      ),
      { numRuns: 10 },
    );
  });
});
