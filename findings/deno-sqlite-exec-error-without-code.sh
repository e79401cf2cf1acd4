#!/usr/bin/env bash
# node:sqlite of Deno 2.9.6 gives an error of a prepared statement the result code of SQLite in errcode and errstr, as Node does, but
# not an error of DatabaseSync.exec(). A program that waits while another connection holds the lock (errcode 5, SQLITE_BUSY) fails at
# once on Deno if it begins its transaction with exec('BEGIN IMMEDIATE'). With prepare('BEGIN IMMEDIATE').run() it works on both.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --save-exact node@24.21.0 deno@2.9.6 >/dev/null
cat > codes.js <<'JS'
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

rmSync('shared.db', { force: true });
const one = new DatabaseSync('shared.db');
const other = new DatabaseSync('shared.db');
one.exec('BEGIN IMMEDIATE');
const codeOf = (work) => {
  try {
    return work() ?? 'no error';
  } catch ({ code, errcode }) {
    return `${code}, errcode ${errcode}`;
  }
};
console.log(`exec(): ${codeOf(() => other.exec('BEGIN IMMEDIATE'))}`);
console.log(`prepare().run(): ${codeOf(() => other.prepare('BEGIN IMMEDIATE').run())}`);
JS
node_modules/.bin/deno --version | head -1
echo 'expected: errcode 5 (SQLITE_BUSY) for both'
known='exec(): ERR_SQLITE_ERROR, errcode undefined
prepare().run(): ERR_SQLITE_ERROR, errcode 5'
on_node=$(node_modules/.bin/node --no-warnings codes.js)
on_deno=$(DENO_NO_UPDATE_CHECK=1 node_modules/.bin/deno run --allow-all codes.js)
echo "observed on Node $(node_modules/.bin/node --version):"
echo "$on_node"
echo 'observed on Deno:'
echo "$on_deno"
[ "$on_node" = "${known/undefined/5}" ] && [ "$on_deno" = "$known" ]
