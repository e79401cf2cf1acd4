#!/usr/bin/env bash
# dependency-cruiser reads TypeScript by TypeScript's own JavaScript API or by swc. TypeScript 7 has no such API, so that a
# project on TypeScript 7 is left with swc. But by swc a `using` declaration, which TypeScript has since 5.2, fails the
# whole run: its visitor doesn't know the statement, and reports none of the project's dependencies.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --save-exact \
  dependency-cruiser@18.7.2 @swc/core@1.16.22 node@24.21.0
mkdir src
echo "export const open = () => ({ [Symbol.dispose]: () => {} });" > src/open.ts
printf "import { open } from './open.ts';\nexport function read() {\n  using file = open();\n  return file;\n}\n" > src/read.ts
echo "export default { options: { parser: 'swc', tsPreCompilationDeps: true } };" > rules.mjs
seen="$(npx depcruise --config rules.mjs --output-type text src 2>&1 | grep -o 'Unknown statement type: UsingDeclaration\|src/read.ts.*src/open.ts' || true)"
known='Unknown statement type: UsingDeclaration'
echo "dependency-cruiser 18.7.2 with @swc/core 1.16.22"
echo "expected: src/read.ts → src/open.ts"
echo "observed: $seen"
[ "$seen" = "$known" ]
