#!/usr/bin/env bash
# Node 24 loads all of undici (fetch, WebSocket) when an ES module imports node:http, and doesn't when CommonJS requires it:
# an import reads every export, and http's WebSocket, CloseEvent and MessageEvent are getters that load it. It is about a
# tenth of the cold start of a function that is bundled as an ES module with the AWS SDK in one file, since the SDK's
# provider for instance metadata imports node:http.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --save-exact node@24.21.0
cat > loads.mjs <<'JS'
import { createRequire } from 'node:module';
const undici = () => process.moduleLoadList.some((name) => name.endsWith('internal/deps/undici/undici'));
createRequire(import.meta.url)('node:http');
const required = undici();
await import('node:http');
const seen = `require ${required}, import ${undici()}`;
const known = 'require false, import true';
console.log(`node ${process.version}`);
console.log('expected: undici is loaded by neither');
console.log(`observed: undici is loaded by ${seen}`);
process.exit(seen === known ? 0 : 1);
JS
node_modules/.bin/node loads.mjs
