#!/usr/bin/env bash
# The types of aws-cdk-lib 2.276.0 have errors with TypeScript's exactOptionalPropertyTypes, in TypeScript 5.9 and 7.0 alike: classes
# have optional members of another type than the interfaces that they implement. Only skipLibCheck hides that.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  aws-cdk-lib@2.276.0 constructs@10.8.1 @types/node@24.19.2 ts5@npm:typescript@5.9.3 ts7@npm:typescript@7.0.2
echo "import 'aws-cdk-lib/aws-batch';" > app.ts
options='--noEmit --strict --module node16 --moduleResolution node16 --target es2022 --types node'
echo 'expected: no errors'
for compiler in ts5 ts7; do
  node "node_modules/$compiler/bin/tsc" $options app.ts > plain.txt || true
  node "node_modules/$compiler/bin/tsc" $options --exactOptionalPropertyTypes app.ts > exact.txt || true
  echo "$(node -p "require('$PWD/node_modules/$compiler/package.json').version"): $(grep -c 'error TS' plain.txt || true) errors," \
    "with exactOptionalPropertyTypes $(grep -c 'aws-cdk-lib.*error TS' exact.txt || true)"
done | tee observed.txt
grep -m 1 'error TS' exact.txt
grep -q '^5.9.3: 0 errors, with exactOptionalPropertyTypes [1-9]' observed.txt
grep -q '^7.0.2: 0 errors, with exactOptionalPropertyTypes [1-9]' observed.txt
