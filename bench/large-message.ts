/** The engine's time for a large JSON message whose handler parses it, compared with JSON.parse. */
import { WAYS, type WayName } from './large-message/ways.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';
import { TimedWays } from './support/timed-ways.ts';

/** Characters of a message. */
const SIZES = [26_000, 260_000, 1_000_000];

const NAMES = Object.keys(WAYS) as WayName[];

await runBenchmark('A large message', async (note): Promise<Report> => {
  using ways = new TimedWays(new URL('large-message/time-way.ts', import.meta.url), NAMES);
  const rows: Row[] = [];
  for (const size of SIZES) {
    note(`${size} characters`);
    const times = await ways.times(size);
    const of = (name: WayName) => times.get(name) ?? { cpu: Number.NaN, wall: Number.NaN };
    rows.push({
      characters: size,
      'JSON.parse': of('parse').cpu,
      engine: of('engine').cpu,
      'of JSON.parse': `${(of('engine').cpu / of('parse').cpu).toFixed(2)} ×`,
      'JSON.parse, wall': of('parse').wall,
      'engine, wall': of('engine').wall,
    });
  }
  return {
    rows,
    notes: [
      'Microseconds per message: CPU time (user and system), and wall time. Medians of alternating turns. The engine has ports that do nothing; its handler calls json().',
      'Aim at 260,000 characters: at most 2 × JSON.parse.',
    ],
  };
});
