import { commonJsFile, programFile } from './program-file.ts';

/** Bundling options of every function, in every output format. */
export const COMMON_BUNDLING = {
  // Names of functions and classes aren't kept: that takes a tenth of a start. Our errors state their names themselves.
  minify: true,
  // The source map has the line numbers; the text is in the repository.
  sourcesContent: false,
};

/**
 * Modules that are replaced in every function, with the files that replace them, for a faster start. This includes imports
 * by the user's code and by its packages.
 */
export const REPLACED_MODULES: Readonly<Record<string, string>> = {
  '@aws-sdk/credential-provider-node': programFile('lib/lambda/function-credentials'),
  '@aws-sdk/endpoint-cache': programFile('lib/lambda/endpoint-cache'),
  'node:http': commonJsFile('lib/lambda/node-http'),
  'node:process': commonJsFile('lib/lambda/node-process'),
};

/**
 * Bundling options of an ES module. They provide what CommonJS packages in the bundle expect: `require` for Node's
 * built-in modules, `__dirname` and `__filename`. `define` replaces the latter two only where the code doesn't declare
 * them. `require` is a global, because a declaration would collide with one in the user's code.
 */
export const ESM_BUNDLING = {
  mainFields: ['module', 'main'],
  define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
  // No double quotes, dollar signs or backticks: older versions of the CDK pass the banner through a shell.
  banner:
    "import { createRequire as coatcheckCreateRequire } from 'node:module'; globalThis.require ??= coatcheckCreateRequire(import.meta.url);",
};

/**
 * Bundling options that split an ES module into `index.mjs` and files for dynamic imports. A function starts without
 * loading the latter.
 */
export const SPLITTING = {
  splitting: true,
  entryNames: 'index',
  outExtension: { '.js': '.mjs' },
};
