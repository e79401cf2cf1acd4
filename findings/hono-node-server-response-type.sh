#!/usr/bin/env bash
# Starting a server of @hono/node-server replaces the Response of the whole process by one with other content types: a
# response of bytes gets text/plain, where the platform's has none, and that of a text another spelling. Whatever else runs in the
# process and makes responses is affected.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --save-exact node@24.21.0 @hono/node-server@2.1.9 hono@4.13.19
cat > types.mjs <<'JS'
import { createAdaptorServer } from '@hono/node-server';
const typesOf = () =>
  [new Response(new Uint8Array([65])), new Response('A')].map(({ headers }) => headers.get('content-type'));
const before = JSON.stringify(typesOf());
createAdaptorServer({ fetch: () => new Response(null) });
const after = JSON.stringify(typesOf());
console.log('expected: content types of new Response(bytes) and new Response(text) after a server was made as before');
console.log(`observed: ${before} before, ${after} after`);
const known = '[null,"text/plain;charset=UTF-8"] ["text/plain; charset=UTF-8","text/plain; charset=UTF-8"]';
process.exit(`${before} ${after}` === known ? 0 : 1);
JS
node_modules/.bin/node types.mjs
