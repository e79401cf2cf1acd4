import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../bench/support/silent-logger.ts';
import { type OutboxItemDestination, OutboxItemRelay } from '../../../lib/core/intake/outbox-item-relay.ts';
import type { OutboxItem, OutboxItems } from '../../../lib/core/ports/outbox-items.ts';
import { type OutboxOptions, outboxRow } from '../../../lib/outbox/outbox-row.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';

/** A table in memory. */
class Rows implements OutboxItems<string> {
  readonly rows = new Map<string, OutboxItem<string>>();
  isRemoved: () => boolean = () => true;

  insert(payload: unknown, options: OutboxOptions = {}): OutboxItem<string> {
    const { tracingspancontext: _, ...texts } = outboxRow(payload, options);
    return this.put(texts.id, texts);
  }

  put(key: string, texts: Record<string, string>): OutboxItem<string> {
    const row = { key, texts, json: JSON.stringify(texts) };
    this.rows.set(key, row);
    return row;
  }

  async remove(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const left = keys.filter((key) => !(this.isRemoved() && this.rows.delete(key)) && this.rows.has(key));
    return new Set(left);
  }

  async *leftovers(): AsyncIterable<readonly OutboxItem<string>[]> {
    yield [...this.rows.values()].reverse();
  }
}

let table: Rows;
let queue: MemoryOutputQueue;
let failures: MemoryOutputQueue;

beforeEach(() => {
  table = new Rows();
  queue = new MemoryOutputQueue();
  failures = new MemoryOutputQueue();
});

function relayTo(
  ...destinations: [OutboxItemDestination, ...OutboxItemDestination[]]
): OutboxItemRelay<string> {
  return new OutboxItemRelay({ table, destinations, failures, logger: silentLogger });
}

function idsIn({ messages }: MemoryOutputQueue): string[] {
  return messages.map(({ body }) => JSON.parse(body).id);
}

const ALL = ['*'];

describe('a relay to a standard queue', () => {
  test('sends a hundred rows in ten calls, as the API sends requests, and deletes them', async () => {
    const rows = Array.from({ length: 100 }, (_, n) => table.insert({ n }, { tenant: 'acme' }));
    const done = await relayTo({ topics: ALL, ordered: false, queue }).relay(rows);
    expect(done).toEqual(rows.map(() => true));
    expect(queue.calls).toHaveLength(10);
    expect(queue.messages.map(({ body }) => body).toSorted()).toEqual(
      rows.map(({ texts }) => texts.payload).toSorted(),
    );
    expect(new Set(queue.messages.map(({ group }) => group))).toEqual(
      new Set([expect.stringMatching(/^[0-9a-f]{32}$/)]),
    );
    expect(table.rows.size).toBe(0);
  });

  test('sends each request to the queue of its topic and of its priority', async () => {
    const [high, reports] = [new MemoryOutputQueue(), new MemoryOutputQueue()];
    const rows = [
      table.insert('normal'),
      table.insert('urgent', { priority: 'high' }),
      table.insert('no lane', { priority: 'low' }),
      table.insert('report', { topic: 'reports.daily', priority: 'high' }),
    ];
    const relay = relayTo(
      { topics: ['images'], ordered: false, queue, lanes: { high } },
      { topics: ['reports.*'], ordered: false, queue: reports },
    );
    await relay.relay(rows);
    const ids = rows.map(({ key }) => key);
    expect(idsIn(queue).toSorted()).toEqual([ids[0], ids[2]].toSorted());
    expect(idsIn(high)).toEqual([ids[1]]);
    expect(idsIn(reports)).toEqual([ids[3]]);
  });

  test('moves what submits no request to the queue of failures, whole and with the reason', async () => {
    const good = table.insert('good');
    const bad = [
      table.put('no payload', { type: 'coatcheck.request.submitted' }),
      table.put('no JSON', { payload: '{' }),
      table.put('other event', { payload: '{"specversion":"1.0","id":"1","type":"a","source":"b"}' }),
      table.put('no text', { payload: good.texts.payload?.replace('good', '\uffff') ?? '' }),
    ];
    const done = await relayTo({ topics: ALL, ordered: false, queue }).relay([...bad, good]);
    expect(done).toEqual([true, true, true, true, true]);
    expect(idsIn(queue)).toEqual([good.key]);
    const moved = failures.messages.map(({ body }) => JSON.parse(body));
    expect(new Set(moved)).toEqual(new Set(bad.map(({ texts }) => texts)));
    for (const { attributes } of failures.messages) {
      expect(attributes.Reason?.value).toContain('payload must be the message that outboxRow() makes');
    }
    expect(table.rows.size).toBe(0);
  });

  test('moves what the queue refuses for good', async () => {
    const [small, large] = [table.insert('x'), table.insert('x'.repeat(2_000))];
    queue.maxMessageBytes = 1_000;
    expect(await relayTo({ topics: ALL, ordered: false, queue }).relay([large, small])).toEqual([true, true]);
    expect(idsIn(queue)).toEqual([small.key]);
    expect(failures.messages.map(({ body }) => body)).toEqual([large.json]);
  });

  test('keeps a row that nothing takes', async () => {
    const bad = table.put('bad', { payload: 'x'.repeat(2_000) });
    failures.maxMessageBytes = 1_000;
    expect(await relayTo({ topics: ALL, ordered: false, queue }).relay([bad])).toEqual([false]);
    expect(table.rows.size).toBe(1);
  });

  test('relays what was left, in the order of its ids', async () => {
    const rows = Array.from({ length: 5 }, (_, n) => {
      const row = table.insert(n);
      return { ...row, texts: { ...row.texts, id: `id-${n}` } };
    });
    for (const row of rows) table.rows.set(row.key, row);
    const relay = relayTo({ topics: ALL, ordered: true, queue });
    table.put('bad', { payload: '' });
    expect(await relay.sweep(0, () => true)).toEqual({ done: 6, left: 0 });
    expect(idsIn(queue)).toEqual(rows.map(({ key }) => key));
    table.insert('refused');
    queue.refuse = () => {
      throw new Error('unavailable');
    };
    expect(await relay.sweep(0, () => true)).toEqual({ done: 0, left: 1 });
  });
});

/** What a stream of Lambda does with the answers: it goes on from the first record that isn't done. */
async function drain(
  relay: OutboxItemRelay<string>,
  stream: readonly OutboxItem<string>[],
  batchSize: number,
): Promise<void> {
  for (let position = 0; position < stream.length; ) {
    const batch = stream.slice(position, position + batchSize);
    const first = (await relay.relay(batch)).indexOf(false);
    position += first === -1 ? batch.length : first;
  }
}

test('each request arrives, those of a key in their order, whatever fails and is repeated', async () => {
  const keys = fc.constantFrom('a', 'b', 'c', undefined, 'unreadable');
  await fc.assert(
    fc.asyncProperty(
      fc.array(keys, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      async (given, batchSize, dice) => {
        table = new Rows();
        [queue, failures] = [new MemoryOutputQueue(), new MemoryOutputQueue()];
        let faults = 40;
        const fails = () => faults > 0 && faults-- > 0 && Number(dice.next().value) < 3;
        // The messages of the call before this one are sent, and not confirmed.
        queue.refuse = failures.refuse = () => {
          if (fails()) throw new Error('unavailable');
          return undefined;
        };
        table.isRemoved = () => !fails();
        const stream = given.map((key, n) =>
          key === 'unreadable'
            ? table.put(`bad-${n}`, { payload: `${n}` })
            : table.insert(n, { tenant: 'acme', ...(key && { orderingKey: key }) }),
        );
        await drain(relayTo({ topics: ALL, ordered: true, queue }), stream, batchSize);
        expect(table.rows.size).toBe(0);
        const firsts = [...new Set(idsIn(queue))];
        for (const key of ['a', 'b', 'c']) {
          const expected = stream.filter((_, n) => given[n] === key).map((row) => row.key);
          expect(firsts.filter((id) => expected.includes(id))).toEqual(expected);
        }
        const readable = stream.filter((_, n) => given[n] !== 'unreadable').map((row) => row.key);
        expect(firsts.toSorted()).toEqual(readable.toSorted());
        const moved = stream.filter((_, n) => given[n] === 'unreadable').map(({ json }) => json);
        expect(new Set(failures.messages.map(({ body }) => body))).toEqual(new Set(moved));
      },
    ),
    { numRuns: 200 },
  );
});
