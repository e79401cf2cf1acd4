/** What the items of a batch cost in a SQLite file, and whether each is there once when processes are killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runKills } from './batch/run-kills.ts';
import type { StepTimes } from './batch/time-steps.ts';
import { freshProcess, messageOf } from './support/fresh-process.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    items: { type: 'string', default: String(lengthOf(100_000, 300)) },
    // The first kill is one of the adding process. A killed server's requests would wait for their leases to end.
    kills: { type: 'string', default: String(lengthOf(12, 1)) },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean' },
  },
});
const [ITEMS, KILLS, SEED] = [wholeNumber('items'), wholeNumber('kills'), wholeNumber('seed')];

await runBenchmark(`A batch of ${ITEMS} items`, async (note): Promise<Report> => {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
  const killed = await runKills({ items: ITEMS, kills: KILLS, seed: SEED, folder, note });
  await rm(folder, { recursive: true, force: true });
  note('steps');
  const child = freshProcess(new URL('batch/time-steps.ts', import.meta.url), { args: [String(ITEMS)] });
  const { steps, look } = (await messageOf(child)) as StepTimes;
  const { missing, twice, wrong, webhooks, webhookIds } = killed;
  if (missing + twice + wrong > 0 || webhookIds !== 1) process.exitCode = 1;
  return {
    rows: steps.map(({ step, seconds, writes }) => ({
      step,
      s: seconds,
      'items/s': ITEMS / seconds,
      'SQLite writes an item': writes / ITEMS,
    })),
    notes: [
      `A look at the batch takes ${look.toFixed(2)} ms.`,
      `With ${killed.serverKills} kills of coatcheck serve and ${killed.adderKills} of coatcheck batches submit, seed ${SEED}, ${Math.round(killed.seconds)} s: ${missing} items missing, ${twice} twice, ${wrong} wrong in the results; ${webhooks} webhooks with ${webhookIds} id.`,
    ],
  };
});

/** @throws RangeError for an invalid option */
function wholeNumber(name: 'items' | 'kills' | 'seed'): number {
  const value = Number(options[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} must be a whole number of at least 1, got ${options[name]}`);
}
