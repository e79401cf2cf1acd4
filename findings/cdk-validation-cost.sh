#!/usr/bin/env bash
# aws-cdk-lib 2.276.0 validates the templates of each synthesis with an engine in WebAssembly. To start it takes most of the time
# that the synthesis of a small stack takes, in each process: a test file, a stage, `cdk diff`, `cdk deploy`. The environment
# variable CDK_VALIDATION=false turns it off.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact aws-cdk-lib@2.276.0 constructs@10.8.1
cat > app.cjs <<'JS'
const { App, Stack } = require('aws-cdk-lib');
const { Queue } = require('aws-cdk-lib/aws-sqs');

const app = new App({ outdir: 'cdk.out' });
new Queue(new Stack(app, 'Stack'), 'Queue', { enforceSSL: true });
const before = process.cpuUsage();
app.synth();
const { user, system } = process.cpuUsage(before);
console.log(Math.round((user + system) / 1_000));
JS
# The third of three runs: the files are in the cache.
for run in 1 2 3; do on=$(node app.cjs 2>/dev/null); off=$(CDK_VALIDATION=false node app.cjs 2>/dev/null); done
echo "aws-cdk-lib $(node -p "require('aws-cdk-lib/package.json').version"), node $(node --version)"
echo 'expected: validation takes a part of the time of a synthesis'
echo "observed: $on ms of CPU time for the synthesis of a queue, $off ms without validation"
test "$on" -gt $((3 * off))
