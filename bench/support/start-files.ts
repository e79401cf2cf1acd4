import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A static import of a file beside the importing one, as esbuild writes it. */
const STATIC_IMPORT = /(?:\bfrom|\bimport) ?"(\.\/[^"]+)"/g;

/** The files of a bundle that are loaded when it starts: its entry, and whatever that imports other than on demand. */
export function startFiles(entry: string, found: Set<string> = new Set()): readonly string[] {
  if (!found.has(entry)) {
    found.add(entry);
    for (const [, path = ''] of readFileSync(entry, 'utf8').matchAll(STATIC_IMPORT)) {
      startFiles(join(dirname(entry), path), found);
    }
  }
  return [...found];
}
