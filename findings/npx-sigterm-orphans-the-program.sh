#!/usr/bin/env bash
# npx runs a program by `sh -c` (here with dash as sh). A SIGTERM to npx, as a container runtime sends it to the process that
# it started, ends npx and the shell. The program gets no signal, and runs on as an orphan: in a container, it is killed
# without a chance to finish.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund npm@11.19.1 >/dev/null
cat > node_modules/.bin/program <<'JS'
#!/usr/bin/env node
process.on('SIGTERM', () => { require('node:fs').writeFileSync('signalled', ''); process.exit(); });
require('node:fs').writeFileSync('pid', String(process.pid));
setTimeout(() => {}, 60_000);
JS
chmod +x node_modules/.bin/program
node node_modules/npm/bin/npx-cli.js program &
npx=$!
until [ -s pid ]; do sleep 0.05; done
kill -TERM $npx
wait $npx && status=0 || status=$?
sleep 1
echo "npm $(node node_modules/npm/bin/npm-cli.js --version), node $(node --version): SIGTERM sent to npx"
echo "expected: the program gets SIGTERM, and npx ends after it"
if [ ! -e signalled ] && kill -0 "$(cat pid)" 2>/dev/null; then
  echo "observed: npx has ended with status $status; the program got no signal and still runs"
  kill -KILL "$(cat pid)"
else
  echo "observed: the program got the signal"
  exit 1
fi
