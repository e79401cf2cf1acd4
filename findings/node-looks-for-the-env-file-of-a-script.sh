#!/usr/bin/env bash
# Node 24 looks for the file of an argument --env-file that stands behind the script, and so is the script's own: if there is no such
# file, Node ends with exit code 9 before the script runs, and the script's own message or default never comes. If the file exists,
# Node sets no variable from it. Behind `--`, Node ignores the argument.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --save-exact node@24.21.0
PATH="$PWD/node_modules/.bin:$PATH"
echo "console.log('the script runs, GREETING is', process.env.GREETING);" > script.mjs
echo 'GREETING=hello' > there.env
run() { node script.mjs "$@" 2>&1 && echo "exit code 0" || echo "exit code $?"; }
seen="$(run --env-file there.env; run --env-file missing.env; run -- --env-file missing.env)"
known='the script runs, GREETING is undefined
exit code 0
node: missing.env: not found
exit code 9
the script runs, GREETING is undefined
exit code 0'
node --version
echo 'expected: the script runs each time, since arguments behind its name are its own'
echo "observed:"
echo "$seen"
[[ "$seen" == "$known" ]]
