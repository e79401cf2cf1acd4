/**
 * Bundles one of the package's own functions: at build time for the package, at synthesis for a checkout.
 *
 *     node bin/bundle-function.ts NAME FOLDER
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ACTION_ROUTES } from '../lib/api/action-routes.ts';
import { BATCH_ROUTES } from '../lib/api/batch-routes.ts';
import { openApiDocument } from '../lib/api/openapi-document.ts';
import { SCHEDULE_ROUTES } from '../lib/api/schedule-routes.ts';
import {
  COMMON_BUNDLING,
  ESM_BUNDLING,
  REPLACED_MODULES,
  SPLITTING,
} from '../lib/constructs/functions/bundling-options.ts';
import { API_AUTHS } from '../lib/core/config/settings.ts';
import { PROJECT_FOLDER } from '../lib/local/folder.ts';

/** What the pages of the console load: beside its bundle, as beside its module. */
export const CONSOLE_FILES = 'lib/console/static';

/** As in tsconfig.build.json; can't be confused with a file of the user. */
const SOURCE_ROOT = 'coatcheck:///';

/** The routes that some deployments have, and others don't. */
const MORE_ROUTES = [[], SCHEDULE_ROUTES, BATCH_ROUTES, [...SCHEDULE_ROUTES, ...BATCH_ROUTES]].flatMap(
  (more) => [more, [...more, ...ACTION_ROUTES]],
);

/**
 * Puts the OpenAPI documents into the bundle instead of the module that generates them: for each of {@link MORE_ROUTES}, by the ids of
 * their operations.
 */
const OPENAPI_DOCUMENTS: Plugin = {
  name: 'openapi-documents',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]openapi-document\.ts$/ }, () => {
      const documents = Object.fromEntries(
        API_AUTHS.map((auth) => [
          auth,
          Object.fromEntries(MORE_ROUTES.map((more) => [namesOf(more), openApiDocument(auth, more)])),
        ]),
      );
      return {
        contents: `const documents = ${JSON.stringify(documents)};
          export const openApiDocument = (auth, more = []) => documents[auth][more.map(({ operationId }) => operationId).join()];`,
      };
    });
  },
};

function namesOf(routes: readonly { readonly operationId?: string }[]): string {
  return routes.map(({ operationId }) => operationId).join();
}

/** Bundles a function into `index.mjs` in a folder, the files it imports on demand, and a source map of each. */
export async function bundleFunction(name: string, folder: string): Promise<void> {
  const { metafile } = await build({
    ...COMMON_BUNDLING,
    ...ESM_BUNDLING,
    ...SPLITTING,
    alias: REPLACED_MODULES,
    plugins: [OPENAPI_DOCUMENTS],
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
  if (name === 'console')
    await cp(join(PROJECT_FOLDER, CONSOLE_FILES), join(folder, 'static'), { recursive: true });
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
