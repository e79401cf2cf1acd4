#!/usr/bin/env bash
# Yarn's Plug'n'Play replaces the functions of node:fs/promises, also for files outside of its archives. A file handle of Yarn
# 4.18.1 has no sync(), datasync() and utimes(): they throw, so a program that syncs a file to have it survive a loss of power fails.
# `await using` fails too: the handle has no Symbol.asyncDispose. fsync() of node:fs, with the descriptor of the same handle, works.
# The same program works where Yarn installs into node_modules.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @yarnpkg/cli-dist@4.18.1 >/dev/null
yarn="$PWD/node_modules/@yarnpkg/cli-dist/bin/yarn.js"
cat > write.mjs <<'JS'
import { fsync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';

const seen = async (work) => work().then(() => 'works', (error) => error.message.replace('is not a function', 'missing'));
const file = await open('orders.txt', 'w');
await file.writeFile('order 17');
const calls = {
  sync: () => file.sync(),
  datasync: () => file.datasync(),
  utimes: () => file.utimes(1, 1),
  asyncDispose: async () => void (await (await open('orders.txt'))[Symbol.asyncDispose]()),
  fsync: () => promisify(fsync)(file.fd),
};
for (const [name, call] of Object.entries(calls)) console.log(`${name}: ${await seen(async () => call())}`);
await file.close();
JS
for linker in node-modules pnp; do
  mkdir "$linker"
  cp write.mjs "$linker"
  (
    cd "$linker"
    echo '{ "name": "program", "private": true, "type": "module" }' > package.json
    touch yarn.lock
    printf 'nodeLinker: %s\nenableImmutableInstalls: false\nenableTelemetry: false\n' "$linker" > .yarnrc.yml
    node "$yarn" install > install.log
    node "$yarn" node write.mjs 2>/dev/null > observed
  )
done
echo "Yarn $(cd pnp && node "$yarn" --version), Node $(node --version)"
echo 'expected: each works, with nodeLinker: pnp as with node-modules'
sed 's/^/observed with node-modules: /' node-modules/observed
sed 's/^/observed with pnp: /' pnp/observed
[ "$(grep -c ': works$' node-modules/observed)" = 5 ]
[ "$(grep -c ': Method not implemented.$' pnp/observed)" = 3 ]
grep -q '^asyncDispose: .* missing$' pnp/observed
grep -q '^fsync: works$' pnp/observed
