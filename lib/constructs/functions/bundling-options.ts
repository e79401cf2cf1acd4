import { programFile } from './program-file.ts';

/** Bundling options that hold for every function and every output format. */
export const COMMON_BUNDLING = {
  minify: true,
  // Logs and handlers distinguish errors by name.
  keepNames: true,
  // The source map gives the line; the text of that line is in the repository.
  sourcesContent: false,
};

/**
 * Modules that are replaced in every function, each with the file that takes its place. A client of the user's finds
 * its credentials there too.
 */
export const REPLACED_MODULES: Readonly<Record<string, string>> = {
  '@aws-sdk/credential-provider-node': programFile('lib/lambda/function-credentials'),
};

/**
 * Bundling options of an ES module. CommonJS packages inside it find what CommonJS gives them: `require` for Node's own
 * modules, `__dirname` and `__filename`. `define` replaces these two only where the code doesn't declare them itself;
 * `require` is a global for the same reason: a declaration would collide with one of the user's.
 */
export const ESM_BUNDLING = {
  mainFields: ['module', 'main'],
  define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
  // No double quotes, dollar signs or backticks: older versions of the CDK pass it through a shell.
  banner:
    "import { createRequire as coatcheckCreateRequire } from 'node:module'; globalThis.require ??= coatcheckCreateRequire(import.meta.url);",
};

/**
 * Options that make several files of an ES module: `index.mjs`, and one for whatever is only imported when it is first
 * needed, so that a function starts without it.
 */
export const SPLITTING = {
  splitting: true,
  entryNames: 'index',
  outExtension: { '.js': '.mjs' },
};
