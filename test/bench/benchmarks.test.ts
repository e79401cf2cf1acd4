import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { SHORTEST } from '../../bench/support/length.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { runProgram } from '../support/peers/run-program.ts';

/** One that deploys to the local AWS, on a busy machine. */
const BENCHMARK_TIMEOUT_MILLISECONDS = 600_000;

const { scripts } = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));
const files = [...String(scripts.bench).matchAll(/node (\S+)/g)].map(([, file = '']) => file);

/** Titles, then a line of figures at least. */
const TABLE = /^\S.*(?: {2,}\S.*)+\n(?:.*\d.*\n)+/m;

test('E15: npm run bench runs every benchmark', () => {
  expect(files).toEqual(
    expect.arrayContaining(['bench/engine-overhead.ts', 'bench/calls.ts', 'bench/soak.ts']),
  );
});

test.each(files)('E15: %s prints its table', { timeout: BENCHMARK_TIMEOUT_MILLISECONDS }, async (file) => {
  const env = { ...process.env, [SHORTEST]: '1', AWS_ENDPOINT_URL: inject('endpoint') };
  const output = await runProgram(process.execPath, [join(PROJECT_FOLDER, file)], {
    cwd: PROJECT_FOLDER,
    env,
  });
  expect(output).toMatch(TABLE);
  expect(output).not.toMatch(/NaN|Infinity/);
});
