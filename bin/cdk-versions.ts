/**
 * Synthesizes the examples and runs the tests of the constructs with the oldest and the newest supported CDK. Takes
 * minutes, so `npm test` doesn't include it.
 *
 *     npm run cdk-versions              the oldest, and the newest that npm has
 *     npm run cdk-versions -- 2.250.0   another version
 */
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LOCAL_FOLDER, makeFolder, PROJECT_FOLDER } from '../lib/local/folder.ts';
import { type RunOptions, run } from '../lib/local/run.ts';
import { main } from '../lib/terminal/main.ts';
import { PEERS } from './build.ts';

/** What the tests read of the project. */
const SOURCES = ['bench', 'bin', 'docs', 'examples', 'functions', 'lib', 'test'];
const FILES = ['cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json', 'vitest.config.ts'];

/** Packages that import the CDK, so that a link to the project's would load its CDK. */
const COPIED = ['cdk-nag'];

const PROCESSORS = ['examples/csv-profile/processor.ts', 'examples/http-service/processor.ts'];

/** A service with every feature, which imports the constructs by the name of the package. */
const APP = 'test/package/consumer/everything.js';

/** Versions of the CDK's packages, as npm takes them. */
type Versions = Readonly<Record<string, string>>;

const OLDEST: Versions = Object.fromEntries(
  Object.entries(PEERS).map(([name, range]) => [name, range.replace('^', '')]),
);

if (import.meta.main) {
  await main(async (signal) => {
    const [given] = process.argv.slice(2);
    const all = given === undefined ? [OLDEST, PEERS] : [{ ...PEERS, 'aws-cdk-lib': given }];
    let failed = false;
    for (const versions of all) failed = !(await check(versions, signal)) || failed;
    return failed ? 1 : 0;
  });
}

async function check(versions: Versions, signal: AbortSignal): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-cdk-'));
  try {
    await copyProject(folder, versions, signal);
    const { output } = await run('npm', ['ls', '--depth=0', ...Object.keys(versions)], {
      cwd: join(folder, 'cdk'),
      signal,
    });
    console.log(output.trim());
    const results: boolean[] = [];
    for (const processor of PROCESSORS) {
      results.push(
        await runNode(`synthesizes ${processor}`, [APP, processor, 'cdk.out'], { cwd: folder, signal }),
      );
    }
    const vitest = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=dot',
      '--project=unit',
      'test/constructs',
    ];
    results.push(await runNode('passes the tests of the constructs', vitest, { cwd: folder, signal }));
    return results.every(Boolean);
  } finally {
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}

/** Copies the project with links to its packages, except the CDK's own, which npm installs. */
async function copyProject(folder: string, versions: Versions, signal: AbortSignal): Promise<void> {
  for (const name of [...SOURCES, ...FILES]) {
    await cp(join(PROJECT_FOLDER, name), join(folder, name), { recursive: true });
  }
  // The tests install cfn-lint there.
  await makeFolder(LOCAL_FOLDER);
  await symlink(LOCAL_FOLDER, join(folder, '.local'));
  const cdk = join(folder, 'cdk');
  await mkdir(cdk);
  await writeFile(join(cdk, 'package.json'), '{ "private": true }');
  const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  const { succeeded, output } = await run('npm', ['install', '--no-audit', '--no-fund', ...wanted], {
    cwd: cdk,
    signal,
  });
  if (!succeeded) throw new Error(output);
  for (const name of await packagesOf(join(PROJECT_FOLDER, 'node_modules'))) {
    const source = join(name in versions ? cdk : PROJECT_FOLDER, 'node_modules', name);
    const target = join(folder, 'node_modules', name);
    await mkdir(dirname(target), { recursive: true });
    if (name in versions || COPIED.includes(name)) await cp(source, target, { recursive: true });
    else await symlink(source, target);
  }
  // The packages that the CDK brings along.
  for (const name of await packagesOf(join(cdk, 'node_modules'))) {
    const target = join(folder, 'node_modules', 'aws-cdk-lib', 'node_modules', name);
    if (!(name in versions)) await cp(join(cdk, 'node_modules', name), target, { recursive: true });
  }
}

/** The names of packages, `@scope/name` among them, and `.bin`. */
async function packagesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const scoped = names.filter((name) => name.startsWith('@'));
  const inScopes = await Promise.all(
    scoped.map(async (scope) => (await readdir(join(folder, scope))).map((name) => `${scope}/${name}`)),
  );
  return [...names.filter((name) => !scoped.includes(name) && name !== '.cache'), ...inScopes.flat()];
}

async function runNode(what: string, args: readonly string[], options: RunOptions): Promise<boolean> {
  const { succeeded, output } = await run(process.execPath, args, options);
  console.log(`${succeeded ? 'ok    ' : 'FAILED'} ${what}`);
  if (!succeeded) console.log(output);
  return succeeded;
}
