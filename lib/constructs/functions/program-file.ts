import { extname, join } from 'node:path';

/**
 * A file that is run or bundled rather than imported: TypeScript in a checkout, the JavaScript made of it in the
 * package.
 * @param path from the project's folder, without its extension: `functions/processor/index`
 */
export function programFile(path: string): string {
  return join(import.meta.dirname, '..', '..', '..', `${path}${extname(import.meta.filename)}`);
}
