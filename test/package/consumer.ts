import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildPackage } from '../../bin/build.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';

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
const OWN_PACKAGES = ['@types/node', 'esbuild', 'zod'];

/**
 * Builds, packs and unpacks the package. Its dependencies are those of the project, but no others: what it doesn't
 * declare it doesn't find.
 * @param parent a folder for everything that is made
 */
export async function makeConsumer(parent: string): Promise<Consumer> {
  const tarball = await pack(parent);
  const folder = join(parent, 'consumer');
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

async function pack(parent: string): Promise<string> {
  const built = join(parent, 'dist');
  await mkdir(join(built, 'lib'), { recursive: true });
  await writeFile(join(built, 'lib', 'left-by-an-earlier-build.js'), '');
  await buildPackage(built);
  const env = { ...process.env, npm_config_cache: join(parent, 'npm-cache') };
  await done('npm', ['pack', built, '--pack-destination', parent], env);
  const { version } = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));
  return join(parent, `coatcheck-${version}.tgz`);
}

async function linkPackage(name: string, folder: string): Promise<void> {
  const link = join(folder, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(join(PROJECT_FOLDER, 'node_modules', name), link);
}

async function linkProgram(name: string, target: string, folder: string): Promise<void> {
  const programs = join(folder, 'node_modules', '.bin');
  await mkdir(programs, { recursive: true });
  await symlink(target, join(programs, name));
}

async function done(command: string, args: readonly string[], env = process.env): Promise<void> {
  const { succeeded, output } = await run(command, args, { env });
  if (!succeeded) throw new Error(output);
}
