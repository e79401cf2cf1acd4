/**
 * Imports a bundle as Lambda does and writes a {@link BundleReport} as JSON. A program with the arguments FILE EXPORT.
 */
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, constants } from 'node:vm';
import { definitionOf, isProcessor, makesProcessor } from '../../core/config/processor-brand.ts';
import { type BundleReport, REPORT_DESCRIPTOR } from './bundle-report.ts';

const [file = '', exported = ''] = process.argv.slice(2);

function report(found: BundleReport): never {
  writeSync(REPORT_DESCRIPTOR, JSON.stringify(found));
  // A timer or server of the bundle must not block the deployment.
  process.exit(0);
}

async function exportsOf(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (path.endsWith('.mjs')) return import(pathToFileURL(path).href);
  // Always CommonJS: a package.json above this folder has no effect in Lambda, where the bundle has none above it.
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
  const module = { exports: {} };
  const run = compileFunction(readFileSync(path, 'utf8'), parameters, {
    filename: path,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  run.call(module.exports, module.exports, createRequire(path), module, path, dirname(path));
  return module.exports;
}

/**
 * Whether a handler can be a wrapper, made by a tracing or error reporting tool, of a processor that isn't exported.
 */
function isWrapper(handler: unknown, all: readonly unknown[]): boolean {
  return typeof handler === 'function' && makesProcessor() && !all.some(isProcessor);
}

function secretsOf(handler: unknown): string[] | undefined {
  const definition = definitionOf(handler);
  if (typeof definition !== 'object' || definition === null) return undefined;
  return 'secrets' in definition && Array.isArray(definition.secrets) ? definition.secrets.map(String) : [];
}

/** The name, code and message of an error. A stack would quote the line of code, which is the whole bundle. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.name}${code}: ${error.message}`;
}

const failed = (error: unknown) => report({ imported: false, error: textOf(error) });
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
exportsOf(file).then((all) => {
  const handler = all[exported];
  report({
    imported: true,
    isProcessor: isProcessor(handler) || isWrapper(handler, Object.values(all)),
    exported: handler === undefined ? undefined : typeof handler,
    secrets: secretsOf(handler),
  });
}, failed);
