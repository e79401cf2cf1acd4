/** Memory and throughput of a 1 GiB payload through the engine, compared with the SDK alone. S3 is another process. */
import { PART_BYTES } from '../lib/aws/s3-payload-store.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';
import type { Move } from './throughput/move.ts';
import type { WayName } from './throughput/ways.ts';

const ROUNDS = lengthOf(7, 1);

/** Runs with forced garbage collection are slow, and their memory varies little. */
const COLLECTING_ROUNDS = 2;

/** Each way through the engine, after the SDK's way as a baseline. */
const PAIRS: readonly (readonly [bare: WayName, engine: WayName])[] = [
  ['bare copy', 'engine copy'],
  ['bare read', 'engine read'],
];

interface Moves {
  readonly plain: Move[];
  readonly collecting: Move[];
}

await runBenchmark('A payload of 1 GiB', async (note): Promise<Report> => {
  const server = freshProcess(new URL('throughput/s3-server.ts', import.meta.url));
  const endpoint = `http://127.0.0.1:${await messageOf(server)}`;
  const moves = new Map<WayName, Moves>(PAIRS.flat().map((name) => [name, { plain: [], collecting: [] }]));
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const [name, { plain, collecting }] of moves) {
      plain.push(await move(name, endpoint));
      if (round <= COLLECTING_ROUNDS) collecting.push(await move(name, endpoint, ['--expose-gc']));
    }
  }
  server.disconnect();
  const best = (name: WayName) => Math.max(...valuesOf(moves.get(name)?.plain, 'mebibytesPerSecond'));
  const middle = (name: WayName, key: keyof Move) => median(valuesOf(moves.get(name)?.plain, key));
  const rows = PAIRS.flatMap(([bare, engine]) =>
    [bare, engine].map((name) => ({
      way: name,
      'MiB/s, best': best(name),
      'of bare %': (100 * best(name)) / best(bare),
      'MiB/s, median': middle(name, 'mebibytesPerSecond'),
      'CPU s, median': middle(name, 'cpuSeconds'),
      'peak above baseline MiB': middle(name, 'peakAboveBaselineMebibytes'),
      'held MiB': median(valuesOf(moves.get(name)?.collecting, 'peakAboveBaselineMebibytes')),
    })),
  );
  return {
    rows,
    notes: [
      `${ROUNDS} fresh processes each, one after another. The best run is the least disturbed one. Copy: from S3 to S3 in parts of ${PART_BYTES / 1024 ** 2} MiB. Read: counts the bytes from S3.`,
      'Peak: the largest RSS above the RSS after imports and eight payloads of 1 MiB. Held: the same in slower runs that collect garbage every 10 ms. The difference is garbage: in any program, V8 lets unused buffers grow by 64 MiB before it collects them.',
      'Aim: the engine under 64 MiB at 90% or more of the bare copy.',
    ],
  };
});

async function move(name: WayName, endpoint: string, flags: readonly string[] = []): Promise<Move> {
  const child = freshProcess(new URL('throughput/move-once.ts', import.meta.url), {
    args: [name],
    flags,
    environment: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
    },
  });
  return (await messageOf(child)) as Move;
}

function valuesOf(moves: readonly Move[] = [], key: keyof Move): number[] {
  return moves.map((move) => move[key]);
}
