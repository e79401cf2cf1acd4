#!/usr/bin/env bash
# unixepoch('subsec') is NULL, without an error, in SQLite before 3.42, such as 3.40.1 of Debian 12, and 3.41.2 here. So a table that a
# newer SQLite creates, with it in the DEFAULT of a NOT NULL column, takes rows of Node, but no row of a program with an older SQLite
# that opens the same file: "NOT NULL constraint failed" names a column that isn't in its INSERT. julianday('now') works in both.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --save-exact node@24.21.0 >/dev/null
for version in 3.41.2.0 3.42.0.1; do
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "apsw-$version" "apsw==$version"
done
cat > create.cjs <<'JS'
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync('shared.db');
for (const [table, time] of [
  ['by_subsec', "unixepoch('subsec') * 1000"],
  ['by_julianday', "(julianday('now') - 2440587.5) * 86400000"],
]) {
  database.exec(`CREATE TABLE ${table} (id TEXT, inserted INTEGER NOT NULL DEFAULT (CAST(${time} AS INTEGER)))`);
  database.exec(`INSERT INTO ${table} (id) VALUES ('from Node')`);
}
const [{ version }] = database.prepare('SELECT sqlite_version() AS version').all();
console.log(`Node ${process.version}, SQLite ${version}: both tables created, a row inserted into each`);
JS
cat > insert.py <<'PY'
import apsw

database = apsw.Connection("shared.db")
for table in ("by_subsec", "by_julianday"):
    try:
        list(database.execute(f"INSERT INTO {table} (id) VALUES ('from Python')"))
        print(f"SQLite {apsw.sqlitelibversion()}, {table}: inserted")
    except apsw.ConstraintError as error:
        print(f"SQLite {apsw.sqlitelibversion()}, {table}: {str(error).removeprefix('ConstraintError: ')}")
PY
node_modules/.bin/node --no-warnings create.cjs
echo 'expected: every row is inserted'
observed=$(for version in 3.41.2.0 3.42.0.1; do PYTHONPATH="apsw-$version" python3 insert.py; done)
echo "$observed"
[ "$observed" = 'SQLite 3.41.2, by_subsec: NOT NULL constraint failed: by_subsec.inserted
SQLite 3.41.2, by_julianday: inserted
SQLite 3.42.0, by_subsec: inserted
SQLite 3.42.0, by_julianday: inserted' ]
