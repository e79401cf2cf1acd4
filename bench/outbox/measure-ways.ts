import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { median } from '../support/statistics.ts';
import { openQueue } from './queue.ts';
import { fill, runBuckets, runLoop, runLoopInOrder, runRelay } from './throughput.ts';

interface Way {
  readonly run: typeof runLoop;
  /** Aggregates. @default - as many as rows */
  readonly keys?: number;
  /** The loop with the same promise and as many aggregates. @default - it is one */
  readonly peer?: string;
}

const runRelayInOrder: typeof runLoop = (parts, count) => runRelay(parts, count, true);

const LOOP = 'a loop without order';
const LOOP_OF_ROWS = 'a loop with order, an aggregate a row';
const LOOP_OF_1000 = 'a loop with order, 1,000 aggregates';
const LOOP_OF_10 = 'a loop with order, 10 aggregates';

const WAYS: Readonly<Record<string, Way>> = {
  [LOOP]: { run: runLoop },
  relay: { run: (parts, count) => runRelay(parts, count, false), peer: LOOP },
  [LOOP_OF_ROWS]: { run: runLoopInOrder },
  'relay with order, an aggregate a row': { run: runRelayInOrder, peer: LOOP_OF_ROWS },
  [LOOP_OF_1000]: { run: runLoopInOrder, keys: 1_000 },
  'a loop with a lock for each of 16 buckets, 1,000 aggregates': {
    run: runBuckets,
    keys: 1_000,
    peer: LOOP_OF_1000,
  },
  'relay with order, 1,000 aggregates': { run: runRelayInOrder, keys: 1_000, peer: LOOP_OF_1000 },
  [LOOP_OF_10]: { run: runLoopInOrder, keys: 10 },
  'relay with order, 10 aggregates': { run: runRelayInOrder, keys: 10, peer: LOOP_OF_10 },
};

/** What to measure the ways with. */
export interface MeasureOptions {
  /** The URL of the database. */
  readonly url: string;
  /** The port of NATS. */
  readonly port: number;
  readonly rounds: number;
  /** Rows of a way in a round. */
  readonly rows: number;
  readonly note: (text: string) => void;
}

interface Figure {
  readonly perSecond: number;
  /** CPU time of this process, in milliseconds a row. */
  readonly cpu: number;
}

/** Measures all ways, in turns. @returns medians of the rounds, and of the ratios within a round in per cent */
export async function measureWays({ url, port, rounds, rows, note }: MeasureOptions) {
  const figures = new Map<string, Figure[]>(Object.keys(WAYS).map((way) => [way, []]));
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  for (let round = 1; round <= rounds; round++) {
    for (const [nth, [way, { run, keys }]] of Object.entries(WAYS).entries()) {
      note(`round ${round} of ${rounds}: ${way}`);
      const subject = `way-${nth}-${round}`;
      await using queue = await openQueue(port, subject);
      await fill(url, rows, keys);
      const before = process.cpuUsage();
      const started = performance.now();
      await run({ url, queue, jetstream: jetstream(connection), subject }, rows);
      const seconds = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(before);
      figures.get(way)?.push({ perSecond: rows / seconds, cpu: (user + system) / 1000 / rows });
    }
  }
  await connection.close();
  const ratio = (of: readonly Figure[], to: readonly Figure[]) =>
    median(of.map(({ perSecond }, round) => (100 * perSecond) / (to[round]?.perSecond ?? Number.NaN)));
  return [...figures].map(([way, measured]) => {
    const { peer = way } = WAYS[way] ?? {};
    return {
      way,
      perSecond: median(measured.map(({ perSecond }) => perSecond)),
      ofLoop: ratio(measured, figures.get(LOOP) ?? []),
      ofPeer: ratio(measured, figures.get(peer) ?? []),
      cpu: median(measured.map(({ cpu }) => cpu)),
    };
  });
}
