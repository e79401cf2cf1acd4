#!/usr/bin/env bash
# Hono 4.13.19: an error in the callback of stream() or streamText(), after the status was sent, ends the response as if it were
# whole. So does an error of the stream that is given to pipe(): a proxied response that breaks midway arrives as a complete, shorter
# one, and its reader can't know. The third argument, onError, sees the error, but abort() in it makes no difference. A Response
# with the same stream as its body breaks, as it does on the other servers of Node, so that the reader gets an error.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact hono@4.13.19 @hono/node-server@2.1.9
cat > stream.js <<'JS'
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { stream, streamText } from 'hono/streaming';

/** A response of another service, which breaks after its first part. */
function broken() {
  const parts = ['[1,'];
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.error(new Error('the source broke'));
      else controller.enqueue(new TextEncoder().encode(part));
    },
  });
}

async function write(target) {
  await target.write('[1,');
  throw new Error('the callback failed');
}

const ROUTES = {
  'stream(), write()': (context) => stream(context, write),
  'stream(), pipe()': (context) => stream(context, (target) => target.pipe(broken())),
  'stream(), abort() in onError': (context) => stream(context, write, async (_error, target) => target.abort()),
  'streamText(), write()': (context) => streamText(context, write),
  'new Response()': () => new Response(broken()),
};

console.error = () => {};
const app = new Hono();
Object.values(ROUTES).forEach((handler, index) => app.get(`/${index}`, handler));
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
await once(server, 'listening');
const { port } = server.address();

const seen = [];
for (const [index, name] of Object.keys(ROUTES).entries()) {
  const response = await fetch(`http://127.0.0.1:${port}/${index}`);
  const body = await response.text().catch((error) => `${error.name}: ${error.message}`);
  seen.push(`${name}: ${response.status}, ${body}`);
}
console.log(`Hono 4.13.19, @hono/node-server 2.1.9, Node ${process.version}: the source of a response fails after its first part`);
console.log('expected: reading each response fails');
for (const line of seen) console.log(`observed: ${line}`);
const known = [
  'stream(), write(): 200, [1,',
  'stream(), pipe(): 200, [1,',
  'stream(), abort() in onError: 200, [1,',
  'streamText(), write(): 200, [1,',
  'new Response(): 200, TypeError: terminated',
];
process.exit(JSON.stringify(seen) === JSON.stringify(known) ? 0 : 1);
JS
node stream.js
