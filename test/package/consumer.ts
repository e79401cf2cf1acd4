import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { buildPackage } from '../../bin/build.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';
import { installOnce } from '../support/peers/installation.ts';
import { installPackages } from './cdk-init-project.ts';

/** A project that uses the package as npm would install it. */
export interface Consumer {
  readonly folder: string;
  /** The package in its `node_modules`. */
  readonly installed: string;
  readonly tarball: string;
  readonly manifest: PublishedManifest;
}

/** What the tests read of the package's package.json. */
export interface PublishedManifest {
  readonly engines: { readonly node: string };
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** What a consumer has of its own: the CDK bundles with esbuild; its sources import zod; TypeScript knows Node. */
const OWN_PACKAGES = ['@types/node', 'esbuild', 'vitest', 'zod'];

/** Tests of processors, for several test runners. */
export const RUNNERS = join(import.meta.dirname, 'runners');

/** The lock files a project may have, one or none of which the CDK takes by itself. */
export const LOCK_FILES = { none: [], one: ['package-lock.json'], two: ['package-lock.json', 'yarn.lock'] };

/** What the package is built from. */
const SOURCES = ['bin', 'functions', 'lib'];
const SOURCE_FILES = [
  'LICENSE',
  'README.md',
  'package.json',
  'package-lock.json',
  'tsconfig.build.json',
  'tsconfig.json',
];

/**
 * Packs the package, once for all tests of the same sources, and unpacks it. Its dependencies are those of the project, but
 * no others: what it doesn't declare it doesn't find.
 * @param parent a folder for the consumer
 */
export async function makeConsumer(parent: string): Promise<Consumer> {
  const packed = await installOnce('package', await sourceFiles(), pack, PROJECT_FOLDER);
  return unpack(join(packed, await tarballName()), join(parent, 'consumer'));
}

async function sourceFiles(): Promise<string[]> {
  const folders = SOURCES.map(async (folder) => {
    const entries = await readdir(join(PROJECT_FOLDER, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => relative(PROJECT_FOLDER, join(parentPath, name)));
  });
  return [...SOURCE_FILES, ...(await Promise.all(folders)).flat().toSorted()];
}

/**
 * Another consumer of the same package, with packages of its own.
 * @param own as npm takes them: `constructs@10.4.2`
 */
export async function makeConsumerWith(
  own: readonly string[],
  tarball: string,
  folder: string,
): Promise<Consumer> {
  await mkdir(folder, { recursive: true });
  await installPackages(folder, ...own);
  return unpack(tarball, folder);
}

async function unpack(tarball: string, folder: string): Promise<Consumer> {
  await cp(join(import.meta.dirname, 'consumer'), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  // The CDK asks it where the project begins.
  await writeFile(join(folder, 'package-lock.json'), '{}');

  const installed = join(folder, 'node_modules', 'coatcheck');
  await mkdir(installed, { recursive: true });
  await done('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  const manifest: PublishedManifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const packages = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const name of new Set([...packages, ...OWN_PACKAGES])) await linkPackage(name, folder);
  await linkProgram('coatcheck', '../coatcheck/bin/coatcheck.js', folder);
  await linkProgram('esbuild', '../esbuild/bin/esbuild', folder);
  return { folder, installed, tarball, manifest };
}

/**
 * A monorepo whose CDK app, in `infra`, is beside the service it deploys, a CommonJS package; both have the packages of
 * a consumer.
 * @returns its folder
 */
export async function makeMonorepo(parent: string, consumer: Consumer): Promise<string> {
  const folder = join(parent, 'monorepo');
  for (const name of ['infra', 'services/orders']) {
    await mkdir(join(folder, name), { recursive: true });
    await symlink(join(consumer.folder, 'node_modules'), join(folder, name, 'node_modules'));
  }
  await writeFile(join(folder, 'infra', 'package.json'), '{ "type": "module" }');
  await cp(join(consumer.folder, 'app.js'), join(folder, 'infra', 'app.js'));
  const orders = join(folder, 'services', 'orders');
  await writeFile(join(orders, 'package.json'), '{}');
  await cp(join(consumer.folder, 'commonjs.cjs'), join(orders, 'processor.js'));
  await cp(join(consumer.folder, 'legacy.cjs'), join(orders, 'legacy.cjs'));
  return folder;
}

/**
 * A project with tests of processors for Vitest and node:test, which has the packages of a consumer.
 * @returns its folder
 */
export async function makeRunners(parent: string, consumer: Consumer): Promise<string> {
  const folder = join(parent, 'runners');
  await cp(RUNNERS, folder, { recursive: true });
  await cp(join(RUNNERS, 'processor-test.ts'), join(folder, 'processor.test.ts'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(consumer.folder, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Puts these lock files into a folder, and no others. */
export async function setLockFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of LOCK_FILES.two) await rm(join(folder, name), { force: true });
  for (const name of names) await writeFile(join(folder, name), name.endsWith('.json') ? '{}' : '');
}

/** Builds and packs the package into a folder. */
async function pack(folder: string): Promise<void> {
  const built = join(folder, 'dist');
  await mkdir(join(built, 'lib'), { recursive: true });
  await writeFile(join(built, 'lib', 'left-by-an-earlier-build.js'), '');
  await buildPackage(built);
  const env = { ...process.env, npm_config_cache: join(folder, 'npm-cache') };
  await done('npm', ['pack', built, '--pack-destination', folder], env);
  for (const path of [built, env.npm_config_cache]) await rm(path, { recursive: true });
}

async function tarballName(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));
  return `coatcheck-${version}.tgz`;
}

/** Gives a consumer a package of the project, as if it had installed it. */
export async function linkPackage(name: string, folder: string): Promise<void> {
  const link = join(folder, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  if (!existsSync(link)) await symlink(join(PROJECT_FOLDER, 'node_modules', name), link);
}

async function linkProgram(name: string, target: string, folder: string): Promise<void> {
  const programs = join(folder, 'node_modules', '.bin');
  await mkdir(programs, { recursive: true });
  if (!existsSync(join(programs, name))) await symlink(target, join(programs, name));
}

async function done(command: string, args: readonly string[], env = process.env): Promise<void> {
  const { succeeded, output } = await run(command, args, { env });
  if (!succeeded) throw new Error(output);
}
