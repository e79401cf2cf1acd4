/**
 * A worker with order on each broker: messages a second with 1, 10 and 100 keys, beside the bare client of the broker, which keeps
 * the order in the same way, without and with records.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { InputQueue } from '../lib/core/ports/message-source.ts';
import type { RecordStore } from '../lib/core/ports/record-store.ts';
import { SqliteRecordStore } from '../lib/stores/sqlite/record-store.ts';
import { SqliteBroker } from '../lib/stores/sqlite/sqlite-broker.ts';
import { MAX_WAITING_IN_ORDER } from '../lib/worker/worker.ts';
import { BARE_CLIENTS, type Queues, type Work } from './order/bare-clients.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { median } from './support/statistics.ts';
import { BROKERS, type RunningBroker } from './worker/queues.ts';
import { recordOf, runWorker } from './worker/ways.ts';

const ROUNDS = lengthOf(3, 1);

/** Numbers of keys, each with a number of messages: one key takes long. */
const KEYS: Readonly<Record<number, number>> = lengthOf(1, 0)
  ? { 1: 200, 10: 1_000, 100: 3_000 }
  : { 10: 20 };

const WAYS = ['bare', 'recording', 'worker'] as const;

/** As many as there are keys at most. */
const CONCURRENCY = 100;

/** Messages that are sent in one call. */
const SEND = 100;

await runBenchmark('A worker with order', async (note): Promise<Report> => {
  const rows = [];
  for (const name of Object.keys(BARE_CLIENTS)) {
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
    const running = await BROKERS[name]?.(folder);
    if (!running) continue;
    for (const [keys, count] of Object.entries(KEYS).map(([keys, count]) => [Number(keys), count] as const)) {
      const figures: Record<(typeof WAYS)[number], number[]> = { bare: [], recording: [], worker: [] };
      for (let round = 1; round <= ROUNDS; round++) {
        note(`${name}, ${keys} keys: round ${round} of ${ROUNDS}`);
        for (const way of WAYS)
          figures[way].push(await perSecond({ name, running, folder, keys, count, way }));
      }
      const [bare, recording, worker] = WAYS.map((way) => median(figures[way])) as [number, number, number];
      rows.push({
        broker: name,
        keys,
        'bare client, messages/s': bare,
        'with records': recording,
        worker,
        'of the bare client %': (100 * worker) / bare,
        'with records %': (100 * worker) / recording,
      });
    }
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return {
    rows,
    notes: [
      `${ROUNDS} rounds of ${Object.values(KEYS).join(', ')} messages, which wait in the queue, the ways in turns; medians. The keys take turns. All ways have one consumer, which runs the messages of a key one after another and others at the same time, publishes an outcome with the key for each, waits until it is confirmed, and acknowledges the message. With records, the bare client also writes two records a message to SQLite, each synced to the disk, as a worker does.`,
    ],
  };
});

interface Run {
  readonly name: string;
  readonly running: RunningBroker;
  readonly folder: string;
  readonly keys: number;
  readonly count: number;
  readonly way: (typeof WAYS)[number];
}

async function perSecond({ name, running, folder, keys, count, way }: Run): Promise<number> {
  const id = crypto.randomUUID();
  const queues = { url: running.urlOf(''), input: `order-${id}-in`, output: `order-${id}-out` };
  for (const queue of [queues.input, queues.output]) await running.create?.(queue);
  // A queue that keeps order is declared by its consumer.
  await (await openInput(running, queues))[Symbol.asyncDispose]();
  const output = await running.broker.openOutput(running.urlOf(queues.output), { logger: silentLogger });
  await send(running, queues.input, keys, count);
  const files = new SqliteBroker(Date);
  const records = new SqliteRecordStore(await files.openFile(new URL(`sqlite:${join(folder, `${id}.db`)}`)));
  if (way !== 'worker' && name === 'NATS') await createNatsConsumer(queues);
  const input = way === 'worker' ? await openInput(running, queues) : undefined;
  const startedAt = performance.now();
  if (input) await runWorker({ input, output, records }, count, () => undefined, CONCURRENCY);
  else await BARE_CLIENTS[name]?.(queues, count, way === 'bare' ? async () => {} : recording(records));
  const seconds = (performance.now() - startedAt) / 1_000;
  await output[Symbol.asyncDispose]();
  await files[Symbol.asyncDispose]();
  return count / seconds;
}

function openInput({ broker, urlOf }: RunningBroker, { input }: Queues): Promise<InputQueue> {
  const maxInFlight = 2 * CONCURRENCY + MAX_WAITING_IN_ORDER;
  return broker.openInput(urlOf(input), { ordered: true, maxInFlight, maxAttempts: 5, logger: silentLogger });
}

/** Writes the records of a request as a worker does, with the disk between them. */
function recording(records: RecordStore): Work {
  return async () => {
    const message = { id: crypto.randomUUID(), sentAt: Date.now() };
    await records.write(recordOf(message, 'running'));
    await records.write(recordOf(message, 'succeeded'));
  };
}

async function createNatsConsumer({ url, input }: Queues): Promise<void> {
  const connection = await connect({ port: Number(url.port) });
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(input, {
    durable_name: 'bare',
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: -1,
  });
  await connection.close();
}

async function send(
  { broker, urlOf }: RunningBroker,
  queue: string,
  keys: number,
  count: number,
): Promise<void> {
  const output = await broker.openOutput(urlOf(queue), { logger: silentLogger });
  for (let sent = 0; sent < count; sent += SEND) {
    const messages = Array.from({ length: Math.min(SEND, count - sent) }, (_, nth) => {
      const key = `key-${(sent + nth) % keys}`;
      const attributes = { RequestId: crypto.randomUUID(), OrderingKey: key };
      return {
        body: '{}',
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, { type: 'String', value }]),
        ),
        group: key,
      };
    });
    const results = await output.send(messages);
    if (!results.every((result) => result.sent)) throw new Error('A message was not sent');
  }
  await output[Symbol.asyncDispose]();
}
