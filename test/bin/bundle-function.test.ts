import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFiles } from '../../bench/support/start-files.ts';
import { bundleFunction } from '../../bin/bundle-function.ts';

/** What the HTTP API loads when it starts. It was 1,162 KiB in one file. */
const MAX_START_KIB = 636;

let folder: string;
let files: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-function-'));
  await bundleFunction('api', folder);
  files = startFiles(join(folder, 'index.mjs'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the HTTP API starts without what it needs later, and stays small', async () => {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  expect(sizes.reduce((sum, size) => sum + size) / 1024).toBeLessThan(MAX_START_KIB);
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  // S3, providers of credentials, a library of caches, and a language of Zod's.
  for (const absent of ['CreateMultipartUpload', 'GetRoleCredentials', 'mnemonist', 'Ungültige Eingabe']) {
    expect(texts.join('\n')).not.toContain(absent);
  }
});

test('errors of the bundle keep their names and places', () => {
  // Without a deployment's environment the import is an error.
  const script = `
    await import(${JSON.stringify(join(folder, 'index.mjs'))}).catch(({ name, stack }) => {
      console.log(JSON.stringify({ name, stack }));
    });`;
  const args = ['--input-type=module', '--eval', script];
  const output = execFileSync(process.execPath, args, {
    encoding: 'utf8',
    env: { LAMBDA_TASK_ROOT: folder },
  });
  expect(JSON.parse(output)).toMatchObject({
    name: 'ConfigurationError',
    stack: expect.stringMatching(/coatcheck:\/\/\/lib\/core\/config\/[\w-]+\.ts:\d+/),
  });
});
