import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processorBundling } from '../../../lib/constructs/functions/processor-bundling.ts';
import type { AsyncServiceProps } from '../../../lib/constructs/index.ts';

const workingDirectory = process.cwd();
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'processor-bundling-')));
});
afterEach(() => {
  process.chdir(workingDirectory);
  rmSync(root, { recursive: true });
});

/** Writes files with the given texts and changes to a folder. */
function project(files: Readonly<Record<string, string>>, folder = '.') {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  process.chdir(join(root, folder));
}

const ENTRY = 'export const handler = 1;';

/** Writes kinds of imports of `node:http` and `node:process`, and whether undici is loaded. */
const USES_NODE = `
  import http, { request } from 'node:http';
  import { moduleLoadList, stdout, version } from 'node:process';
  const undici = moduleLoadList.includes('NativeModule internal/deps/undici/undici');
  stdout.write([typeof http.get, typeof request, typeof version, undici].join(' '));
  export const handler = 1;`;

let count = 0;

/** The exports of the bundle of an entry, made by esbuild with the options for the CDK. */
async function exportsOf(props: AsyncServiceProps): Promise<Record<string, unknown>> {
  const { entry = '', bundling: { banner, define, mainFields, minify } = {} } = processorBundling(props);
  const outfile = join(root, 'out', 'index.mjs');
  const options = { define, mainFields, minify, banner: banner === undefined ? undefined : { js: banner } };
  buildSync({ ...options, entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' });
  return import(`${outfile}?${count++}`);
}

describe('E6: a project', () => {
  test('with one lock file has its root there', () => {
    project({ 'package-lock.json': '{}', 'package.json': '{}', 'app/processor.ts': ENTRY }, 'app');
    expect(processorBundling({ entry: 'processor.ts' })).toMatchObject({
      depsLockFilePath: join(root, 'package-lock.json'),
      projectRoot: root,
    });
  });

  test.each([
    ['without a lock file', {}],
    ['with two lock files', { 'package-lock.json': '{}', 'yarn.lock': '' }],
  ])('%s needs no lock file', (_, locks) => {
    project({ ...locks, 'package.json': '{}', 'processor.ts': ENTRY });
    const { entry, depsLockFilePath, projectRoot } = processorBundling({ entry: 'processor.ts' });
    expect(projectRoot).toBe(root);
    // The CDK chooses the package manager by the name of the file, and npx for a name it doesn’t know.
    expect(depsLockFilePath).toBe(entry);
  });

  test('with two lock files and nodeModules needs depsLockFilePath', () => {
    project({ 'package-lock.json': '{}', 'yarn.lock': '', 'package.json': '{}', 'processor.ts': ENTRY });
    const bundling = { nodeModules: ['sharp'] };
    expect(() => processorBundling({ entry: 'processor.ts', function: { bundling } })).toThrow(
      'function.depsLockFilePath must be the lock file with sharp, one of pnpm-lock.yaml, yarn.lock, bun.lock, ' +
        `bun.lockb, package-lock.json, got ${join(root, 'yarn.lock')} and ${join(root, 'package-lock.json')}`,
    );
    const depsLockFilePath = 'package-lock.json';
    const chosen = processorBundling({ entry: 'processor.ts', function: { bundling, depsLockFilePath } });
    expect(chosen.depsLockFilePath).toBe(join(root, depsLockFilePath));
  });

  test('with nodeModules needs a lock file', () => {
    project({ 'package.json': '{}', 'processor.ts': ENTRY });
    const props = { entry: 'processor.ts', function: { bundling: { nodeModules: ['sharp'] } } };
    expect(() => processorBundling(props)).toThrow(`got none in ${root} or above it`);
  });

  test('can have an entry outside of its root', async () => {
    project({ 'infra/package-lock.json': '{}', 'services/orders/processor.ts': ENTRY }, 'infra');
    const entry = '../services/orders/processor.ts';
    expect(processorBundling({ entry }).projectRoot).toBe(join(root, 'infra'));
    expect(processorBundling({ entry, function: { projectRoot: '..' } }).projectRoot).toBe(root);
    expect(await exportsOf({ entry })).toMatchObject({ handler: 1 });
  });

  test('has the generated entry in the package of the entry, for the versions of nodeModules', () => {
    project({ 'package-lock.json': '{}', 'a/package.json': '{}', 'a/src/processor.ts': ENTRY });
    expect(dirname(processorBundling({ entry: 'a/src/processor.ts' }).entry ?? '')).toBe(
      join(root, 'a', 'node_modules', '.cache', 'coatcheck'),
    );
  });
});

describe('E3: a CommonJS entry', () => {
  const LOCK = { 'package-lock.json': '{}' };

  test('keeps its named exports', async () => {
    project({ ...LOCK, 'processor.js': 'exports.handler = () => 1; exports.main = 2;' });
    expect(await exportsOf({ entry: 'processor.js' })).toMatchObject({ handler: expect.any(Function) });
    expect(await exportsOf({ entry: 'processor.js', handler: 'main' })).toMatchObject({ main: 2 });
  });

  test.each([true, false])('has __dirname, __filename and require, minified: %s', async (minify) => {
    const helper = 'exports.where = () => [__dirname, __filename, require("node:os").EOL, typeof require];';
    project({
      ...LOCK,
      'helper.js': helper,
      'processor.cjs': 'exports.handler = require("./helper").where();',
    });
    const { handler } = await exportsOf({ entry: 'processor.cjs', function: { bundling: { minify } } });
    const out = join(root, 'out');
    expect(handler).toEqual([out, join(out, 'index.mjs'), '\n', 'function']);
  });

  test.each([true, false])('works with ESM that declares these itself, minified: %s', async (minify) => {
    const source = `
      import { createRequire } from 'node:module';
      import legacy from './legacy.cjs';
      const __dirname = import.meta.dirname;
      const require = createRequire(import.meta.url);
      export const handler = [__dirname, require('node:path').sep, legacy];`;
    project({ ...LOCK, 'legacy.cjs': 'module.exports = __dirname;', 'processor.mjs': source });
    // With a banner that is often recommended.
    const banner =
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    const out = join(root, 'out');
    expect(
      await exportsOf({ entry: 'processor.mjs', function: { bundling: { minify, banner } } }),
    ).toMatchObject({
      handler: [out, '/', out],
    });
  });
});

describe('E4: options of the user', () => {
  const bundlingOf = (bundling?: BundlingOptions) => {
    project({ 'package-lock.json': '{}', 'processor.ts': ENTRY });
    return processorBundling({ entry: 'processor.ts', function: { bundling } });
  };

  test('are merged with those of the service', () => {
    const commandHooks = { beforeBundling: () => [], beforeInstall: () => [], afterBundling: () => ['true'] };
    const { bundling } = bundlingOf({
      minify: false,
      banner: '/* mine */',
      define: { VERSION: '"1"' },
      environment: { A: 'b' },
      commandHooks,
    });
    expect(bundling).toMatchObject({ minify: false, bundleAwsSDK: true });
    const after = bundling?.commandHooks?.afterBundling('in', 'out') ?? [];
    expect(after).toEqual([expect.stringMatching(/^node -e .* "out"$/), 'true']);
    expect(bundling?.banner).toMatch(/globalThis\.require .*; \/\* mine \*\/$/);
    expect(bundling?.define).toEqual({
      __dirname: 'import.meta.dirname',
      __filename: 'import.meta.filename',
      VERSION: '"1"',
    });
    expect(bundling?.environment).toMatchObject({ A: 'b', npm_config_os: 'linux' });
  });

  test("load only what is used of Node's modules", () => {
    project({ 'package-lock.json': '{}', 'package.json': '{}', 'processor.ts': USES_NODE });
    const { entry = '', bundling } = processorBundling({ entry: 'processor.ts' });
    const aliases = Object.entries(bundling?.esbuildArgs ?? {}).filter(([name]) =>
      name.startsWith('--alias:'),
    );
    const outfile = join(root, 'out', 'uses-node.mjs');
    buildSync({
      entryPoints: [entry],
      outfile,
      alias: Object.fromEntries(aliases.map(([name, path]) => [name.replace('--alias:', ''), String(path)])),
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    // In a process of its own, since this one has loaded everything.
    const { stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'function function string false', stderr: '' });
  });

  test('are the same for the same processor, so that the CDK bundles it once', () => {
    const [one, other] = [bundlingOf({}), bundlingOf({})].map(({ bundling }) => bundling);
    expect(one?.esbuildArgs).toHaveProperty('--outdir');
    expect(one?.esbuildArgs).toEqual(other?.esbuildArgs);
    expect(one?.commandHooks?.afterBundling('in', 'out')).toEqual(
      other?.commandHooks?.afterBundling('in', 'out'),
    );
  });

  test('for CommonJS remove what only ESM needs', () => {
    const { bundling } = bundlingOf({ format: OutputFormat.CJS });
    expect(bundling).toMatchObject({ format: 'cjs', define: {}, minify: true });
    expect(bundling?.esbuildArgs).not.toHaveProperty('--splitting');
    expect(bundling?.commandHooks).toBeUndefined();
    expect(bundling?.banner).toBeUndefined();
    expect(bundling?.mainFields).toBeUndefined();
  });

  test('with preCompilation use the original entry and CommonJS', () => {
    const { entry, bundling } = bundlingOf({ preCompilation: true });
    expect(entry).toBe(join(root, 'processor.ts'));
    expect(bundling?.format).toBe('cjs');
  });
});

test.each([
  [undefined, 'arm64'],
  [Architecture.ARM_64, 'arm64'],
  [Architecture.X86_64, 'x64'],
])('E5: installs packages for the architecture of the function: %s', (architecture, cpu) => {
  project({ 'package-lock.json': '{}', 'processor.ts': ENTRY });
  const { bundling } = processorBundling({ entry: 'processor.ts', function: { architecture } });
  expect(bundling?.environment).toEqual({
    npm_config_os: 'linux',
    npm_config_cpu: cpu,
    npm_config_libc: 'glibc',
    pnpm_config_supported_architectures: `{"os":["linux"],"cpu":["${cpu}"],"libc":["glibc"]}`,
  });
});
