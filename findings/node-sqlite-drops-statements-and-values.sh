#!/usr/bin/env bash
# node:sqlite of Node 24 prepares the first of several statements and drops the others, and binds NULL for a value that is missing:
# neither is an error, so a row that should be deleted stays, or one is stored incomplete. better-sqlite3 throws in both cases.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --save-exact node@24.21.0 better-sqlite3@13.2.0
cat > prepare.cjs <<'JS'
const { DatabaseSync } = require('node:sqlite');
const BetterSqlite = require('better-sqlite3');
const outcomes = [new DatabaseSync(':memory:'), new BetterSqlite(':memory:')].map((database) => {
  database.exec("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), (2, 2)");
  const run = (sql, ...values) => {
    try {
      database.prepare(sql).run(...values);
      return 'no error';
    } catch {
      return 'an error';
    }
  };
  const statements = run('DELETE FROM t WHERE a = 1; DELETE FROM t WHERE a = 2');
  const values = run('INSERT INTO t VALUES (?, ?)', 3);
  const rows = database.prepare('SELECT a, b FROM t ORDER BY a').all().map(({ a, b }) => `${a}:${b}`);
  return `two statements: ${statements}, one value of two: ${values}, rows ${rows}`;
});
const known = [
  'two statements: no error, one value of two: no error, rows 2:2,3:null',
  'two statements: an error, one value of two: an error, rows 1:1,2:2',
];
console.log(`node ${process.version}, better-sqlite3 13.2.0`);
console.log('expected: an error for the second statement, and for the missing value');
console.log(`observed, node:sqlite: ${outcomes[0]}`);
console.log(`observed, better-sqlite3: ${outcomes[1]}`);
process.exit(JSON.stringify(outcomes) === JSON.stringify(known) ? 0 : 1);
JS
node_modules/.bin/node --no-warnings prepare.cjs
