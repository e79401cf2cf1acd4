import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Bundles a source and checks the bundle. */
function check(source: string, { exported = 'handler', minify = true } = {}) {
  const outfile = join(folder, 'index.mjs');
  const stdin = { contents: source, resolveDir: process.cwd(), loader: 'ts' } as const;
  buildSync({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', minify, logLevel: 'error' });
  const script = 'lib/constructs/check-bundle.ts';
  const { status, stderr } = spawnSync(process.execPath, [script, outfile, exported, 'my/processor.ts']);
  return { status, stderr: String(stderr) };
}

const PROCESSOR = `import { processor } from 'coatcheck'; export const handler = processor(() => 1);`;

test.each([true, false])('a processor passes, minified: %s', (minify) => {
  expect(check(PROCESSOR, { minify })).toEqual({ status: 0, stderr: '' });
});

test('a bare function is refused: it would acknowledge what it doesn’t answer', () => {
  const { status, stderr } = check(`
    import { PermanentError } from 'coatcheck';
    export const handler = async () => { throw new PermanentError('no'); };
  `);
  expect(status).toBe(1);
  expect(stderr).toBe(
    'my/processor.ts makes no processor. It must say: export const handler = processor(yourHandler);\n',
  );
});

test('a missing export is refused', () => {
  const { status, stderr } = check(PROCESSOR, { exported: 'main' });
  expect(status).toBe(1);
  expect(stderr).toContain('my/processor.ts exports no main');
});
