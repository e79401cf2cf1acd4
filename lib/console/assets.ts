import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';

/** The files that pages load, by what they are. */
const FILES = {
  style: ['console.css', 'text/css; charset=utf-8'],
  script: ['console.js', 'text/javascript; charset=utf-8'],
  icon: ['icon.svg', 'image/svg+xml'],
} as const;

/** The paths of the files, which hold the digest of the content: browsers keep them for good. */
export type AssetPaths = Readonly<Record<keyof typeof FILES, string>>;

/** Serves the files. */
export function addAssets(app: Hono): AssetPaths {
  const add = (kind: keyof typeof FILES) => {
    const [file, type] = FILES[kind];
    const bytes = readFileSync(join(import.meta.dirname, 'static', file));
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const path = `/assets/${digest}-${file}`;
    const headers = { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' };
    app.get(path, (c) => c.body(bytes, 200, headers));
    return path;
  };
  // Browsers ask for it on pages that name no icon.
  app.get('/favicon.ico', (c) => c.body(null, 204));
  return { style: add('style'), script: add('script'), icon: add('icon') };
}
