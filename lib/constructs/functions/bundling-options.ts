/** Bundling options that hold for every function and every output format. */
export const COMMON_BUNDLING = {
  minify: true,
  // Logs and handlers distinguish errors by name.
  keepNames: true,
  // The source map gives the line; the text of that line is in the repository.
  sourcesContent: false,
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
