import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { SHORTEST } from '../../bench/support/length.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { runProgram } from '../support/peers/run-program.ts';

/** One that deploys to the local AWS, on a busy machine. */
const BENCHMARK_TIMEOUT_MILLISECONDS = 600_000;

const { scripts } = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));

/** What `npm run bench` runs. */
export const BENCHMARKS: readonly string[] = [...String(scripts.bench).matchAll(/node (\S+)/g)].map(
  ([, file = '']) => file,
);

/** Those that deploy to the local AWS. They are one file of tests and the others another, so that two processes share them. */
export const DEPLOYING: readonly string[] = ['bench/plan.ts', 'bench/overload.ts', 'bench/soak.ts'];

/** Titles, then a line of figures at least. */
const TABLE = /^\S.*(?: {2,}\S.*)+\n(?:.*\d.*\n)+/m;

/** Runs benchmarks in their shortest form. */
export function exerciseBenchmarks(files: readonly string[]): void {
  test.each(files)('E15: %s prints its table', { timeout: BENCHMARK_TIMEOUT_MILLISECONDS }, async (file) => {
    const env = { ...process.env, [SHORTEST]: '1', AWS_ENDPOINT_URL: inject('endpoint') };
    const output = await runProgram(process.execPath, [join(PROJECT_FOLDER, file)], {
      cwd: PROJECT_FOLDER,
      env,
    });
    expect(output).toMatch(TABLE);
    expect(output).not.toMatch(/NaN|Infinity/);
  });
}
