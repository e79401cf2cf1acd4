#!/usr/bin/env bash
# The fetch client of orval sends a JSON body as the text [object Object], without a content type of JSON, if the operation takes bytes as
# well: it leaves out JSON.stringify. It writes the call right if JSON is the only type.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact orval@8.38.0 esbuild@0.28.2
cat > run.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { transformSync } from 'esbuild';

const json = { 'application/json': { schema: { type: 'object', properties: { x: { type: 'integer' } } } } };
const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };

async function sent(name, content) {
  const post = { operationId: 'submit', requestBody: { required: true, content }, responses: { 204: { description: 'Done.' } } };
  const document = { openapi: '3.0.3', info: { title: 't', version: '1' }, paths: { '/requests': { post } } };
  writeFileSync(`${name}.json`, JSON.stringify(document));
  execFileSync('npx', ['orval', '--input', `${name}.json`, '--output', `${name}.ts`, '--client', 'fetch'], { stdio: 'pipe' });
  writeFileSync(`${name}.mjs`, transformSync(readFileSync(`${name}.ts`, 'utf8'), { loader: 'ts' }).code);
  let request;
  globalThis.fetch = async (url, options) => {
    request = new Request(new URL(url, 'http://localhost'), options);
    return new Response(null, { status: 204 });
  };
  await (await import(`./${name}.mjs`)).submit({ x: 6 });
  return `${await request.text()} as ${request.headers.get('content-type')}`;
}

const alone = await sent('alone', json);
const both = await sent('both', { ...json, ...bytes });
console.log(`orval 8.38.0, Node ${process.version}`);
console.log(`expected, and observed with JSON alone: ${alone}`);
console.log(`observed with JSON or bytes: ${both}`);
process.exit(alone === '{"x":6} as application/json' && both.startsWith('[object Object] as text/plain') ? 0 : 1);
JS
node run.mjs
