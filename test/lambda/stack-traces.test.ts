import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../lib/lambda/stack-traces.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stack-traces-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A bundle that throws where its source says so, in line 4. */
function bundle(format: 'esm' | 'cjs'): string {
  const outfile = join(folder, format === 'esm' ? 'index.mjs' : 'index.js');
  const contents = [
    `import { mapStackTraces } from ${JSON.stringify(MODULE)};`,
    'mapStackTraces(process.env.LAMBDA_TASK_ROOT);',
    'export function fail() {',
    "  throw new TypeError('no');",
    '}',
  ].join('\n');
  const stdin = { contents, resolveDir: folder, sourcefile: 'mine.ts', loader: 'ts' } as const;
  buildSync({ stdin, outfile, format, bundle: true, minify: true, sourcemap: true, platform: 'node' });
  return outfile;
}

/** The stack of the error; a statement runs when the bundle is loaded, and before it throws. */
function stackOf(file: string, statement = '', env = { LAMBDA_TASK_ROOT: folder }): string {
  const script = `
    const { renameSync } = await import('node:fs');
    const { fail } = await import(${JSON.stringify(file)});
    ${statement}
    try { fail(); } catch ({ stack }) { console.log(stack); }`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', env });
}

describe('in Lambda a stack trace names the source', () => {
  test.each(['esm', 'cjs'] as const)('of %s', (format) => {
    expect(stackOf(bundle(format))).toMatch(/^TypeError: no\n {4}at \S+ \(\/.*mine\.ts:4:9\)\n/);
  });

  test('by a map that is read with the first trace, not when the bundle is loaded', () => {
    const file = bundle('esm');
    renameSync(`${file}.map`, `${file}.later`);
    const [from, to] = [`${file}.later`, `${file}.map`].map((name) => JSON.stringify(name));
    expect(stackOf(file, `renameSync(${from}, ${to});`)).toMatch(/mine\.ts:4:9/);
  });

  test('unless the map is missing or broken', () => {
    const file = bundle('esm');
    writeFileSync(`${file}.map`, '{');
    expect(stackOf(file)).toMatch(/^TypeError: no\n.*index\.mjs:\d+:\d+/);
    rmSync(`${file}.map`);
    expect(stackOf(file)).toMatch(/^TypeError: no\n.*index\.mjs:\d+:\d+/);
  });
});

test('elsewhere traces stay as they are', () => {
  const file = bundle('esm');
  expect(stackOf(file, '', { LAMBDA_TASK_ROOT: join(folder, 'other') })).toMatch(/index\.mjs:\d+:\d+/);
});
