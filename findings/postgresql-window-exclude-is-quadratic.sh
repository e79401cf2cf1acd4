#!/usr/bin/env bash
# A running total over a window, without the row itself, can be written with two frames that have the same rows:
# ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING, and ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW. PostgreSQL adds each row once
# to the first. Of a frame with EXCLUDE, it adds up all rows again for each row: the cost grows with the square of their number.
# An aggregate whose transition function takes a number from a sequence counts how often it is called.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund @electric-sql/pglite@0.3.14 >/dev/null
cat > count.js <<'JS'
import { PGlite } from '@electric-sql/pglite';

const database = await PGlite.create();
const rows = 256;
const [{ version }] = (await database.query("SELECT split_part(version(), ' on ', 1) AS version")).rows;
await database.exec(`
  CREATE SEQUENCE calls;
  CREATE FUNCTION added(state bigint, value bigint) RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT state + value + 0 * nextval(''calls'')';
  CREATE AGGREGATE counted_sum(bigint) (sfunc = added, stype = bigint, initcond = '0');`);

async function measure(frame) {
  await database.exec('ALTER SEQUENCE calls RESTART');
  const { rows: totals } = await database.query(
    `SELECT counted_sum(n) OVER (ORDER BY n ${frame}) AS total FROM generate_series(1, ${rows}) AS n`,
  );
  const [{ calls }] = (await database.query("SELECT nextval('calls') - 1 AS calls")).rows;
  return { calls: Number(calls), totals: totals.map(({ total }) => Number(total)).join() };
}

const before = await measure('ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING');
const exclude = await measure('ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW');
console.log(`${version} (pglite 0.3.14), node ${process.version}: running totals of ${rows} rows`);
console.log(`expected: the same totals, by about ${rows} additions either way`);
console.log(
  `observed: ${before.totals === exclude.totals ? 'the same' : 'other'} totals; ${before.calls} additions without EXCLUDE, ${exclude.calls} with it`,
);
const isQuadratic = exclude.calls === (rows * (rows - 1)) / 2;
process.exit(before.totals === exclude.totals && before.calls === rows - 1 && isQuadratic ? 0 : 1);
JS
node count.js
