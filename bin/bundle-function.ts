/**
 * Bundles one of the package's own functions: at build time for the package, at synthesis for a checkout.
 *
 *     node bin/bundle-function.ts NAME FOLDER
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';
import {
  COMMON_BUNDLING,
  ESM_BUNDLING,
  REPLACED_MODULES,
  SPLITTING,
} from '../lib/constructs/functions/bundling-options.ts';
import { PROJECT_FOLDER } from '../lib/local/folder.ts';

/** As in tsconfig.build.json; can't be confused with a file of the user. */
const SOURCE_ROOT = 'coatcheck:///';

/** Leaves out Zod's messages in other languages, a fifth of the HTTP API; `z.locales` refers to all of them. */
const ENGLISH_ONLY: Plugin = {
  name: 'english-only',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(path),
    }));
  },
};

/**
 * Keeps the names of our errors, by which logs distinguish them. Packages name their errors themselves. To keep the name
 * of every function, as `keepNames` does, takes a tenth of the bundle and of its start.
 */
const OWN_ERROR_NAMES: Plugin = {
  name: 'own-error-names',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!/\bclass \w+ extends /.test(source)) return undefined;
      const { code } = await transform(source, {
        loader: 'ts',
        keepNames: true,
        sourcemap: 'inline',
        sourcefile: basename(path),
        sourcesContent: false,
      });
      return { contents: code };
    });
  },
};

/** Bundles a function into `index.mjs` in a folder, the files it imports on demand, and a source map of each. */
export async function bundleFunction(name: string, folder: string): Promise<void> {
  const { metafile } = await build({
    ...COMMON_BUNDLING,
    ...ESM_BUNDLING,
    ...SPLITTING,
    alias: REPLACED_MODULES,
    keepNames: false,
    plugins: [ENGLISH_ONLY, OWN_ERROR_NAMES],
    entryPoints: [join(PROJECT_FOLDER, 'functions', name, 'index.ts')],
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: true,
    banner: { js: ESM_BUNDLING.banner },
    logLevel: 'warning',
    metafile: true,
  });
  const maps = Object.keys(metafile.outputs).filter((file) => file.endsWith('.map'));
  await Promise.all(maps.map((file) => nameSources(resolve(file), folder)));
}

/** Makes the sources in a map relative to the project's folder, not to the bundle's, which differs by machine. */
async function nameSources(file: string, folder: string): Promise<void> {
  const map: { readonly sources: readonly string[] } = JSON.parse(await readFile(file, 'utf8'));
  const sources = map.sources.map((source) =>
    relative(PROJECT_FOLDER, resolve(folder, source)).replaceAll(sep, '/'),
  );
  await writeFile(file, JSON.stringify({ ...map, sources, sourceRoot: SOURCE_ROOT }));
}

if (import.meta.main) {
  const [name = '', folder = ''] = process.argv.slice(2);
  await bundleFunction(name, folder);
}
