import { extname, join } from 'node:path';

/**
 * The path of a file that is run or bundled instead of imported: TypeScript in a checkout, JavaScript in the package.
 * @param path relative to the project folder, without extension: `functions/processor/index`
 */
export function programFile(path: string): string {
  return join(import.meta.dirname, '..', '..', '..', `${path}${extname(import.meta.filename)}`);
}
