import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, sep } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { makeCdkInitProject } from './cdk-init-project.ts';
import {
  type Consumer,
  LOCK_FILES,
  makeConsumer,
  makeConsumerWith,
  makeMonorepo,
  makeRunners,
  setLockFiles,
} from './consumer.ts';

/** Compiling and type-checking the whole CDK takes seconds on a small machine. */
const TOOL_TIMEOUT_MILLISECONDS = 300_000;

/** Installing hundreds of packages, with or without a cache. */
const INSTALL_TIMEOUT_MILLISECONDS = 600_000;

let parent: string;
let consumer: Consumer;
let runners: Promise<string>;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'coatcheck-package-'));
  consumer = await makeConsumer(parent);
  runners = makeRunners(parent, consumer);
}, TOOL_TIMEOUT_MILLISECONDS);
afterAll(() => rm(parent, { recursive: true, force: true }), TOOL_TIMEOUT_MILLISECONDS);

/** Runs a program in the consumer's folder with the Node of these tests. */
function inConsumer(command: string, ...args: readonly string[]) {
  return inFolder(consumer.folder, command, ...args);
}

function inFolder(cwd: string, command: string, ...args: readonly string[]) {
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  const { FORCE_COLOR, NODE_OPTIONS, ...environment } = process.env;
  const env = { ...environment, PATH: path };
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: TOOL_TIMEOUT_MILLISECONDS,
  });
  return { status, stdout, stderr };
}

/** Runs a tool of the project from a file in its package. */
function tool(file: string, ...args: readonly string[]) {
  return inConsumer(process.execPath, join(PROJECT_FOLDER, 'node_modules', file), ...args);
}

describe('the published package', () => {
  test('contains compiled code with its types and source maps, the README and the license', async () => {
    const entries = await readdir(consumer.installed, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) =>
        relative(consumer.installed, join(parentPath, name)).replaceAll(sep, '/'),
      );
    const code =
      /^(?:bin\/coatcheck|(?:cjs\/)?(?:functions\/(?:processor|worker)|lib)\/.+)\.(?:c?js(?:\.map)?|d\.c?ts)$/;
    const bundled =
      /^functions\/(?:action|api|audit|batch|breaker|console|outbox|relay|schedule|webhook)\/[\w-]+\.mjs(?:\.map)?$/;
    expect(files.filter((file) => !code.test(file) && !bundled.test(file)).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'cjs/package.json',
      'functions/console/static/console.css',
      'functions/console/static/console.js',
      'functions/console/static/icon.svg',
      'lib/console/static/console.css',
      'lib/console/static/icon.svg',
      'lib/constructs/fargate/Dockerfile',
      'package.json',
    ]);
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/coatcheck.js',
        ...[
          'action',
          'api',
          'audit',
          'batch',
          'breaker',
          'console',
          'outbox',
          'relay',
          'schedule',
          'webhook',
        ].map((name) => `functions/${name}/index.mjs`),
        'lib/lambda/endpoint-cache.js',
        'lib/lambda/function-credentials.js',
        'functions/processor/index.d.ts',
        'lib/core/engine/engine.js.map',
      ]),
    );
    expect(files).not.toContain('lib/left-by-an-earlier-build.js');
    const local = files.filter((file) => file.startsWith('lib/local/') && file.endsWith('.js'));
    expect(local.toSorted()).toEqual(
      ['clients', 'environment', 'errors', 'folder', 'log-line'].map((name) => `lib/local/${name}.js`),
    );
  });

  test('exports what the project exports, without development settings', async () => {
    const project = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));
    expect(Object.keys(consumer.manifest.exports)).toEqual(Object.keys(project.exports));
    for (const key of ['private', 'scripts', 'devDependencies', 'allowScripts']) {
      expect(project).toHaveProperty(key);
      expect(consumer.manifest).not.toHaveProperty(key);
    }
  });

  test('depends only on its imports, with the CDK as a peer dependency', async () => {
    const { dependencies, peerDependencies } = consumer.manifest;
    const { output } = await cruise(['bin', 'functions/processor', 'lib'], {
      baseDir: consumer.installed,
      // Its dependencies are in the parent folder.
      doNotFollow: { path: '^\\.\\.' },
      tsPreCompilationDeps: true,
    });
    if (typeof output === 'string') throw new Error(output);
    const imports = output.modules.flatMap(({ dependencies }) => dependencies);
    const imported = new Set(
      imports
        .filter(({ module, dependencyTypes }) => !module.startsWith('.') && !dependencyTypes.includes('core'))
        .map(({ module }) => packageOf(module)),
    );
    // Types that a package lacks come with it.
    const declared = new Set(
      Object.keys({ ...dependencies, ...peerDependencies }).map((name) => name.replace('@types/', '')),
    );
    expect([...declared].toSorted()).toEqual([...imported].toSorted());
    expect(Object.keys(peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
  });

  test('requires a Node version that all its dependencies support', async () => {
    const { engines, dependencies, peerDependencies } = consumer.manifest;
    const oldest = versionOf(engines.node);
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      const manifest = join(consumer.folder, 'node_modules', name, 'package.json');
      const asked: string = JSON.parse(await readFile(manifest, 'utf8')).engines?.node ?? '>=0';
      expect(versionOf(asked).localeCompare(oldest, 'en', { numeric: true }), name).toBeLessThanOrEqual(0);
    }
  });

  // npm takes the peer ranges of all packages into account, pnpm and Yarn take the newest version that this range allows.
  test('allows no version of a dependency that its other dependencies refuse', async () => {
    const { dependencies } = consumer.manifest;
    const refused: string[] = [];
    for (const name of Object.keys(dependencies)) {
      const manifest = join(consumer.folder, 'node_modules', name, 'package.json');
      const { peerDependencies = {} } = JSON.parse(await readFile(manifest, 'utf8'));
      for (const [peer, range] of Object.entries(dependencies)) {
        const below = /<\s*(\d\S*)/.exec(peerDependencies[peer] ?? '')?.[1];
        if (below && endOf(range).localeCompare(below, 'en', { numeric: true }) > 0)
          refused.push(`${name}: ${peer}`);
      }
    }
    expect(refused).toEqual([]);
  });

  test('passes publint', async () => {
    const { messages } = await publint({ pkgDir: consumer.installed, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  // Only Node versions older than the supported ones ignore `exports`.
  test('has types for every module resolution, as an ES module and as CommonJS', () => {
    const args = [consumer.tarball, '--profile', 'node16', '--format', 'json'];
    const { status, stdout } = tool('@arethetypeswrong/cli/dist/index.js', ...args);
    const { analysis } = JSON.parse(stdout);
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(consumer.manifest.exports));
    expect({ status, problems: status === 0 ? [] : analysis.problems }).toEqual({ status: 0, problems: [] });
  });
});

describe('a project that installs it', { timeout: TOOL_TIMEOUT_MILLISECONDS }, () => {
  test('passes strict type checks, including the types of its packages', () => {
    expect(tool('@typescript/native/bin/tsc')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('synthesizes a service whose errors show their source locations in the package', async () => {
    const { status, stderr } = inConsumer(process.execPath, 'app.js', 'processor.ts', 'cdk.out');
    expect(status, stderr).toBe(0);
    const out = join(consumer.folder, 'cdk.out');
    const template = JSON.parse(await readFile(join(out, 'Consumer.template.json'), 'utf8'));
    const { Properties } = Object.entries<Resource>(template.Resources).find(isProcessor)?.[1] ?? {};
    expect(Properties).toMatchObject({ Handler: 'index.handler', Timeout: 30 });
    const asset = `asset.${Properties?.Code.S3Key.replace(/\.zip$/, '')}`;

    // Without the environment of a deployment, the first event fails.
    const script = `
      const { handler } = await import(${JSON.stringify(join(out, asset, 'index.mjs'))});
      await handler({ Records: [] }, { getRemainingTimeInMillis: () => 1000 }).catch((error) => {
        console.log(error.stack);
      });`;
    const args = ['--enable-source-maps', '--input-type=module', '--eval', script];
    expect(inConsumer(process.execPath, ...args).stdout).toMatch(
      /coatcheck:\/\/\/lib\/core\/config\/.*environment\.ts:\d+/,
    );
  });

  test.each([
    ['no lock file', LOCK_FILES.none],
    ['two lock files', LOCK_FILES.two],
  ])('E3, E6: synthesizes a CommonJS service from another folder, with %s', async (_, lockFiles) => {
    const monorepo = await makeMonorepo(await mkdtemp(join(parent, 'e6-')), consumer);
    const infra = join(monorepo, 'infra');
    await setLockFiles(infra, lockFiles);
    const entry = join('..', 'services', 'orders', 'processor.js');
    const { status, stderr } = inFolder(infra, process.execPath, 'app.js', entry, 'cdk.out');
    expect(status, stderr).toBe(0);

    const out = join(infra, 'cdk.out');
    const bundles = await Promise.all(
      (await readdir(out))
        .filter((name) => name.startsWith('asset.'))
        .map((name) => bundleText(join(out, name))),
    );
    const shipped = ['api', 'breaker', 'webhook'].map((name) => join(consumer.installed, 'functions', name));
    expect(bundles).toHaveLength(4);
    expect(bundles).toEqual(expect.arrayContaining(await Promise.all(shipped.map(bundleText))));
  });

  test('E3, E4: cannot deploy a handler without processor(), with any hooks, and gets a short error', () => {
    const { status, stderr } = inConsumer(process.execPath, 'app.js', 'bare.ts', 'bare.out');
    expect(status).not.toBe(0);
    expect(stderr).toContain("The export handler of bare.ts is a function that processor() didn't return");
    expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThan(1_000);
  });

  test('tests processors with Vitest', async () => {
    const vitest = join(consumer.folder, 'node_modules/vitest/vitest.mjs');
    const { status, stdout, stderr } = inFolder(await runners, process.execPath, vitest, 'run');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('3 passed');
  });

  test.each(['node-test.ts', 'commonjs-test.cjs'])('tests processors with node:test: %s', async (file) => {
    const { status, stdout } = inFolder(await runners, process.execPath, '--test', file);
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/pass 1$/m);
  });

  test('runs a service in one process', () => {
    const { status, stdout, stderr } = inConsumer(process.execPath, 'embedded.ts', 'data/jobs.db');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('{"characters":9}');
  });

  test('has the command-line tool', () => {
    const program = join(consumer.folder, 'node_modules', '.bin', 'coatcheck');
    const args = ['--rate', '200/s', '--service-time', '1s', '--payload', '300KB', '--json'];
    const { status, stdout, stderr } = inConsumer(program, 'plan', ...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ steady: { requestsAtOnce: 200, batchesAtOnce: 20 } });
  });
});

describe('E1: with the oldest CDK that it supports', () => {
  test('a service with every feature is synthesized', { timeout: INSTALL_TIMEOUT_MILLISECONDS }, async () => {
    const oldest = Object.entries(consumer.manifest.peerDependencies).map(
      ([name, range]) => `${name}@${range.replace('^', '')}`,
    );
    const { folder } = await makeConsumerWith(oldest, consumer.tarball, join(parent, 'oldest'));
    const installed = JSON.parse(
      await readFile(join(folder, 'node_modules/aws-cdk-lib/package.json'), 'utf8'),
    );
    expect(oldest).toContain(`aws-cdk-lib@${installed.version}`);
    const { status, stderr } = inFolder(folder, process.execPath, 'everything.js', 'processor.ts', 'cdk.out');
    expect(status, stderr).toBe(0);
    const template = JSON.parse(await readFile(join(folder, 'cdk.out/Everything.template.json'), 'utf8'));
    const runtimes = Object.values<Resource>(template.Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => Properties.Runtime);
    expect(runtimes).toEqual(Array(4).fill('nodejs24.x'));
  });
});

describe('in a project from cdk init', { timeout: TOOL_TIMEOUT_MILLISECONDS }, () => {
  let project: string;
  beforeAll(async () => {
    project = await makeCdkInitProject(parent, consumer.tarball);
  }, INSTALL_TIMEOUT_MILLISECONDS);

  test('E14: Jest tests the stack and a processor', () => {
    const jest = ['node_modules/jest/bin/jest.js', '--verbose'];
    const { status, stderr } = inFolder(project, process.execPath, ...jest);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('SQS Queue Created');
    expect(stderr).toContain('the processor, over a crash');
    expect(stderr).not.toContain('did not exit');
  });

  test('E14: the compiler accepts the stack', () => {
    const { status, stdout } = inFolder(project, process.execPath, 'node_modules/typescript/bin/tsc');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  test('E5: native code is installed for the function’s platform, not for this machine', async () => {
    const { status, stderr } = inFolder(project, process.execPath, 'image-app.cjs', 'image.out');
    expect(status, stderr).toBe(0);
    const files = await readdir(join(project, 'image.out'), { recursive: true });
    const packages = files.filter((file) => /node_modules.@img.sharp-(?!libvips)[^/\\]+$/.test(file));
    expect(packages.map((file) => basename(file))).toEqual(['sharp-linux-arm64']);
  });
});

/** The parts of a template's resource that the tests read. */
interface Resource {
  readonly Type: string;
  readonly Properties: { readonly Code: { readonly S3Key: string }; readonly Runtime: string };
}

function bundleText(folder: string): Promise<string> {
  return readFile(join(folder, 'index.mjs'), 'utf8');
}

function isProcessor([id, { Type }]: [string, Resource]): boolean {
  return Type === 'AWS::Lambda::Function' && id.includes('Processor');
}

/** The package in an import specifier. */
function packageOf(imported: string): string {
  return imported
    .split('/')
    .slice(0, imported.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The version at which a range of this package ends. */
function endOf(range: string): string {
  const [major = 0, minor = 0] = range.slice(1).split('.').map(Number);
  if (range.startsWith('~')) return `${major}.${minor + 1}.0`;
  return major > 0 ? `${major + 1}.0.0` : `0.${minor + 1}.0`;
}

/** The version in a range such as `>=1.2`. */
function versionOf(range: string): string {
  return /^>= ?([\d.]+)$/.exec(range)?.[1] ?? `${range} is no lower bound`;
}
