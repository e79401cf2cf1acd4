import { readFileSync } from 'node:fs';

/** The version of the package. */
export function projectVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
