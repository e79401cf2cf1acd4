/**
 * Builds the published package. A checkout needs no build, because Node runs TypeScript outside `node_modules`.
 *
 *     npm run build    into dist/, for npm pack ./dist or npm publish ./dist
 */
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { transform } from 'esbuild';
import { OWN_FUNCTIONS } from '../lib/constructs/functions/own-function.ts';
import { CoatcheckError } from '../lib/core/base/errors.ts';
import { PROJECT_FOLDER } from '../lib/local/folder.ts';
import { run } from '../lib/local/run.ts';
import { main } from '../lib/terminal/main.ts';
import { bundleFunction, CONSOLE_FILES } from './bundle-function.ts';

type Texts = Readonly<Record<string, string>>;

/** The members of the project's package.json that the package's is built from. */
interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
  /** TypeScript sources, as in `bin`. */
  readonly exports: Texts;
  readonly bin: Texts;
  readonly dependencies: Texts;
  readonly devDependencies: Texts;
}

/** The oldest Node that has all APIs in use, and whose `require` loads ES modules. */
const NODE_VERSIONS = '>=22.12.0';

/**
 * Packages that a CDK app provides, because constructs of two copies are incompatible. With the oldest versions that the
 * tests install.
 */
export const PEERS: Texts = { 'aws-cdk-lib': '^2.215.0', constructs: '^10.4.2' };

/**
 * Packages whose next minor version breaks ours. OpenTelemetry's SDKs refuse the API 1.10, which ignores an SDK that was registered
 * through 1.9, such as that of the ADOT layer. npm takes their peer ranges into account, but pnpm and Yarn don't.
 */
const PATCHES_ONLY = new Set(['@opentelemetry/api']);

/**
 * Folder of the same code as CommonJS. Jest runs the tests of a CDK app as CommonJS, and can't require ES modules.
 */
const COMMONJS = 'cjs';

/** The recipe of the image for Fargate, which the CDK builds. */
const DOCKERFILE = 'lib/constructs/fargate/Dockerfile';

/**
 * Builds the package into a folder, after deleting the folder.
 * @throws BuildFailed if the sources don't compile
 */
export async function buildPackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await compile(folder);
  await copyFile(join(PROJECT_FOLDER, DOCKERFILE), join(folder, DOCKERFILE));
  await cp(join(PROJECT_FOLDER, CONSOLE_FILES), join(folder, CONSOLE_FILES), { recursive: true });
  await writeCommonJs(folder);
  for (const name of OWN_FUNCTIONS) await bundleFunction(name, join(folder, 'functions', name));
  const project: ProjectManifest = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));
  const manifest = publishedManifest(project, await compiledTexts(folder));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ['README.md', 'LICENSE']) await copyFile(join(PROJECT_FOLDER, file), join(folder, file));
  for (const file of Object.values(manifest.bin)) await chmod(join(folder, file), 0o755);
}

/** The sources don't compile; the message is the compiler's. */
class BuildFailed extends CoatcheckError {
  override readonly name = 'BuildFailed';
  readonly code = 'build_failed';
}

async function compile(folder: string): Promise<void> {
  const compiler = createRequire(import.meta.url).resolve('@typescript/native/package.json');
  const tsc = join(compiler, '..', 'bin', 'tsc');
  const args = ['--project', join(PROJECT_FOLDER, 'tsconfig.build.json'), '--outDir', folder];
  const { succeeded, output } = await run(process.execPath, [tsc, ...args]);
  if (!succeeded) throw new BuildFailed(output);
}

/** Writes the modules of the exports as CommonJS. The command line is run, never required. */
async function writeCommonJs(folder: string): Promise<void> {
  const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll(sep, '/'));
  const exported = paths.filter((path) =>
    /^(?:functions|lib\/(?!cli\/|console\/|local\/|terminal\/))/.test(path),
  );
  for (const path of exported.filter((path) => /\.(?:js|d\.ts)$/.test(path))) {
    const text = await readFile(join(folder, path), 'utf8');
    const file = join(folder, COMMONJS, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, path.endsWith('.js') ? await commonJsOf(text, path) : text);
  }
  await writeFile(join(folder, COMMONJS, 'package.json'), '{ "type": "commonjs" }\n');
}

/** Programs and bundles exist once, so CommonJS modules find them from the folder of their ES module. */
async function commonJsOf(text: string, path: string): Promise<string> {
  const way = relative(dirname(join(COMMONJS, path)), dirname(path)).replaceAll(sep, '/');
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    banner: text.includes('import.meta.dirname')
      ? `const coatcheckDirname = require('node:path').join(__dirname, '${way}');`
      : undefined,
    define: { 'import.meta.dirname': 'coatcheckDirname', 'import.meta.filename': '__filename' },
  });
  return code.replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
}

async function compiledTexts(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => /\.(?:js|d\.ts)$/.test(file));
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
}

function publishedManifest(project: ProjectManifest, texts: readonly string[]) {
  const { name, version, description, license, type } = project;
  const imported = importedOf({ ...typesOf(project.devDependencies), ...project.dependencies }, texts);
  return {
    name,
    version,
    description,
    license,
    type,
    engines: { node: NODE_VERSIONS },
    exports: mapValues(project.exports, (source) => ({
      import: compiledFrom(source),
      require: compiledFrom(source.replace('./', `./${COMMONJS}/`)),
    })),
    // npm requires paths of programs without `./`.
    bin: mapValues(project.bin, (source) => source.replace(/^\.\/(.*)\.ts$/, '$1.js')),
    files: ['bin', COMMONJS, 'functions', 'lib'],
    dependencies: filterKeys(imported, (name) => !(name in PEERS)),
    peerDependencies: PEERS,
    // Clients don't need the CDK.
    peerDependenciesMeta: mapValues(PEERS, () => ({ optional: true })),
  };
}

function compiledFrom(source: string) {
  return { types: source.replace(/\.ts$/, '.d.ts'), default: source.replace(/\.ts$/, '.js') };
}

/** Types that the package's own types refer to. */
function typesOf(devDependencies: Texts): Texts {
  return filterKeys(devDependencies, (name) => name.startsWith('@types/'));
}

/**
 * The packages that compiled files import, for their code or types. Version ranges instead of the project's pins, so that
 * users get fixes without a new release; their lock file pins.
 */
function importedOf(packages: Texts, texts: readonly string[]): Texts {
  const isImported = (name: string) => {
    const pattern = new RegExp(`\\b(?:from|import\\(?)\\s*["']${name.replace('@types/', '')}["'/]`);
    return texts.some((text) => pattern.test(text));
  };
  return mapValues(
    filterKeys(packages, isImported),
    (version, name) => `${PATCHES_ONLY.has(name) ? '~' : '^'}${version}`,
  );
}

function mapValues<Value>(
  record: Texts,
  change: (value: string, key: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

function filterKeys(record: Texts, isWanted: (key: string) => boolean): Texts {
  return Object.fromEntries(Object.entries(record).filter(([key]) => isWanted(key)));
}

if (import.meta.main) {
  await main(async () => {
    await buildPackage(join(PROJECT_FOLDER, 'dist'));
    return 0;
  });
}
