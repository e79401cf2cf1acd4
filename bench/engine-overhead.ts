/** CPU time of the engine per message, compared with other ways. AWS is simulated in process. */
import { WAYS, type WayName } from './engine-overhead/ways.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';
import { TimedWays } from './support/timed-ways.ts';

/** Messages per batch. */
const BATCH_SIZES = [1, 10, 100, 1_000];

const NAMES = Object.keys(WAYS) as WayName[];

await runBenchmark('Engine time per message', async (note): Promise<Report> => {
  using ways = new TimedWays(new URL('engine-overhead/time-way.ts', import.meta.url), NAMES);
  const rows: Row[] = [];
  for (const batchSize of BATCH_SIZES) {
    note(`batches of ${batchSize}`);
    const times = await ways.times(batchSize);
    const cpu = (name: WayName) => (times.get(name)?.cpu ?? Number.NaN) / batchSize;
    const wall = (name: WayName) => (times.get(name)?.wall ?? Number.NaN) / batchSize;
    rows.push({
      'messages per batch': batchSize,
      'bare loop': cpu('bare'),
      Powertools: cpu('powertools'),
      engine: cpu('engine'),
      'of bare': `${(cpu('engine') / cpu('bare')).toFixed(2)} ×`,
      'of Powertools': `${(cpu('engine') / cpu('powertools')).toFixed(2)} ×`,
      'engine alone, ports that do nothing': cpu('engine in memory'),
      'bare loop, wall': wall('bare'),
      'Powertools, wall': wall('powertools'),
      'engine, wall': wall('engine'),
    });
  }
  return {
    rows,
    notes: [
      'Microseconds per message: CPU time (user and system), and wall time. Medians of alternating turns.',
      'Aim for batches of ten: at most the bare loop, and at most 0.6 × Powertools.',
    ],
  };
});
