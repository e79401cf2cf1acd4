import { extname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * The path of a file that is run or bundled instead of imported: TypeScript in a checkout, JavaScript in the package.
 * @param path relative to the project folder, without extension: `functions/processor/index`
 */
export function programFile(path: string): string {
  return join(ROOT, `${path}${extname(import.meta.filename)}`);
}

/** As {@link programFile}, for a file that is a CommonJS module. */
export function commonJsFile(path: string): string {
  return join(ROOT, `${path}${extname(import.meta.filename).replace('.', '.c')}`);
}
