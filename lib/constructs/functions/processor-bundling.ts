import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { AssetStaging } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import {
  type BundlingOptions,
  type ICommandHooks,
  LogLevel,
  type NodejsFunctionProps,
  OutputFormat,
} from 'aws-cdk-lib/aws-lambda-nodejs';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { ForwardToContainer } from '../settings/fargate-props.ts';
import type { ProcessorFunctionProps } from '../settings/processor-function-props.ts';
import { COMMON_BUNDLING, ESM_BUNDLING, REPLACED_MODULES, SPLITTING } from './bundling-options.ts';
import { programFile } from './program-file.ts';

/** The lock files that the CDK knows. It chooses the package manager by the name of the file. */
const LOCK_FILES = ['pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb', 'package-lock.json'];

/**
 * The bundling options of a processor: the service's own, overridden by `function.bundling`. For a task, the bundle is a
 * program that runs the processor in a worker.
 * @throws ConfigurationError if `nodeModules` needs a lock file and there is none, or more than one
 */
export function processorBundling(
  service: AsyncServiceProps,
): Pick<NodejsFunctionProps, 'entry' | 'depsLockFilePath' | 'projectRoot' | 'bundling'> {
  const { bundling: given = {}, projectRoot: root } = service.function ?? {};
  const locks = lockFilesOf(service.function ?? {});
  const landmark = locks[0] ?? findUp('package.json', resolve('.'));
  const projectRoot = resolve(root ?? (landmark === undefined ? '.' : dirname(landmark)));
  const file = service.entry === undefined ? undefined : resolve(service.entry);
  // The TypeScript compiler of `preCompilation` accepts the user's own file only.
  const entry = given.preCompilation && file ? file : generatedEntry(file, service, projectRoot);
  return {
    entry,
    depsLockFilePath: singleLockFile(locks, given) ?? entry,
    projectRoot,
    bundling: bundlingOptions(service, projectRoot),
  };
}

function bundlingOptions(
  { function: { bundling: given = {}, architecture } = {}, host }: AsyncServiceProps,
  projectRoot: string,
): BundlingOptions {
  // The output of the TypeScript compiler of `preCompilation` is often CommonJS.
  const format = given.format ?? (given.preCompilation ? OutputFormat.CJS : OutputFormat.ESM);
  const ours = format === OutputFormat.ESM ? ESM_BUNDLING : undefined;
  const { esbuildArgs, commandHooks } = ours ? splitting(given.commandHooks) : given;
  return {
    ...COMMON_BUNDLING,
    mainFields: ours?.mainFields,
    // The tested version of the SDK. It also starts faster than that of the runtime.
    bundleAwsSDK: true,
    sourceMap: true,
    logLevel: LogLevel.WARNING,
    // The relative paths below start here, also in a container.
    workingDirectory: AssetStaging.BUNDLING_INPUT_DIR,
    ...given,
    format,
    // A task starts once for many requests, and needs all of Node's modules.
    esbuildArgs: { ...(!host?.fargate && replacements(projectRoot)), ...esbuildArgs, ...given.esbuildArgs },
    commandHooks,
    define: { ...ours?.define, ...given.define },
    banner: [ours?.banner, given.banner].filter(Boolean).join(' ') || undefined,
    environment: { ...installTarget(architecture), ...given.environment },
  };
}

/** Arguments that make esbuild replace modules. Their paths are relative to the folder in which esbuild runs. */
function replacements(projectRoot: string): Record<string, string> {
  // The bundler resolves imports from the real path of a file, and `node_modules` may be a link.
  const root = realpathSync(projectRoot);
  return Object.fromEntries(
    Object.entries(REPLACED_MODULES).map(([name, file]) => {
      const path = relative(root, realpathSync(file)).replaceAll(sep, '/');
      return [`--alias:${name}`, path.startsWith('../') ? path : `./${path}`];
    }),
  );
}

/**
 * Where esbuild writes to. Of this process: it bundles one function after another, and others of the project bundle at the
 * same time. The same for all functions, because the CDK bundles once what has the same options.
 */
const OUTPUT_FOLDER = `node_modules/.cache/coatcheck/bundle-${randomUUID()}`;

/**
 * Options that make esbuild write several files. It needs an output folder, but the CDK passes the path of a file, in a
 * folder that is unknown until the CDK bundles. So esbuild writes to a temporary folder, and a hook moves the files.
 */
function splitting(hooks: ICommandHooks | undefined): Pick<BundlingOptions, 'esbuildArgs' | 'commandHooks'> {
  return {
    esbuildArgs: {
      '--outfile=': true,
      '--outdir': OUTPUT_FOLDER,
      '--splitting': SPLITTING.splitting,
      '--entry-names': SPLITTING.entryNames,
      ...Object.fromEntries(
        Object.entries(SPLITTING.outExtension).map(([from, to]) => [`--out-extension:${from}`, to]),
      ),
    },
    commandHooks: {
      beforeBundling: (input, output) => hooks?.beforeBundling(input, output) ?? [],
      beforeInstall: (input, output) => hooks?.beforeInstall(input, output) ?? [],
      afterBundling: (input, output) => [
        moveCommand(`${input}/${OUTPUT_FOLDER}`, output),
        ...(hooks?.afterBundling(input, output) ?? []),
      ],
    },
  };
}

/** A command that moves the files of a folder. Works in the shells of Linux, macOS and Windows. */
function moveCommand(from: string, to: string): string {
  const script =
    "const fs = require('node:fs'), [from, to] = process.argv.slice(1); " +
    'fs.cpSync(from, to, { recursive: true }); fs.rmSync(from, { recursive: true });';
  return `node -e "${script}" "${from}" "${to}"`;
}

/**
 * The variables that make npm, and pnpm since version 12, install `bundling.nodeModules` for the platform of the function.
 * @see https://docs.npmjs.com/cli/v11/using-npm/config#cpu
 * @see https://pnpm.io/settings#supportedarchitectures
 */
function installTarget(architecture = Architecture.ARM_64): Record<string, string> {
  const [os, libc] = ['linux', 'glibc'];
  const cpu = architecture.name === Architecture.ARM_64.name ? 'arm64' : 'x64';
  return {
    npm_config_os: os,
    npm_config_cpu: cpu,
    npm_config_libc: libc,
    pnpm_config_supported_architectures: JSON.stringify({ os: [os], cpu: [cpu], libc: [libc] }),
  };
}

/** The lock files of the project, in the nearest folder that has any. */
function lockFilesOf({ depsLockFilePath, projectRoot }: ProcessorFunctionProps): string[] {
  if (depsLockFilePath !== undefined) return [resolve(depsLockFilePath)];
  const found = lockFilesAbove(resolve('.'));
  return found.length > 0 || projectRoot === undefined ? found : lockFilesAbove(resolve(projectRoot));
}

/**
 * The lock file that decides the package manager and the versions of `nodeModules`. Undefined if it is ambiguous and
 * not needed: with any other file the CDK runs the bundler with npx.
 */
function singleLockFile(locks: readonly string[], { nodeModules = [] }: BundlingOptions): string | undefined {
  if (locks.length === 1) return locks[0];
  if (nodeModules.length === 0) return undefined;
  const found = locks.length > 0 ? locks.join(' and ') : `none in ${resolve('.')} or above it`;
  throw new ConfigurationError(
    `function.depsLockFilePath must be the lock file with ${nodeModules.join(', ')}, one of ${LOCK_FILES.join(', ')}, got ${found}`,
  );
}

function lockFilesAbove(folder: string): string[] {
  const found = LOCK_FILES.map((name) => join(folder, name)).filter((file) => existsSync(file));
  return found.length > 0 || folder === dirname(folder) ? found : lockFilesAbove(dirname(folder));
}

function findUp(name: string, folder: string): string | undefined {
  const file = join(folder, name);
  if (existsSync(file)) return file;
  return folder === dirname(folder) ? undefined : findUp(name, dirname(folder));
}

/**
 * Writes a module that exports the handler of the user's entry. It supports CommonJS entries, which the bundler would
 * turn into a default export, and entries outside the project root, which the CDK rejects.
 * @returns the path of the module. It is in the cache of the package of the entry, because the CDK looks there for the
 * versions of `nodeModules`.
 */
function generatedEntry(
  file: string | undefined,
  { handler = 'handler', host }: AsyncServiceProps,
  projectRoot: string,
): string {
  const manifest = file && isUnder(file, projectRoot) ? findUp('package.json', dirname(file)) : undefined;
  const home = manifest !== undefined && isUnder(manifest, projectRoot) ? dirname(manifest) : projectRoot;
  const folder = join(home, 'node_modules', '.cache', 'coatcheck');
  mkdirSync(folder, { recursive: true });
  const specifierOf = (path: string): string => {
    // The bundler resolves imports from the real path of a file, and `node_modules` may be a link.
    const way = relative(realpathSync(folder), realpathSync(path)).replaceAll(sep, '/');
    return JSON.stringify(way.startsWith('../') ? way : `./${way}`);
  };
  const { forwardTo } = host?.fargate ?? {};
  const text = [
    ...(forwardTo ? forwarder(forwardTo, specifierOf) : file ? imported(file, handler, specifierOf) : []),
    `export { handler as ${handler} };`,
    ...(host?.fargate ? worker(specifierOf) : []),
    '',
  ].join('\n');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const name = file ? basename(file, extname(file)) : 'forwarder';
  const path = join(folder, `${name}-${digest}.mjs`);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  return path;
}

/** Makes the import specifier of a file. */
type SpecifierOf = (path: string) => string;

/** With a namespace import, a missing export isn't an error of the bundler, and checkBundle reports it. */
function imported(file: string, handler: string, specifierOf: SpecifierOf): string[] {
  return [`import * as entry from ${specifierOf(file)};`, `const handler = entry.${handler};`];
}

/** A processor that calls the container in the same task. */
function forwarder({ port, path = '/', readyPath }: ForwardToContainer, specifierOf: SpecifierOf): string[] {
  const url = JSON.stringify(`http://127.0.0.1:${port}${path}`);
  return [
    `import { forwardTo, processor } from ${specifierOf(programFile('functions/processor/index'))};`,
    `const handler = processor(forwardTo(${url}, ${JSON.stringify({ readyPath })}));`,
  ];
}

/** Runs the handler in a worker if the bundle is run, not when it is imported to be checked. */
function worker(specifierOf: SpecifierOf): string[] {
  return [
    `import { runWorker } from ${specifierOf(programFile('functions/worker/index'))};`,
    'if (import.meta.main) await runWorker(handler);',
  ];
}

function isUnder(path: string, folder: string): boolean {
  const inside = relative(folder, path);
  return !isAbsolute(inside) && inside !== '..' && !inside.startsWith(`..${sep}`);
}
